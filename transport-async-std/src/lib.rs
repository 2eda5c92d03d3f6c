//! HTTP sessions over the futures-io traits, for async-std and smol.
//!
//! A [`Session`] keeps what lives between requests (cookies, default headers, credentials) and the connections that may
//! be used again. What is sent, stored, followed or tried again is decided by [`session_core`]; here are the sockets. No
//! task stands behind a connection: whoever awaits a response drives its socket.
//!
//! ```no_run
//! use transport_async_std::Session;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let session = Session::builder().base_url("http://example.test/api/").build()?;
//! let login = session.post("login").form(&[("username", "admin"), ("password", "1234")]).send().await?;
//! login.error_for_status_ref()?;
//! println!("{:?}", session.cookies().to_map());
//!
//! session.headers_mut().set("x-app", "demo")?;
//! let text = session.get("data1").send().await?.text().await?;
//! println!("{text}");
//!
//! session.close();
//! assert!(session.get("data2").send().await.is_err());
//! # Ok(())
//! # }
//! ```
//!
//! # A tour
//!
//! What belongs to every request is set once, and can be changed at any time; a request has the last word.
//!
//! ```no_run
//! use std::time::Duration;
//! use transport_async_std::{Credential, RetryPolicy, Session};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let session = Session::builder()
//!     .base_url("https://a.test/api/")
//!     .user_agent("shop/1.0")
//!     .auth_for("https://a.test", Credential::bearer("token"))
//!     .retry(RetryPolicy::new(3))
//!     .timeout(Duration::from_secs(30))
//!     .build()?;
//! let response = session.get("items").query(&[("page", "1")]).send().await?;
//! println!("{} {:?}", response.status(), response.headers().get("content-type"));
//! # Ok(())
//! # }
//! ```
//!
//! An error tells what happened and whose fault it is. One of a status keeps the response.
//!
//! ```no_run
//! # use transport_async_std::Session;
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # let session = Session::new();
//! match session.get("http://a.test/").send().await.and_then(|response| response.error_for_status()) {
//!     Ok(response) => println!("{}", response.text().await?),
//!     Err(error) if error.is_timeout() => println!("{:?} passed", error.bound()),
//!     Err(error) => println!("{error} ({:?})", error.fault()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Bodies are streams until they are gathered: the first is read piece by piece, the second sent from a file.
//!
//! ```no_run
//! use transport_async_std::{Body, Session};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # let session = Session::new();
//! let mut response = session.get("http://a.test/film").send().await?;
//! while let Some(chunk) = response.chunk().await? {
//!     println!("{} bytes", chunk.len());
//! }
//! session.put("http://a.test/film").body(Body::from_path("film").await?).send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Why a request was sent as it was, a response tells:
//!
//! ```no_run
//! # use transport_async_std::Session;
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # let session = Session::new();
//! println!("{}", session.get("http://a.test/").send().await?.history());
//! # Ok(())
//! # }
//! ```
//!
//! # What to know
//!
//! A session is cheap to clone, and its clones share everything; use one from as many tasks as you like, on whatever
//! executor. Sockets and timers are async-io's, on which async-std and smol both stand and which drives itself. What blocks
//! (files, looking up names) is done by async-std's threads (feature `async-std`, on by default) or by smol's (feature `smol`,
//! without the default features); where both are on, by async-std's. Dropping a future, or a response whose body has not
//! ended, closes its connection and nothing else.
//!
//! https is rustls (feature `tls`, on by default), with Mozilla's roots unless the builder's `tls_certs_only` and
//! `tls_certs_merge` say otherwise. What goes wrong in it is a [`TlsError`](session_core::tls::error::TlsError), the source
//! of the error.
//!
//! A body is read whole (`text`, `json`, `bytes`), in pieces (`chunk`, or as futures-io's `AsyncRead`), in [`Lines`], as server-sent
//! [`Events`], or copied to a writer that tells its progress (`copy_to_with`): see [`Response`].
//!
//! A request that offers another protocol (`upgrade("websocket")`) gives its connection as a stream, [`Upgraded`], where the
//! server switches to it.
//!
//! A body that is asked about first (`expect_continue`) waits for a 100 and is not sent where another answer comes.
//!
//! With the feature `tracing` each exchange, hop and new connection is a span of the crate `tracing`, and what the session decided
//! are its events; no secret is in them.
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

mod body;
mod client;
mod connect;
mod error;
mod wire;

pub use body::upgrade::Upgraded;
pub use body::{Body, multipart};
pub use client::response::events::Events;
pub use client::response::lines::Lines;
pub use client::response::parts::ResponseBody;
pub use client::{Request, RequestBuilder, Response, ResponseFuture, Session, SessionBuilder, SharedJar};
pub use connect::{Resolve, Resolving};
pub use error::{Error, Result};
pub use http;
pub use session_core;
pub use url::Url;

// What requests and sessions are told, by the shortest way; all of it stands in `session_core`.
pub use session_core::auth::credentials::Credential;
pub use session_core::auth::netrc::Netrc;
pub use session_core::content::charset::TextRules;
pub use session_core::content::coding::Coding;
pub use session_core::cookies::jar::Jar;
pub use session_core::error::{ErrorKind, Fault, Phase};
pub use session_core::limits::Limits;
pub use session_core::message::proxy::ProxyServer;
pub use session_core::message::target::Target;
pub use session_core::proxy::no_proxy::NoProxy;
pub use session_core::proxy::select::ProxyConfig;
pub use session_core::redirect::policy::{Action, RedirectPolicy};
pub use session_core::retry::policy::RetryPolicy;
pub use session_core::session::compat::Compat;
pub use session_core::session::environment::TrustEnv;
pub use session_core::session::hooks::Hooks;
pub use session_core::session::settings::{CookieMode, Decoding};
#[cfg(feature = "serde")]
pub use session_core::session::snapshot::Snapshot;
pub use session_core::tls::settings::{Certificate, Identity, TlsSettings, TlsVersion};
pub use session_core::transport::response::ResponseInfo;
pub use session_core::transport::waterfall::Waterfall;
