//! What becomes of a connection after a message: RFC 9112 sections 9.3 and 9.6.

use crate::message::fields::connection_has;
use crate::message::grammar::{decimal, is_same_word, list_members};
use crate::message::head::ResponseHead;
use crate::message::present::{KEEP_ALIVE, Present};
use http::header::TRANSFER_ENCODING;
use http::{HeaderMap, HeaderName, StatusCode, Version};
use std::fmt;
use std::time::Duration;

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a connection is kept, closed or no longer HTTP")]
pub enum Reuse {
    /// Another cycle may start on it.
    Keep,
    /// It must be closed.
    Close(CloseReason),
    /// It speaks another protocol now; the bytes that wait in the receive buffer belong to that.
    Switched,
}

/// Why a connection cannot be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// The response is not complete.
    ResponseUnfinished,
    /// The request is not complete: its body failed, or the response came first.
    RequestUnfinished,
    /// The peer broke the protocol or broke off.
    PeerFailed,
    /// Bytes came after the response.
    LeftoverBytes,
    /// The peer closed its side.
    PeerClosed,
    /// The request said `Connection: close`.
    RequestSaidClose,
    /// The request is of HTTP/1.0, which keeps no connection by itself.
    OldRequest,
    /// A response, possibly an interim one, said `Connection: close`.
    ResponseSaidClose,
    /// The response is of HTTP/1.0 and does not say `Connection: keep-alive`.
    OldVersion,
    /// The response had no length: its body ended with the connection.
    UntilClose,
    /// The response has fields that may not stand there, so that peers between may see another end of it.
    FramingInDoubt,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ResponseUnfinished => "the response is not complete",
            Self::RequestUnfinished => "the request is not complete",
            Self::PeerFailed => "the peer broke the protocol or broke off",
            Self::LeftoverBytes => "bytes came after the response",
            Self::PeerClosed => "the peer closed its side",
            Self::RequestSaidClose => "the request said close",
            Self::OldRequest => "the request is of HTTP/1.0",
            Self::ResponseSaidClose => "the response said close",
            Self::OldVersion => "HTTP/1.0 without keep-alive",
            Self::UntilClose => "the response had no length",
            Self::FramingInDoubt => "the response's framing is in doubt",
        })
    }
}

/// Why the connection ends after this final response, whose fields are `present`, as far as its head tells.
pub(super) fn close_after(head: &ResponseHead, present: Present) -> Option<CloseReason> {
    let says = |option| !present.lacks(Present::CONNECTION) && connection_has(&head.headers, option);
    if says("close") {
        return Some(CloseReason::ResponseSaidClose);
    }
    if head.version != Version::HTTP_11 && !says(KEEP_ALIVE) {
        return Some(CloseReason::OldVersion);
    }
    // RFC 9112 6.1: a server must not send it there.
    if head.status == StatusCode::NO_CONTENT && head.headers.contains_key(TRANSFER_ENCODING) {
        return Some(CloseReason::FramingInDoubt);
    }
    None
}

/// The same of an interim response: it changes nothing unless it says close.
pub(super) fn close_after_interim(head: &ResponseHead) -> Option<CloseReason> {
    connection_has(&head.headers, "close").then_some(CloseReason::ResponseSaidClose)
}

/// How long the peer will keep the connection idle, where it says so: `Keep-Alive: timeout=` in seconds (RFC 2068
/// 19.7.1.1). The first such parameter that is a number counts.
#[must_use]
pub fn keep_alive(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(HeaderName::from_static(KEEP_ALIVE));
    lines.iter().flat_map(|line| list_members(line.as_bytes())).find_map(|parameter| {
        let (name, value) = parameter.split_at_checked("timeout=".len())?;
        let seconds = is_same_word(name, b"timeout=").then(|| decimal(value))??;
        Some(Duration::from_secs(seconds))
    })
}

#[cfg(test)]
mod tests {
    use super::{CloseReason, close_after, close_after_interim, keep_alive};
    use crate::message::head::ResponseHead;
    use crate::message::present::Present;
    use http::{HeaderMap, HeaderValue, StatusCode, Version};
    use std::time::Duration;

    fn head(version: Version, connection: &[&'static str]) -> ResponseHead {
        let mut headers = HeaderMap::new();
        for value in connection {
            headers.append("connection", HeaderValue::from_static(value));
        }
        let mut head = ResponseHead::new(StatusCode::OK).with_headers(headers);
        head.version = version;
        head
    }

    fn after(head: &ResponseHead) -> Option<CloseReason> {
        close_after(head, Present::of(&head.headers))
    }

    #[test]
    fn each_version_has_its_own_default() {
        let (new, old) = (Version::HTTP_11, Version::HTTP_10);
        assert_eq!(after(&head(new, &[])), None);
        assert_eq!(after(&head(new, &["x", "a, CLOSE"])), Some(CloseReason::ResponseSaidClose));
        assert_eq!(after(&head(old, &[])), Some(CloseReason::OldVersion));
        assert_eq!(after(&head(old, &["Keep-Alive"])), None);
        assert_eq!(after(&head(old, &["keep-alive, close"])), Some(CloseReason::ResponseSaidClose));
    }

    #[test]
    fn an_interim_response_changes_nothing_unless_it_says_close() {
        assert_eq!(close_after_interim(&head(Version::HTTP_10, &[])), None);
        assert_eq!(close_after_interim(&head(Version::HTTP_11, &["close"])), Some(CloseReason::ResponseSaidClose));
    }

    #[test]
    fn a_204_with_a_transfer_coding_is_in_doubt() {
        let mut head = head(Version::HTTP_11, &[]);
        head.headers.insert("transfer-encoding", HeaderValue::from_static("chunked"));
        assert_eq!(after(&head), None);
        head.status = StatusCode::NO_CONTENT;
        assert_eq!(after(&head), Some(CloseReason::FramingInDoubt));
    }

    #[test]
    fn the_time_that_a_peer_keeps_a_connection_stands_in_any_member_and_case() {
        let keep = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("keep-alive", HeaderValue::from_static(line));
            }
            keep_alive(&headers).map(|keep| keep.as_secs())
        };
        assert_eq!(keep(&["timeout=5"]), Some(5));
        assert_eq!(keep(&["max=9, TimeOut=0"]), Some(0));
        assert_eq!(keep(&["max=9", "timeout=+1,timeout=7"]), Some(7));
        for none in [&[][..], &["timeout"], &["timeout="], &["timeout=x"], &["xtimeout=5"], &["5"]] {
            assert_eq!(keep(none), None, "{none:?}");
        }
        let most = keep_alive(&HeaderMap::from_iter([(
            http::HeaderName::from_static("keep-alive"),
            HeaderValue::from_static("timeout=18446744073709551615"),
        )]));
        assert_eq!(most, Some(Duration::from_secs(u64::MAX)));
    }
}
