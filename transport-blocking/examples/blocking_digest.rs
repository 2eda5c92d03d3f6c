//! Digest (RFC 7616): the password is never sent: `cargo run -p transport-blocking --example blocking_digest`

use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use std::error::Error;
use transport_blocking::{Credential, Session};

fn main() -> Result<(), Box<dyn Error>> {
    let challenge = r#"Digest realm="door", nonce="5f1c", qop="auth", algorithm=SHA-256"#;
    let server = Server::answering(move |request| match request.head.text("authorization") {
        Some(answer) if answer.starts_with("Digest ") => Answer::ok("come in"),
        _ => Answer::status(401).field("www-authenticate", challenge),
    })?;

    // The credential belongs to one origin, whatever a redirect says. `auth` takes the first that is asked.
    let session = Session::builder().auth_for(&server.url(""), Credential::digest("dan", "open sesame")).build()?;
    let response = session.get(server.url("/")).send()?.error_for_status()?;
    print!("{}", response.history());
    println!("{}\n", response.text()?);

    // The second request answers the challenge before it is asked.
    let response = session.get(server.url("/again")).send()?.error_for_status()?;
    println!("hops of the second request: {}", response.history().hops().len());
    Ok(())
}
