//! Whether a 101 is the answer to an offer (RFC 9110 sections 7.8 and 15.2.2).

use crate::h1::error::{PeerError, PeerErrorKind};
use crate::message::fields::connection_has;
use crate::message::grammar::list_members;
use crate::message::head::ResponseHead;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue};

/// The protocols that a request offers: its Upgrade lines, if Connection names them.
pub(super) fn offered(request: &HeaderMap) -> Vec<HeaderValue> {
    if request.contains_key(UPGRADE) && connection_has(request, "upgrade") {
        request.get_all(UPGRADE).iter().cloned().collect()
    } else {
        Vec::new()
    }
}

/// Checks that a 101 switches to what was offered, and to nothing else.
pub(super) fn check_switch(offered: &[HeaderValue], head: &ResponseHead) -> Result<(), PeerError> {
    let refused = |message| PeerError::new(PeerErrorKind::UnexpectedSwitch, message);
    if offered.is_empty() {
        return Err(refused("the peer switched protocols unasked"));
    }
    let mut switched = false;
    for value in head.headers.get_all(UPGRADE) {
        for protocol in list_members(value.as_bytes()) {
            switched = true;
            let known = offered
                .iter()
                .any(|offer| list_members(offer.as_bytes()).any(|offer| offer.eq_ignore_ascii_case(protocol)));
            if !known {
                return Err(refused("the peer switched to a protocol that was not offered").with_came(protocol));
            }
        }
    }
    if !switched {
        return Err(refused("the peer switched protocols and does not say to which"));
    }
    // RFC 9110 8.6, RFC 9112 6.1: neither may stand in a 1xx. Here they would hide where the other protocol starts.
    if head.headers.contains_key(CONTENT_LENGTH) || head.headers.contains_key(TRANSFER_ENCODING) {
        return Err(PeerError::new(
            PeerErrorKind::MalformedFraming,
            "a switch of protocols that claims to have a body",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{check_switch, offered};
    use crate::h1::error::PeerErrorKind;
    use crate::message::head::ResponseHead;
    use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

    fn fields(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).fold(
            HeaderMap::new(),
            |mut map, (name, value)| {
                map.append(name, value);
                map
            },
        )
    }

    fn switch(
        request: &[(&'static str, &'static str)],
        response: &[(&'static str, &'static str)],
    ) -> Option<PeerErrorKind> {
        let head = ResponseHead::new(StatusCode::SWITCHING_PROTOCOLS).with_headers(fields(response));
        check_switch(&offered(&fields(request)), &head).err().map(|error| error.kind())
    }

    #[test]
    fn an_offer_needs_both_fields() {
        let answer = [("upgrade", "websocket")];
        assert_eq!(switch(&[("connection", "Upgrade"), ("upgrade", "x, WebSocket")], &answer), None);
        for request in [&[][..], &[("upgrade", "websocket")], &[("connection", "upgrade")]] {
            assert_eq!(switch(request, &answer), Some(PeerErrorKind::UnexpectedSwitch));
        }
    }

    #[test]
    fn only_what_was_offered_is_switched_to() {
        let request = [("connection", "upgrade"), ("upgrade", "websocket"), ("upgrade", "x/1")];
        assert_eq!(switch(&request, &[("upgrade", "X/1, websocket")]), None);
        for response in [&[][..], &[("upgrade", "")], &[("upgrade", "h2c")], &[("upgrade", "websocket, h2c")]] {
            assert_eq!(switch(&request, response), Some(PeerErrorKind::UnexpectedSwitch));
        }
    }

    #[test]
    fn a_switch_has_no_body() {
        let request = [("connection", "upgrade"), ("upgrade", "websocket")];
        for field in [("content-length", "5"), ("transfer-encoding", "chunked")] {
            let answer = [("upgrade", "websocket"), field];
            assert_eq!(switch(&request, &answer), Some(PeerErrorKind::MalformedFraming));
        }
    }
}
