//! How long a response's body is: RFC 9112 section 6.3 as one function, its steps numbered as there.
//!
//! Stricter than the RFC where it leaves a choice: whatever could be read in two ways is an error. Reading the body is
//! left to `body`.

use crate::h1::error::{PeerError, PeerErrorKind};
use crate::message::grammar::{decimal, is_same_word, trim_blanks};
use crate::message::head::ResponseHead;
use crate::message::present::Present;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode, Version};

/// What the request was, as far as the framing of its response depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// HEAD.
    Head,
    /// CONNECT.
    Connect,
    /// Any other method.
    Other,
}

/// How the body of a final response is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseFraming {
    /// There is none.
    None,
    /// There is none, and what follows the head is a tunnel.
    Tunnel,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// It ends when the peer closes.
    UntilClose,
}

/// The framing of a final response, whose fields are `present`.
pub(super) fn response_framing(
    asked: Asked,
    head: &ResponseHead,
    present: Present,
) -> Result<ResponseFraming, PeerError> {
    let status = head.status;
    // 2. Any 2xx to CONNECT is a tunnel from here on, whatever its fields say: a 204 too (RFC 9110 9.3.6), so it is asked first.
    if asked == Asked::Connect && status.is_success() {
        return Ok(ResponseFraming::Tunnel);
    }
    // 1. Answers that never have a body, whatever their fields say.
    if asked == Asked::Head || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return Ok(ResponseFraming::None);
    }
    if !present.lacks(Present::TRANSFER_ENCODING) && head.headers.contains_key(TRANSFER_ENCODING) {
        // 3. With a Content-Length beside it: "ought to be handled as an error". It is one.
        if head.headers.contains_key(CONTENT_LENGTH) {
            return Err(malformed("both Content-Length and Transfer-Encoding").with_expected("one of them"));
        }
        // 6.1: a Transfer-Encoding in HTTP/1.0 is faulty framing.
        if head.version == Version::HTTP_10 {
            return Err(malformed("a Transfer-Encoding in HTTP/1.0"));
        }
        // 4. and 5. No coding but chunked was offered (TE is never sent for one), so none may come.
        return match only_coding(&head.headers) {
            Some(coding) if is_same_word(coding, b"chunked") => Ok(ResponseFraming::Chunked),
            coding => {
                let error = malformed("a transfer coding that was not offered").with_expected("chunked, once");
                Err(error.with_came(coding.unwrap_or(b"several lines")))
            }
        };
    }
    // 6. and 7. One valid length, however often it is told.
    if !present.lacks(Present::CONTENT_LENGTH)
        && let Some(length) = content_length(&head.headers)?
    {
        return Ok(ResponseFraming::Length(length));
    }
    // 8. A response without any length ends with the connection. (The RFC's own step 7 is about requests.)
    Ok(ResponseFraming::UntilClose)
}

/// The value of the only Transfer-Encoding line; `None` where there are several.
fn only_coding(headers: &HeaderMap) -> Option<&[u8]> {
    let mut lines = headers.get_all(TRANSFER_ENCODING).iter();
    let first = lines.next()?;
    if lines.next().is_some() { None } else { Some(trim_blanks(first.as_bytes())) }
}

/// The one length that all lines and all list members tell; `None` where there is no line.
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, PeerError> {
    let mut known = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        for member in value.as_bytes().split(|&byte| byte == b',') {
            let length = decimal(trim_blanks(member)).filter(|&length| length <= LONGEST).ok_or_else(|| {
                malformed("a Content-Length is no length").with_expected("decimal digits").with_came(value.as_bytes())
            })?;
            if known.is_some_and(|known| known != length) {
                return Err(malformed("several Content-Lengths that differ").with_came(value.as_bytes()));
            }
            known = Some(length);
        }
    }
    Ok(known)
}

/// The longest body: 2^63 - 1 bytes, so that no peer of ours reads the number as a negative one.
pub(super) const LONGEST: u64 = i64::MAX.unsigned_abs();

fn malformed(message: &'static str) -> PeerError {
    PeerError::new(PeerErrorKind::MalformedFraming, message)
}

#[cfg(test)]
mod tests {
    use super::{Asked, LONGEST, ResponseFraming, response_framing};
    use crate::h1::error::PeerErrorKind;
    use crate::message::head::ResponseHead;
    use crate::message::present::Present;
    use http::{HeaderName, HeaderValue, StatusCode, Version};

