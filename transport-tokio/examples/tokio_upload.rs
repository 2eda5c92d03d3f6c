//! Uploads a file as it is read, twice, since the server moved: `cargo run -p transport-tokio --example tokio_upload`

use bytes::Bytes;
use futures_core::Stream;
use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::{fs, io};
use transport_tokio::{Body, Session};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::answering(|request| match request.head.target.as_str() {
        "/old" => Answer::status(308).field("location", "/new"),
        _ => Answer::ok(format!("{} bytes came", request.body.len())),
    })?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("data");
    fs::write(&path, vec![7; 3 << 20])?;
    let session = Session::new();

    // Its length is told before it is sent; it is read in pieces, and from its start again where it has to be.
    let response =
        session.put(server.url("/old")).body(Body::from_path(&path).await?).send().await?.error_for_status()?;
    println!("redirected by {:?}", response.history().statuses());
    println!("{}", response.text().await?);

    // What has no length goes in chunks. It can be read once: the redirect that asks for it again is an error.
    let once = Body::stream(Pieces(3));
    match session.put(server.url("/old")).body(once).send().await {
        Ok(_) => Err("a body that can be read once was sent twice".into()),
        Err(error) => {
            println!("{error}");
            Ok(())
        }
    }
}

/// Some pieces of data that come from somewhere, once.
struct Pieces(u8);

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or(0);
        Poll::Ready(left.map(|_| Ok(Bytes::from_static(b"piece"))))
    }
}
