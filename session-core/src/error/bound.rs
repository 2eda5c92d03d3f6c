//! What bounds the time of an exchange, by name. When each is over is left to the transport.

/// The bounds by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Bound {
    /// [`Timeouts::connect`](crate::time::Timeouts::connect).
    ///
    /// It holds for several things together; the error's phase tells which of them took too long:
    /// [`Phase::Resolve`](crate::error::Phase::Resolve), [`Phase::Connect`](crate::error::Phase::Connect),
    /// [`Phase::Tunnel`](crate::error::Phase::Tunnel), [`Phase::Tls`](crate::error::Phase::Tls).
    Connect,
    /// [`Timeouts::resolve`](crate::time::Timeouts::resolve).
    Resolve,
    /// [`Timeouts::tls`](crate::time::Timeouts::tls).
    Tls,
    /// [`Timeouts::head`](crate::time::Timeouts::head).
    Head,
    /// [`Timeouts::expect`](crate::time::Timeouts::expect). When it passes, the body is sent.
    Expect,
    /// [`Timeouts::idle`](crate::time::Timeouts::idle).
    Idle,
    /// [`Timeouts::drain`](crate::time::Timeouts::drain).
    Drain,
    /// [`Timeouts::total`](crate::time::Timeouts::total).
    Total,
}

impl Bound {
    /// That the bound passed, as one sentence.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Connect => "no connection was made in time",
            Self::Resolve => "the name was not resolved in time",
            Self::Tls => "the TLS handshake was not over in time",
            Self::Head => "no response head came in time",
            Self::Expect => "no answer to Expect came in time",
            Self::Idle => "no byte of the body could be sent or received in time",
            Self::Drain => "an unwanted body did not end in time",
            Self::Total => "the exchange took longer than it may",
        }
    }
}
