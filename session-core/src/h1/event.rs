//! What the peer's bytes amount to.

use crate::message::head::ResponseHead;
use bytes::Bytes;
use http::HeaderMap;

/// One step of a response. In order: any number of `Interim`, one `Final`, any number of `Data`, one `End`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 9112 knows no other part of a message")]
pub enum Event {
    /// Nothing more can be said before more bytes come, or the end of the connection. Read, then ask again.
    NeedData,
    /// An interim (1xx) response. More heads follow.
    Interim(ResponseHead),
    /// The final response's head, also a 101 as asked for.
    Final(ResponseHead),
    /// Bytes of the body, never empty: a slice of the receive buffer, not a copy.
    Data(Bytes),
    /// The message is complete, with its trailers. [`Connection::reuse`](crate::h1::connection::Connection::reuse) tells
    /// what becomes of the connection.
    End(HeaderMap),
}

/// What reading a body gave.
#[derive(Debug)]
pub(super) enum Piece {
    /// More bytes are needed.
    NeedData,
    /// Some of the body.
    Data(Bytes),
    /// Its end, with the trailers.
    End(HeaderMap),
}
