//! Spans and events of the crate `tracing` (feature `tracing`): a span for each exchange, in it one for each hop, in that one
//! for a connection that is made. What the session decided is told as events. No value of a field, no query and no
//! credential is in any of it. Without the feature all of this is empty, and costs nothing.

#[cfg(not(feature = "tracing"))]
pub(crate) use self::off::{BodyTrace, Trace};
#[cfg(feature = "tracing")]
pub(crate) use self::on::{BodyTrace, Trace};

#[cfg(feature = "tracing")]
mod on {
    use session_core::message::head::ResponseHead;
    use session_core::retry::failure::Failure;
    use session_core::session::history::History;
    use session_core::session::step::{Delivery, ExchangeError, Hop};
    use session_core::time::timings::Timings;
    use session_core::transport::cause::Cause;
    use session_core::transport::shown::{ShownReason, ShownUrl};
    use session_core::transport::wire::Piece;
    use std::net::SocketAddr;
    use tracing::field::{Empty, display};
    use tracing::{Level, Span, event, span};

    /// One exchange, and its hop that is under way.
    pub(crate) struct Trace {
        exchange: Span,
        hop: Span,
    }

    /// A body on its way in.
    pub(crate) struct BodyTrace {
        exchange: Span,
        bytes: u64,
    }

    /// A connection that is being made: its span ends when this is dropped.
    pub(crate) struct Connecting(Span);

    impl Trace {
        pub(crate) fn new() -> Self {
            Self { exchange: Span::none(), hop: Span::none() }
        }

        /// A hop is about to be sent. The exchange's span begins with the first.
        pub(crate) fn hop(&mut self, hop: &Hop) {
            let (number, method, url) = (hop.number(), hop.head().method().as_str(), ShownUrl::of(hop.target().url()));
            if number == 1 {
                self.exchange = span!(
                    Level::INFO,
                    "exchange",
                    method,
                    url = %url,
                    status = Empty,
                    hops = Empty,
                    error = Empty
                );
            }
            self.hop = span!(
                parent: &self.exchange,
                Level::DEBUG,
                "hop",
                number,
                method,
                url = %url,
                route = %hop.route(),
                status = Empty,
                reused = Empty,
                error = Empty
            );
        }

        /// A connection is about to be made for the hop.
        pub(crate) fn connecting(&self, hop: &Hop) -> Connecting {
            let (origin, route) = (display(hop.origin()), display(hop.route()));
            Connecting(span!(parent: &self.hop, Level::DEBUG, "connection", origin, route, peer = Empty))
        }

        /// A final head came, or the hop failed.
        pub(crate) fn outcome(&self, came: Result<&ResponseHead, &Failure>, timings: Timings) {
            match came {
                Ok(head) => {
                    let status = head.status.as_u16();
                    self.hop.record("status", status);
                    self.hop.record("reused", timings.connect().is_none());
                    event!(parent: &self.hop, Level::DEBUG, status, timings = %timings, "answered");
                }
                Err(failure) => {
                    let kind = display(failure.kind());
                    self.hop.record("error", &kind);
                    event!(parent: &self.hop, Level::DEBUG, kind, sent = ?failure.sent(), timings = %timings, "failed");
                }
            }
        }

        /// The exchange gave a response.
        pub(crate) fn delivered(&self, delivery: &Delivery) {
            self.reasons(delivery.history());
            self.exchange.record("status", delivery.head().status.as_u16());
        }

        /// The exchange ended with an error. Its words may quote what came, so its kind and place are told alone.
        pub(crate) fn ended(&self, error: &ExchangeError) {
            self.reasons(error.history());
            let error = error.error();
            self.exchange.record("error", error.kind().name());
            let (kind, phase, fault) = (display(error.kind()), display(error.phase()), error.fault());
            event!(parent: &self.exchange, Level::WARN, kind, phase, fault = ?fault, "ended");
        }

        fn reasons(&self, history: &History) {
            self.exchange.record("hops", history.hops().len());
            for (number, hop) in (1_u64..).zip(history.hops()) {
                for reason in hop.reasons() {
                    let reason = display(ShownReason::of(reason));
                    event!(parent: &self.exchange, Level::DEBUG, hop = number, reason, "decided");
                }
            }
        }

        /// The body of the response that was delivered.
        pub(crate) fn into_body(self) -> BodyTrace {
            BodyTrace { exchange: self.exchange, bytes: 0 }
        }
    }

    impl Connecting {
        /// It is made.
        pub(crate) fn made(self, peer: Option<SocketAddr>) {
            if let Some(peer) = peer {
                self.0.record("peer", display(peer));
            }
        }
    }

    impl BodyTrace {
        /// What was read of it, as it came.
        pub(crate) fn read(&mut self, read: &Result<Piece, Cause>) {
            let more = match read {
                Ok(Piece::Data(data)) => data.len(),
                Ok(Piece::Direct(n)) => *n,
                Ok(Piece::End(_)) => {
                    event!(parent: &self.exchange, Level::DEBUG, bytes = self.bytes, "body");
                    return;
                }
                Err(cause) => {
                    let kind = display(cause.kind(true));
                    event!(parent: &self.exchange, Level::WARN, bytes = self.bytes, kind, "body failed");
                    return;
                }
            };
            self.bytes = self.bytes.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use session_core::message::head::ResponseHead;
    use session_core::retry::failure::Failure;
    use session_core::session::step::{Delivery, ExchangeError, Hop};
    use session_core::time::timings::Timings;
    use session_core::transport::cause::Cause;
    use session_core::transport::wire::Piece;
    use std::net::SocketAddr;

    pub(crate) struct Trace;
    pub(crate) struct BodyTrace;
    pub(crate) struct Connecting;

    impl Trace {
        pub(crate) fn new() -> Self {
            Self
        }

        #[expect(clippy::needless_pass_by_ref_mut, reason = "the other one begins a span")]
        pub(crate) fn hop(&mut self, _: &Hop) {}

        pub(crate) fn connecting(&self, _: &Hop) -> Connecting {
            Connecting
        }

        pub(crate) fn outcome(&self, _: Result<&ResponseHead, &Failure>, _: Timings) {}

        pub(crate) fn delivered(&self, _: &Delivery) {}

        pub(crate) fn ended(&self, _: &ExchangeError) {}

        pub(crate) fn into_body(self) -> BodyTrace {
            BodyTrace
        }
    }

    impl Connecting {
        pub(crate) fn made(self, _: Option<SocketAddr>) {}
    }

    impl BodyTrace {
        #[expect(clippy::needless_pass_by_ref_mut, reason = "the other one counts")]
        pub(crate) fn read(&mut self, _: &Result<Piece, Cause>) {}
    }
}
