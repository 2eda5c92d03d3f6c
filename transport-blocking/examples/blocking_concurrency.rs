//! One session on many threads, with a bound on connections: `cargo run -p transport-blocking --example blocking_concurrency`

use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use std::error::Error;
use std::thread;
use transport_blocking::{Result, Session};

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let server = Server::answering(|request| Answer::ok(format!("answer to {}", request.head.target)))?;
    // Who needs a fifth connection waits for one of the four.
    let session = Session::builder().max_connections(4).build()?;

    let answers = thread::scope(|scope| {
        let session = &session;
        let asking: Vec<_> = (0..32)
            .map(|number| {
                let url = server.url(&format!("/{number}"));
                scope.spawn(move || session.get(url).send()?.text())
            })
            .collect();
        let joined =
            asking.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.collect::<Result<Vec<_>>>()
    })?;

    println!("{} answers, the last is: {}", answers.len(), answers[31]);
    println!("{} connections for {} requests", server.connections(), server.requests().len());
    if server.connections() > 4 { Err("there were more connections than allowed".into()) } else { Ok(()) }
}
