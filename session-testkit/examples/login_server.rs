//! The small application of the `login` examples as a server of its own, for trying them against "elsewhere":
//!
//! ```text
//! cargo run -p session-testkit --example login_server        # prints its URL, serves until its standard input ends
//! cargo run -p transport-blocking --example blocking_login -- URL   # in another terminal
//! ```

use session_testkit::login::{LoginServer, LoginSettings};
use std::io::{self, Read, Write};

fn main() -> io::Result<()> {
    // Two names of this machine, so that nobody needs a resolver for the second one.
    let mut settings = LoginSettings::default();
    settings.other_host = "localhost".to_owned();
    let server = LoginServer::start(settings)?;
    let mut out = io::stdout();
    writeln!(out, "{}", server.url())?;
    out.flush()?;
    eprintln!("user {}, password \"{}\"; end it by ending its standard input", server.username(), server.password());
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
