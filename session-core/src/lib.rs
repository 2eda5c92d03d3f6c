//! The HTTP session as a pure state machine.
//!
//! A session is what lives between HTTP requests: cookies, default headers, credentials, the rules for redirects and
//! retries. This crate decides and does no IO: no socket, clock, thread, randomness, file or environment.
//!
//! Who wants a client takes `transport-blocking`, `transport-tokio` or `transport-async-std`, which stand on this crate. Who has
//! one puts a session around it: `docs/embedding.md` does so with five.
//!
//! # The session
//!
//! An exchange is a loop over steps: send this, wait until then, or done. The caller moves the bytes and hands in the time.
//!
//! ```
//! use http::{HeaderMap, StatusCode};
//! use session_core::{Now, Request, ResponseHead, Session, Step};
//! use std::time::{Instant, SystemTime};
//!
//! // A client that answers by itself: a login that sets a cookie and leads on.
//! fn wire(request: &http::Request<()>) -> ResponseHead {
//!     let mut fields = HeaderMap::new();
//!     if request.uri().path() == "/login" {
//!         fields.insert("location", "/home".parse().unwrap());
//!         fields.insert("set-cookie", "sid=42; Path=/".parse().unwrap());
//!         return ResponseHead::new(StatusCode::FOUND).with_headers(fields);
//!     }
//!     assert_eq!(request.headers()["cookie"], "sid=42");
//!     ResponseHead::new(StatusCode::OK)
//! }
//!
//! let now = || Now::new(Instant::now(), SystemTime::now());
//! let mut session = Session::builder().base_url("http://a.test/").build()?;
//! let mut step = session.begin(Request::get("login"), now())?;
//! let delivery = loop {
//!     step = match step {
//!         Step::Send(hop) => { let head = wire(hop.head()); session.handle_response(hop, head, now())? }
//!         Step::Wait(pause) => session.handle_timeout(pause, now())?,
//!         Step::Done(delivery) => break delivery,
//!     }
//! };
//! assert_eq!(delivery.url().as_str(), "http://a.test/home");
//! assert_eq!(delivery.history().statuses(), [302]);
//! # Ok::<(), session_core::Error>(())
//! ```
//!
//! [`session`] has the four verbs and the settings; [`session::history`] and [`session::reason`] tell why each hop was sent as it was.
//!
//! # Its parts
//!
//! Each can be used by itself: the cookie jar ([`cookies`]), redirects ([`redirect`]), retries ([`retry`]), credentials ([`auth`]), proxies
//! ([`proxy`]), HSTS ([`hsts`]), the HTTP/1.1 codec ([`h1`]), content codings and charsets ([`content`]), TLS as bytes ([`tls`]).
//!
//! ```
//! use session_core::cookies::jar::Jar;
//! use session_core::message::target::Target;
//! use std::time::SystemTime;
//!
//! let now = SystemTime::now();
//! let (target, _) = Target::new("https://a.test/shop/".parse().unwrap())?;
//! let mut jar = Jar::new();
//! jar.accept(&target, b"cart=7; Path=/shop", now);
//! assert_eq!(jar.select(&target, now)[0].value_str(), Some("7"));
//! # Ok::<(), session_core::error::Error>(())
//! ```
//!
//! Whatever a peer could make grow has a bound in [`limits`]. An [`error`] tells its kind, its phase and whose fault it is. The rooms
//! of the crate and what each may import are drawn in `docs/rooms.md`.
#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )
)]

pub mod auth;
pub mod content;
pub mod cookies;
pub mod entropy;
pub mod error;
pub mod h1;
pub mod handle;
pub mod headers;
pub mod hsts;
pub mod idle;
pub mod limits;
mod means;
pub mod message;
mod ordered;
pub mod proxy;
pub mod redirect;
pub mod request;
pub mod retry;
pub mod session;
pub mod time;
pub mod tls;
pub mod transport;

// What one says to a session that one drives oneself.
pub use entropy::Entropy;
pub use error::{Error, ErrorKind};
pub use limits::Limits;
pub use message::body::Framing;
pub use message::head::ResponseHead;
pub use retry::failure::{Failure, FailureKind};
pub use session::Session;
pub use session::request::Request;
pub use session::step::{Delivery, ExchangeError, Hop, Pause, Step};
pub use time::Now;
