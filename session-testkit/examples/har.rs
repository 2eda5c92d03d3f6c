//! Records what a session does as a HAR file, which a browser's network panel opens, and replays it without the network.
//!
//!     cargo run -p session-testkit --example har -- login.har
//!
//! It talks to a server of its own on loopback. Without a path the file is written to a folder that is removed at the end.

use http::Method;
use session_testkit::Script;
use session_testkit::har::record::Recorder;
use session_testkit::har::replay::Replay;
use std::error::Error;
use std::path::PathBuf;
use transport_blocking::Session;

const LOGIN: &str = "http://app.test/login";
const FORM: [(&str, &str); 2] = [("username", "admin"), ("password", "open sesame")];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = std::env::args().nth(1).map_or_else(|| folder.path().join("login.har"), PathBuf::from);

    // Once, with a server: any session of any transport can be recorded.
    let server = application().serve()?;
    let session = server.point(Session::builder()).build()?;
    let recorder = Recorder::new();
    let response = session.post(LOGIN).form(&FORM).send()?;
    let entry = recorder.record(&response);
    entry.set_request_body("username=admin&password=open+sesame");
    entry.set_body(response.text()?);
    recorder.save(&path)?;
    drop(server);

    let har = recorder.har();
    for entry in &har.log.entries {
        println!("{} {} {} in {} ms", entry.request.method, entry.request.url, entry.response.status, entry.time);
    }
    let text = har.to_json();
    assert!(!text.contains("sesame") && !text.contains("c0ffee"), "the secrets are not in it");

    // From then on, without: as a script, in memory. On sockets it is served by `script.serve()`, as above.
    let script = Replay::load(&path)?.matching_bodies().script()?;
    let response = script.session().post(LOGIN).form(&FORM).send()?;
    assert_eq!(response.history().statuses(), [302]);
    assert_eq!(response.text()?, "welcome");
    script.verify()?;
    println!("replayed: {} requests, no network", script.requests().len());

    // What was not recorded is an error that says so.
    let error = script.session().get("http://app.test/other").send().unwrap_err();
    println!("{error}");
    Ok(())
}

/// What is recorded here; elsewhere it is the network.
fn application() -> Script {
    Script::new()
        .on(Method::POST, LOGIN)
        .redirect(302, "/welcome")
        .cookie("sid=c0ffee; HttpOnly")
        .on(Method::GET, "http://app.test/welcome")
        .reply(200)
        .header("content-type", "text/plain")
        .body("welcome")
}
