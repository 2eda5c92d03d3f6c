//! Server-sent events, as they come: `cargo run -p transport-blocking --example blocking_events`

use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use std::error::Error;
use transport_blocking::Session;

fn main() -> Result<(), Box<dyn Error>> {
    let text =
        "retry: 3000\n\n: somebody is there\n\nid: 1\ndata: first\n\nevent: price\nid: 2\ndata: 12\ndata: EUR\n\n";
    let server = Server::answering(move |_| Answer::ok(text).field("content-type", "text/event-stream"))?;
    let session = Session::new();

    let mut events = session.get(server.url("/news")).send()?.error_for_status()?.events()?;
    while let Some(event) = events.next_event()? {
        println!("{} {}: {:?}", event.id, event.event, event.data);
    }
    // Connecting anew is the caller's: after this pause, with the last id.
    println!("again after {:?}, Last-Event-ID: {}", events.retry(), events.last_event_id());
    if events.last_event_id() == "2" { Ok(()) } else { Err("an event is missing".into()) }
}
