//! HTTP/1.1 on the wire, seen by a client: bytes in, events out (RFC 9112).
//!
//! [`Connection`] is the codec of one connection, one request and response at a time (a cycle). It does no IO: heads and
//! framing are written into a buffer of the caller's, what was read stands in a [`RecvBuffer`], and
//! [`Connection::next_event`] tells what it amounts to. It is strict: what may be read in two ways is an error.
//!
//! ```
//! use bytes::BytesMut;
//! use session_core::h1::{Connection, Event, RecvBuffer, Reuse, TargetForm};
//! use session_core::limits::Limits;
//! use session_core::message::body::Framing;
//!
//! let mut connection = Connection::new(&Limits::default());
//! let mut out = BytesMut::new();
//! let head = http::Request::get("http://a.test/x").body(())?;
//! connection.send_head(&head, TargetForm::Origin, Framing::None, &mut out)?;
//! connection.send_end(&mut out)?;
//! assert_eq!(out, "GET /x HTTP/1.1\r\nhost: a.test\r\n\r\n");
//!
//! let mut input = RecvBuffer::new();
//! input.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
//! let Event::Final(head) = connection.next_event(&mut input)? else { panic!() };
//! assert_eq!(head.status, 200);
//! assert_eq!(connection.next_event(&mut input)?, Event::Data("ok".into()));
//! assert_eq!(connection.next_event(&mut input)?, Event::End(Default::default()));
//! assert_eq!(connection.reuse(&input), Reuse::Keep);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

pub mod body;
mod chunked;
pub mod connection;
pub mod error;
pub mod event;
mod framing;
pub mod head;
pub mod recv_buffer;
pub mod request;
pub mod reuse;
mod section;
pub mod state;
mod upgrade;

pub use body::DataFrame;
pub use connection::Connection;
pub use error::{LocalError, LocalErrorKind, PeerError, PeerErrorKind};
pub use event::Event;
pub use head::read_head;
pub use recv_buffer::RecvBuffer;
pub use request::TargetForm;
pub use reuse::{CloseReason, Reuse};
