//! A session whose answers stand in a script: no socket, no thread, no waiting.
//!
//! A [`Script`](script::Script) says which requests are expected and what each is answered by. The sessions over it go through all
//! of the real session logic (cookies, redirects, credentials, retries, deadlines, decoding), and only the wire is left out.
//! Pauses and delays pass in virtual time, so a test of five retries with backoff takes no time.
//!
//! ```
//! use http::Method;
//! use session_testkit::Script;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let script = Script::new()
//!     .on(Method::GET, "/a").redirect(302, "/b")
//!     .on(Method::GET, "/b").reply(200).header("x-app", "demo").cookie("lang=de").body("hello");
//! let session = script.session();
//!
//! let response = session.get("http://app.test/a").send()?;
//! assert_eq!(response.history().statuses(), [302]);
//! assert_eq!(response.text()?, "hello");
//! assert_eq!(session.cookies().to_map()["lang"], "de");
//! assert_eq!(script.requests()[1].url.as_str(), "http://app.test/b");
//! script.verify()?;
//! # Ok(())
//! # }
//! ```
//!
//! - [`script`]: the script, and what it saw.
//! - [`expect`]: which requests a line of it is for.
//! - [`reply`]: what they are answered by.
//! - [`blocking`], [`asynchronous`] and `tokio` (feature `tokio`): the sessions, each with the names and methods of the transport whose
//!   place it takes in a test. [`awaited`] is what the asynchronous ones share.
//! - [`unexpected`]: what is told where a request came that the script does not have, or one did not come that it has.
//! - [`shared_jar`]: a cookie jar for several of them.
//! - [`serve`]: the same script on loopback sockets, for sessions of real transports.

pub mod asynchronous;
pub mod awaited;
pub mod blocking;
pub mod body;
mod content;
mod exchange;
pub mod expect;
mod files;
mod methods;
pub mod reply;
pub mod script;
pub mod serve;
pub mod shared_jar;
#[cfg(feature = "tokio")]
pub mod tokio;
pub mod unexpected;
