//! The measured programs, which lie beside this one, and the server that they ask.

use bench_wire::{Outcome, Workload};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// What a client stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Blocking sockets: one thread for each request under way.
    Blocking,
    /// tokio: many requests on one thread.
    Tokio,
    /// The same on async-std.
    AsyncStd,
}

impl Kind {
    /// The least that any client must do there.
    pub fn raw(self) -> &'static str {
        match self {
            Self::Blocking => "raw-std",
            Self::Tokio => "raw-tokio",
            Self::AsyncStd => "raw-async-std",
        }
    }
}

/// One measured program.
pub struct Client {
    /// The program.
    pub name: &'static str,
    /// What it stands on.
    pub kind: Kind,
}

impl Client {
    /// Whether it does this: TLS is asked of ours alone, and of the raw loop over rustls, which does nothing else.
    pub fn does(&self, workload: Workload) -> bool {
        let is_raw = self.name == SECURED_RAW;
        if workload == Workload::Secured { is_raw || self.name.starts_with("session-") } else { !is_raw }
    }
}

/// The least that any client must do over TLS.
pub const SECURED_RAW: &str = "raw-rustls";

#[rustfmt::skip]
pub const CLIENTS: &[Client] = &[
    Client { name: "raw-std", kind: Kind::Blocking },
    Client { name: SECURED_RAW, kind: Kind::Blocking },
    Client { name: "session-blocking", kind: Kind::Blocking },
    Client { name: "ureq", kind: Kind::Blocking },
    Client { name: "curl", kind: Kind::Blocking },
    Client { name: "reqwest-blocking", kind: Kind::Blocking },
    Client { name: "raw-tokio", kind: Kind::Tokio },
    Client { name: "session-tokio", kind: Kind::Tokio },
    Client { name: "hyper", kind: Kind::Tokio },
    Client { name: "reqwest", kind: Kind::Tokio },
    Client { name: "raw-async-std", kind: Kind::AsyncStd },
    Client { name: "session-async-std", kind: Kind::AsyncStd },
];

/// The server, while it runs.
pub struct Server {
    child: Child,
    address: String,
    secured: String,
    root: String,
}

impl Server {
    /// Starts it.
    pub fn start() -> Outcome<Self> {
        let mut child = Command::new(beside("server")?).stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut address)?;
        }
        let mut words = address.split_whitespace().map(str::to_owned);
        let mut word = || words.next().ok_or("the server said nothing");
        Ok(Self { child, address: word()?, secured: word()?, root: word()? })
    }

    /// The command that makes `client` do `count` of `workload`, perhaps under `tool`.
    pub fn command(&self, client: &str, workload: Workload, count: usize, tool: &[&str]) -> Outcome<Command> {
        let program = beside(client)?;
        let mut command = match tool {
            [] => Command::new(program),
            [tool, arguments @ ..] => {
                let mut command = Command::new(tool);
                command.args(arguments).arg(program);
                command
            }
        };
        command.args([workload.name(), &count.to_string()]);
        match workload {
            Workload::Secured => command.args([&self.secured, &self.root]),
            _ => command.arg(&self.address),
        };
        Ok(command)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with us, or it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn beside(name: &str) -> Outcome<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(name))
}