    fn head(status: u16, fields: &[(&str, &str)]) -> ResponseHead {
        let mut head = ResponseHead::new(StatusCode::from_u16(status).unwrap());
        for (name, value) in fields {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            head.headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        head
    }

    fn framing(asked: Asked, status: u16, fields: &[(&str, &str)]) -> Option<ResponseFraming> {
        let head = head(status, fields);
        match response_framing(asked, &head, Present::of(&head.headers)) {
            Ok(framing) => Some(framing),
            Err(error) => {
                assert_eq!(error.kind(), PeerErrorKind::MalformedFraming);
                None
            }
        }
    }

    const LENGTH: &str = "content-length";
    const CODING: &str = "transfer-encoding";

    #[test]
    fn some_answers_never_have_a_body() {
        for fields in [&[][..], &[(LENGTH, "5")], &[(LENGTH, "x")], &[(CODING, "chunked")]] {
            assert_eq!(framing(Asked::Head, 200, fields), Some(ResponseFraming::None));
            assert_eq!(framing(Asked::Other, 204, fields), Some(ResponseFraming::None));
            assert_eq!(framing(Asked::Other, 304, fields), Some(ResponseFraming::None));
            for status in [200, 204, 299] {
                assert_eq!(framing(Asked::Connect, status, fields), Some(ResponseFraming::Tunnel), "{status}");
            }
        }
        assert_eq!(framing(Asked::Connect, 407, &[(LENGTH, "5")]), Some(ResponseFraming::Length(5)));
        assert_eq!(framing(Asked::Other, 205, &[(LENGTH, "5")]), Some(ResponseFraming::Length(5)));
    }

    #[test]
    fn a_length_is_told_once_or_always_the_same() {
        for value in ["5", "00005", " \t5\t ", "5, 5", "5 ,\t5"] {
            assert_eq!(framing(Asked::Other, 200, &[(LENGTH, value)]), Some(ResponseFraming::Length(5)), "{value:?}");
        }
        assert_eq!(framing(Asked::Other, 200, &[(LENGTH, "5"), (LENGTH, "5")]), Some(ResponseFraming::Length(5)));
        assert_eq!(framing(Asked::Other, 200, &[(LENGTH, "5"), (LENGTH, "6")]), None);
        for bad in ["", "+5", "-5", "0x5", "5_0", "5.0", "5 5", "5;", "5,", ",5", "5, 6", "\u{665}", "\"5\""] {
            assert_eq!(framing(Asked::Other, 200, &[(LENGTH, bad)]), None, "{bad:?}");
        }
    }

    #[test]
    fn a_length_has_at_most_63_bits() {
        let told = |value: &str| framing(Asked::Other, 200, &[(LENGTH, value)]);
        assert_eq!(told("9223372036854775807"), Some(ResponseFraming::Length(LONGEST)));
        assert_eq!(told("9223372036854775808"), None);
        assert_eq!(told("18446744073709551616"), None);
        assert_eq!(told("99999999999999999999999999"), None);
    }

    #[test]
    fn only_chunked_and_only_once() {
        assert_eq!(framing(Asked::Other, 200, &[(CODING, "CHUNKED")]), Some(ResponseFraming::Chunked));
        for bad in [
            "",
            "gzip",
            "identity",
            "gzip, chunked",
            "chunked, gzip",
            "chunked, chunked",
            "chunked,",
            ",chunked",
            "xchunked",
            "chunkedchunked",
            "\"chunked\"",
            "chunked;q=1",
        ] {
            assert_eq!(framing(Asked::Other, 200, &[(CODING, bad)]), None, "{bad:?}");
        }
        assert_eq!(framing(Asked::Other, 200, &[(CODING, "chunked"), (CODING, "chunked")]), None);
        assert_eq!(framing(Asked::Other, 200, &[(CODING, "chunked"), (LENGTH, "5")]), None);
        let mut old = head(200, &[(CODING, "chunked")]);
        old.version = Version::HTTP_10;
        assert!(response_framing(Asked::Other, &old, Present::of(&old.headers)).is_err());
    }

    #[test]
    fn without_a_length_the_end_is_the_connections() {
        assert_eq!(framing(Asked::Other, 200, &[("connection", "keep-alive")]), Some(ResponseFraming::UntilClose));
    }
}
