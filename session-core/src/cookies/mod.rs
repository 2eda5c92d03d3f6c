//! Cookies by RFC 6265bis: what is accepted, what is held, what is sent, and why.
//!
//! ```
//! use session_core::cookies::{Jar, cookie_field};
//! use session_core::message::target::Target;
//! use std::time::SystemTime;
//! use url::Url;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = SystemTime::UNIX_EPOCH;
//! let (login, _) = Target::new(Url::parse("https://a.test/login")?)?;
//! let (page, _) = Target::new(Url::parse("https://a.test/data")?)?;
//! let mut jar = Jar::new();
//! jar.accept(&login, b"sid=1; Path=/; Secure; HttpOnly", now);
//! let field = cookie_field(&jar.select(&page, now));
//! assert_eq!(field.as_ref().map(|value| value.as_bytes()), Some(b"sid=1".as_slice()));
//! # Ok(())
//! # }
//! ```
//!
//! Where RFC 6265bis leaves a choice or differs from browsers, the browsers and their tests are followed:
//! `Domain=.` is refused, `__Host-` wants a written `Path=/`, a Path beyond ASCII is refused, `__Http-` and
//! `__Host-Http-` are enforced, loopback hosts count as secure, and hosts with a `_` have cookies.
//!
//! Names and values are bytes: never decoded, never encoded, quotes stay.

pub mod context;
pub mod cookie;
pub mod date;
pub mod domain;
mod edit;
mod evict;
mod index;
pub mod jar;
mod line;
pub mod load;
pub mod netscape;
pub mod path;
mod prefix;
pub mod reason;
pub mod select;
pub mod set_cookie;
#[cfg(feature = "serde")]
pub mod snapshot;
mod store;
#[cfg(feature = "psl")]
mod suffix_rules;

pub use context::Context;
pub use cookie::Cookie;
#[cfg(feature = "psl")]
pub use domain::CompiledList;
pub use domain::{NoSuffixes, PublicSuffix, SingleLabels};
pub use jar::Jar;
pub use load::LoadProblem;
pub use netscape::NetscapeWarning;
pub use reason::{CookieId, Decision, Rejection, Verdict, Withheld};
pub use select::cookie_field;
pub use set_cookie::{SameSite, SetCookie};
#[cfg(feature = "serde")]
pub use snapshot::{JarSnapshot, SnapshotWarning};
