//! One session in many tasks of async-std, with a bound on connections:
//! `cargo run -p transport-async-std --example async_std_concurrency`

use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use std::error::Error;
use transport_async_std::Session;

fn main() -> Result<(), Box<dyn Error>> {
    async_std::task::block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let server = Server::answering(|request| Answer::ok(format!("answer to {}", request.head.target)))?;
    // Who needs a fifth connection waits for one of the four.
    let session = Session::builder().max_connections(4).build()?;

    let ask = |number| {
        // A clone is the same session.
        let (session, url) = (session.clone(), server.url(&format!("/{number}")));
        async_std::task::spawn(async move { session.get(url).send().await?.text().await })
    };
    let asking: Vec<_> = (0..32).map(ask).collect();
    let mut answers = Vec::new();
    for task in asking {
        answers.push(task.await?);
    }

    println!("{} answers, the last is: {}", answers.len(), answers[31]);
    println!("{} connections for {} requests", server.connections(), server.requests().len());
    if server.connections() > 4 { Err("there were more connections than allowed".into()) } else { Ok(()) }
}
