//! One session in many tasks, with a bound on connections: `cargo run -p transport-tokio --example tokio_concurrency`

use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use std::error::Error;
use tokio::task::JoinSet;
use transport_tokio::Session;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::answering(|request| Answer::ok(format!("answer to {}", request.head.target)))?;
    // Who needs a fifth connection waits for one of the four.
    let session = Session::builder().max_connections(4).build()?;

    let mut asking = JoinSet::new();
    for number in 0..32 {
        // A clone is the same session.
        let (session, url) = (session.clone(), server.url(&format!("/{number}")));
        asking.spawn(async move { session.get(url).send().await?.text().await });
    }
    let mut answers = Vec::new();
    while let Some(answer) = asking.join_next().await {
        answers.push(answer??);
    }

    println!("{} answers, the first to come was: {}", answers.len(), answers[0]);
    println!("{} connections for {} requests", server.connections(), server.requests().len());
    if server.connections() > 4 { Err("there were more connections than allowed".into()) } else { Ok(()) }
}
