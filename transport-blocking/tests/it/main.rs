//! The blocking transport over real sockets, against the scripted server of the testkit.

mod bad_input;
mod building;
mod codings;
mod connect;
mod cookie_file;
mod echo;
mod environment;
mod expect;
mod faults;
mod file;
mod hooks;
mod multipart;
mod pool;
mod proxy;
mod reading;
mod session;
#[cfg(all(feature = "serde", feature = "json"))]
mod session_file;
mod settings;
mod shared_jar;
mod short;
#[cfg(feature = "serde")]
mod snapshot;
mod timings;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tracing")]
mod trace;
mod upgrade;
#[cfg(feature = "tls")]
mod upgrade_tls;
mod upload;

use session_testkit::script::answer::{Answer, Response};
use session_testkit::script::log::Place;
use session_testkit::script::request::Request;
use session_testkit::script::responder::Responder;
use session_testkit::server::listen::Server;
use std::net::SocketAddr;
use std::time::Duration;
use transport_blocking::{Error, Session};

pub(crate) use session_testkit::watchdog::bounded;

/// Longer than anything takes that ends at all, and less than the watchdog waits.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A server whose responses `answer` gives.
pub(crate) fn server(answer: impl FnMut(&Request) -> Response + Send + 'static) -> Server {
    Server::answering(answer).unwrap()
}

/// A server that does what `script` says.
pub(crate) fn scripted(script: impl Responder + 'static) -> Server {
    Server::local(script).unwrap()
}

/// A server that does `first` on its first connection, and on the others answers "fine".
pub(crate) fn once(first: Answer) -> Server {
    scripted(move |request: &Request, place: &Place| match place.connection {
        0 => first.clone(),
        _ => Answer::ok("fine").answer_to(&request.head.method),
    })
}

pub(crate) fn address(server: &Server) -> SocketAddr {
    server.first_address().unwrap()
}

/// A request for a whole body.
pub(crate) fn fetch(session: &Session, url: &str) -> Result<String, Error> {
    session.get(url).send()?.text()
}
