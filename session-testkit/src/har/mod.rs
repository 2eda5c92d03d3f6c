//! HAR 1.2 files: exchanges as a browser's network panel keeps them, recorded from any session and replayed to any session.
//!
//! A [`Recorder`](record::Recorder) takes exchanges and leaves secrets out. The file opens in the network panel of a browser
//! ("Import HAR"), and a [`Replay`](replay::Replay) makes a [`Script`](crate::Script) of it: a test that was recorded once runs
//! without the network.
//!
//! ```
//! use http::Method;
//! use session_testkit::Script;
//! use session_testkit::har::{record::Recorder, replay::Replay};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let script = Script::new().on(Method::GET, "/a").redirect(302, "/b").on(Method::GET, "/b").reply(200).cookie("sid=hunter2").body("hello");
//! # let session = script.session();
//! // Once, with the session of a transport and the network there:
//! let recorder = Recorder::new();
//! let response = session.get("http://app.test/a?token=hunter2").send()?;
//! let entry = recorder.record(&response);
//! let text = response.text()?;
//! entry.set_body(&text);
//! let recorded = recorder.har().to_json();
//! assert!(!recorded.contains("hunter2"));
//!
//! // From then on, without it:
//! let session = Replay::parse(&recorded)?.script()?.session();
//! let response = session.get("http://app.test/a?token=another").send()?;
//! assert_eq!(response.history().statuses(), [302]);
//! assert_eq!(response.text()?, "hello");
//! # Ok(())
//! # }
//! ```
//!
//! - [`model`]: the file as types.
//! - [`record`]: from exchanges to entries.
//! - [`redact`]: what is secret, and how it is left out.
//! - [`replay`]: from entries to a script.
//! - [`check`]: whether a file is what HAR 1.2 says.

pub mod check;
mod date;
pub mod model;
pub mod record;
pub mod redact;
pub mod replay;
