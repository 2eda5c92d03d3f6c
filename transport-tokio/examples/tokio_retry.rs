//! A server that is busy, and one that is gone: `cargo run -p transport-tokio --example tokio_retry`

use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use std::error::Error;
use std::time::Duration;
use transport_tokio::{RetryPolicy, Session};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut busy = 2;
    let mut server = Server::answering(move |_| {
        if busy > 0 {
            busy -= 1;
            return Answer::status(503);
        }
        Answer::ok("now I have time")
    })?;
    // Pauses grow from 20 ms to at most 200 ms, each spread at random; `Retry-After` is heeded, up to a second.
    let policy = RetryPolicy::new(4)
        .backoff(Duration::from_millis(20), Duration::from_millis(200))
        .respect_retry_after(Duration::from_secs(1));
    let session = Session::builder().retry(policy).build()?;

    let response = session.get(server.url("/")).send().await?.error_for_status()?;
    print!("{}", response.history());
    println!("after {:?}: {}\n", response.elapsed(), response.text().await?);

    // Nobody listens here. A POST is repeated as well: nothing of it was sent.
    let url = format!("http://{}/", server.refused_address()?);
    match session.post(url).body("order").send().await {
        Ok(_) => Err("somebody answered".into()),
        Err(error) => {
            println!("given up after {} tries: {error}", error.history().hops().len());
            Ok(())
        }
    }
}
