//! A headless Chromium: started with a profile of its own, asked over a pipe, and killed with all its processes however a test ends.
//! Every answer is waited for a bounded time.

use crate::picture::Picture;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// As root there is no sandbox; what is opened is ours. The rest keeps it from talking to anybody, and from the disk.
const FLAGS: [&str; 15] = [
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// A cold start reads hundreds of megabytes, maybe while much else runs.
const START: Duration = Duration::from_secs(120);
const ANSWER: Duration = Duration::from_secs(30);
/// All that a test may take with its browser.
const MOST: Duration = Duration::from_secs(240);

/// A running browser.
pub(crate) struct Browser {
    child: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    /// What came while something else was waited for.
    events: Vec<Value>,
    number: u64,
    profile: TempDir,
    /// No answer is waited for beyond it.
    ends: Instant,
}

impl Browser {
    /// One, or none where there is none here: that is told to whoever runs the tests, or fails where a browser is required.
    pub(crate) fn start() -> Option<Self> {
        let named = std::env::var("SESSION_BROWSER").ok();
        let required = named.as_deref() == Some("required");
        let programs = match named.as_deref() {
            None | Some("" | "required") => PROGRAMS.to_vec(),
            Some(program) => vec![program],
        };
        let found = programs.into_iter().find(|program| is_there(program));
        let failure = match found.map(Self::launch) {
            Some(Ok(browser)) => return Some(browser),
            Some(Err(failure)) => failure,
            None => "there is no Chromium here".to_owned(),
        };
        assert!(!required, "a browser is required: {failure}");
        skipped(&failure);
        None
    }

    fn launch(program: &str) -> Result<Self, String> {
        let failed = |error: io::Error| format!("{program}: {error}");
        let profile = tempfile::tempdir().map_err(failed)?;
        let log = File::create(profile.path().join("stderr.txt")).map_err(failed)?;
        // It reads commands from descriptor 3 and writes to 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >&2", program])
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let commands = child.stdin.take().expect("it was piped");
        let answers = child.stdout.take().expect("it was piped");
        let (sender, messages) = mpsc::channel();
        std::thread::spawn(move || {
            for message in BufReader::new(answers).split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else { return };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut browser =
            Self { child, commands, messages, events: Vec::new(), number: 0, profile, ends: Instant::now() + MOST };
        match browser.ask(None, "Browser.getVersion", json!({}), START) {
            Ok(_) => Ok(browser),
            Err(error) => {
                let log = std::fs::read_to_string(browser.profile.path().join("stderr.txt")).unwrap_or_default();
                let end: Vec<&str> = log.lines().rev().take(5).collect();
                Err(format!("{program} did not start: {error}: {end:?}"))
            }
        }
    }

    /// A page that is loaded, in light colours and this wide and high.
    pub(crate) fn open(&mut self, url: &str, size: (u32, u32)) -> Page<'_> {
        let target = self.call(None, "Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = self.call(None, "Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        let session = attached["sessionId"].as_str().expect("a session").to_owned();
        let mut page = Page { browser: self, session };
        for domain in ["Page", "Runtime", "Network"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        page.show(size, Scheme::Light);
        page.call("Page.navigate", json!({ "url": url }));
        page.wait("Page.loadEventFired");
        page
    }

    fn call(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.ask(session, method, parameters, ANSWER).unwrap_or_else(|error| panic!("the browser at {method}: {error}"))
    }

    fn ask(&mut self, session: Option<&str>, method: &str, parameters: Value, most: Duration) -> Result<Value, String> {
        self.number += 1;
        let mut command = json!({ "id": self.number, "method": method, "params": parameters });
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        let mut bytes = command.to_string().into_bytes();
        bytes.push(0);
        self.commands.write_all(&bytes).map_err(|error| error.to_string())?;
        let until = Instant::now() + most;
        loop {
            let message = self.receive(until)?;
            if message["id"] != self.number {
                self.events.push(message);
            } else if message["error"].is_null() {
                return Ok(message["result"].clone());
            } else {
                return Err(message["error"].to_string());
            }
        }
    }

    fn receive(&self, until: Instant) -> Result<Value, String> {
        let left = until.min(self.ends).saturating_duration_since(Instant::now());
        self.messages.recv_timeout(left).map_err(|error| match error {
            RecvTimeoutError::Timeout => "it gave no answer in time".to_owned(),
            RecvTimeoutError::Disconnected => "it ended".to_owned(),
        })
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // All of it: renderers and helpers are in its group.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Tells whoever runs the tests that one of them looked at nothing.
pub(crate) fn skipped(why: &str) {
    // Not by `eprintln!`, which is not shown for a test that passes.
    let _ = writeln!(io::stderr(), "\nSKIPPED, nothing was looked at: {why}\n");
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    program.contains('/') || std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// What a reader of pages prefers.
#[derive(Clone, Copy)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

/// A page that is open.
pub(crate) struct Page<'a> {
    browser: &'a mut Browser,
    session: String,
}

impl Page<'_> {
    /// The window this wide and high, in these colours.
    pub(crate) fn show(&mut self, (width, height): (u32, u32), scheme: Scheme) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let preferred = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let features = json!([{ "name": "prefers-color-scheme", "value": preferred }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// What an expression of JavaScript gives, a promise once it is kept.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", asked);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// A picture of the window, which is left under this name too.
    pub(crate) fn picture(&mut self, name: &str) -> Picture {
        let taken = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        let bytes = STANDARD.decode(taken["data"].as_str().expect("a picture")).expect("a picture in Base64");
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, &bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Picture::decode(&bytes)
    }

    /// Every URL that the page has asked for, its own the first.
    pub(crate) fn requested(&mut self) -> Vec<String> {
        // What was said before this answer has come.
        self.value("0");
        let asked = self.browser.events.iter().filter(|event| self.is_mine(event, "Network.requestWillBeSent"));
        asked.filter_map(|event| event["params"]["request"]["url"].as_str().map(str::to_owned)).collect()
    }

    fn is_mine(&self, event: &Value, method: &str) -> bool {
        event["sessionId"] == *self.session && event["method"] == method
    }

    fn wait(&mut self, method: &str) {
        let until = Instant::now() + ANSWER;
        while !self.browser.events.iter().any(|event| self.is_mine(event, method)) {
            let event =
                self.browser.receive(until).unwrap_or_else(|error| panic!("the browser before {method}: {error}"));
            self.browser.events.push(event);
        }
    }

    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.browser.call(Some(&self.session), method, parameters)
    }
}
