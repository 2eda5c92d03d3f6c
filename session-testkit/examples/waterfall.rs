//! What a session did, as a timeline: in the terminal, and as a page for a browser where a path is given.
//!
//!     cargo run -p session-testkit --example waterfall -- waterfall.html 'A title'
//!
//! It talks to a server of its own on loopback, which takes its time so that there is something to see.

use http::Method;
use session_core::retry::policy::RetryPolicy;
use session_core::transport::waterfall::Waterfall;
use session_testkit::Script;
use std::error::Error;
use std::time::Duration;
use transport_blocking::Session;

fn main() -> Result<(), Box<dyn Error>> {
    let ms = Duration::from_millis;
    let script = Script::new()
        .on(Method::POST, "https://app.test/login")
        .redirect(302, "/welcome?from=login")
        .cookie("sid=1; Secure; HttpOnly")
        .after(ms(60))
        .on(Method::GET, "https://app.test/welcome")
        .redirect(302, "https://cdn.test/welcome.html")
        .after(ms(15))
        .on(Method::GET, "https://cdn.test/welcome.html")
        .reply(200)
        .header("content-type", "text/html; charset=utf-8")
        .body("x".repeat(3_000_000))
        .after(ms(25))
        .on(Method::GET, "https://app.test/api/busy")
        .times(2)
        .reply(503)
        .after(ms(12))
        .on(Method::GET, "https://app.test/api/busy")
        .reply(200)
        .body("at last")
        .after(ms(30))
        .on(Method::GET, "https://app.test/api/missing")
        .reply(404)
        .after(ms(8))
        .on(Method::POST, "https://app.test/api/broken")
        .answer(session_testkit::scripted::reply::Failure::Closed);
    let server = script.serve()?;
    let session = server.point(Session::builder()).retry(RetryPolicy::new(3).backoff(ms(20), ms(40))).build()?;

    let mut waterfall = Waterfall::new();
    let form = [("username", "admin"), ("password", "1234")];
    let requests = [
        session.post("https://app.test/login").form(&form),
        session.get("https://app.test/api/busy"),
        session.get("https://app.test/api/missing"),
        session.post("https://app.test/api/broken"),
    ];
    for request in requests {
        match request.send() {
            Ok(mut response) => {
                response.copy_to(&mut std::io::sink())?;
                waterfall.add_with(&response, response.timings());
            }
            Err(error) => waterfall.add_failure(&error),
        }
    }

    println!("{}", waterfall.text(110));
    let mut arguments = std::env::args().skip(1);
    if let Some(path) = arguments.next() {
        let title = arguments.next().unwrap_or_else(|| "A login, a busy server and two errors".to_owned());
        std::fs::write(&path, waterfall.html(&title))?;
        println!("\nwritten: {path}");
    }
    Ok(())
}
