//! Uploads a file as it is read, twice, since the server moved: `cargo run -p transport-blocking --example blocking_upload`

use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use std::error::Error;
use std::fs;
use transport_blocking::{Body, Session};

fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::answering(|request| match request.head.target.as_str() {
        "/old" => Answer::status(308).field("location", "/new"),
        _ => Answer::ok(format!("{} bytes came", request.body.len())),
    })?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("data");
    fs::write(&path, vec![7; 3 << 20])?;
    let session = Session::new();

    // Its length is told before it is sent; it is read in pieces, and from its start again where it has to be.
    let response = session.put(server.url("/old")).body(Body::from_path(&path)?).send()?.error_for_status()?;
    println!("redirected by {:?}", response.history().statuses());
    println!("{}", response.text()?);

    // What has no length goes in chunks. It can be read once: the redirect that asks for it again is an error.
    let once = Body::reader(fs::File::open(&path)?);
    match session.put(server.url("/old")).body(once).send() {
        Ok(_) => Err("a body that can be read once was sent twice".into()),
        Err(error) => {
            println!("{error}");
            Ok(())
        }
    }
}
