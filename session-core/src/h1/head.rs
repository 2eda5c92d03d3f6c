//! From the bytes of a complete head to status and fields.
//!
//! httparse reads the lines, after `section` made sure of what httparse is lenient about: line ends, what precedes the
//! status line, the status line itself. Here folded lines are joined. What the fields mean is left to others.

use crate::h1::error::{PeerError, PeerErrorKind};
use crate::h1::section::{FieldLines, Opening, STATUS_LINE_START, SectionFault, SectionScan};
use crate::limits::Limits;
use crate::message::grammar::{is_token, trim_blanks};
use crate::message::head::ResponseHead;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use httparse::{Header, ParserConfig, Response, Status};
use std::mem::MaybeUninit;

/// The head of the final response in bytes that somebody else has read, as strictly as a [`Connection`] reads it: for clients
/// that hand out heads as they came. Interim heads before it are passed over, what follows it is left alone. How the body is framed is
/// for the one who reads it.
///
/// ```
/// use session_core::h1::read_head;
/// use session_core::limits::Limits;
///
/// let came = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nserver: a\r\n\r\n";
/// let head = read_head(came, &Limits::default())?;
/// assert_eq!((head.status.as_u16(), head.headers.len()), (200, 1));
/// # Ok::<(), session_core::h1::PeerError>(())
/// ```
///
/// # Errors
/// There is no whole final head, a head is malformed, or they are more or larger than [`Limits::head_bytes`],
/// [`Limits::head_fields`] and [`Limits::interim_responses`] allow.
///
/// [`Connection`]: super::Connection
pub fn read_head(bytes: &[u8], limits: &Limits) -> Result<ResponseHead, PeerError> {
    let mut rest = bytes;
    let mut allowed = limits.head_bytes;
    for _ in 0..=limits.interim_responses {
        let mut scan = SectionScan::new(Opening::StatusLine);
        let end = scan.advance(rest, allowed, limits.head_fields);
        let end = end.map_err(|fault| section_error(fault, rest, PeerErrorKind::MalformedHead))?;
        let Some((section, after)) = end.and_then(|end| rest.split_at_checked(end)) else {
            return Err(PeerError::new(PeerErrorKind::Incomplete, "there is no whole head of a final response"));
        };
        let head = parse_head(section, scan.fields(), &mut BytesMut::new())?;
        if !head.status.is_informational() || head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(head);
        }
        rest = after;
        allowed = allowed.saturating_sub(section.len());
    }
    Err(PeerError::new(PeerErrorKind::Limit, "more interim responses than allowed"))
}

/// Reads a response head of these field lines; `section` ends with the blank line.
///
/// The values are slices of one copy of the head, so that one that is kept does not keep a whole read alive. The copy is
/// made in `heads`, where there is room for some more.
pub(super) fn parse_head(section: &[u8], fields: FieldLines, heads: &mut BytesMut) -> Result<ResponseHead, PeerError> {
    if heads.capacity() < section.len() {
        heads.reserve(section.len().max(HEADS));
    }
    heads.extend_from_slice(section);
    parse(&heads.split().freeze(), fields, PeerErrorKind::MalformedHead, &|_| true)
}

/// How much memory is taken at once for the heads of a connection.
const HEADS: usize = 2 * 1024;

/// Reads a trailer section of these field lines, leaving out the fields that `counts` does not want.
pub(super) fn parse_trailers(
    section: &[u8],
    fields: FieldLines,
    counts: impl Fn(&HeaderName) -> bool,
) -> Result<HeaderMap, PeerError> {
    // httparse joins folded lines only below a status line, and trailers are read as heads are.
    let mut text = BytesMut::with_capacity(section.len().saturating_add(ANY_STATUS_LINE.len()));
    text.extend_from_slice(ANY_STATUS_LINE);
    text.extend_from_slice(section);
    Ok(parse(&text.freeze(), fields, PeerErrorKind::MalformedChunk, &counts)?.headers)
}

const ANY_STATUS_LINE: &[u8] = b"HTTP/1.1 200\r\n";

/// What a fault of the section means where a fault is of `kind`.
pub(super) fn section_error(fault: SectionFault, section: &[u8], kind: PeerErrorKind) -> PeerError {
    match fault {
        SectionFault::StatusLine(_) => {
            let line = section.split(|&byte| byte == b'\n').next().unwrap_or_default();
            PeerError::new(kind, "the status line is no status line")
                .with_expected("HTTP/1.1 or HTTP/1.0 and three digits")
                .with_came(line)
        }
        SectionFault::Control(at) => {
            // Only the byte: what stands around it may be a cookie.
            let byte = section.get(at..).and_then(|rest| rest.get(..1)).unwrap_or_default();
            PeerError::new(kind, "a line holds a control byte").with_expected("CRLF at its end alone").with_came(byte)
        }
        SectionFault::Fold(_) => PeerError::new(kind, "the first field line starts with white space"),
        SectionFault::Bytes => PeerError::new(PeerErrorKind::Limit, "the field section is larger than allowed"),
        SectionFault::Fields => PeerError::new(PeerErrorKind::Limit, "there are more field lines than allowed"),
    }
}

/// Field lines that are read without an allocation for it.
const FEW: usize = 32;

fn parse(
    section: &Bytes,
    fields: FieldLines,
    kind: PeerErrorKind,
    counts: &dyn Fn(&HeaderName) -> bool,
) -> Result<ResponseHead, PeerError> {
    let mut few = [const { MaybeUninit::<Header<'_>>::uninit() }; FEW];
    let mut many = Vec::new();
    let lines = if fields.count <= FEW {
        few.as_mut_slice()
    } else {
        many.resize_with(fields.count, MaybeUninit::uninit);
        many.as_mut_slice()
    };
    let mut response = Response::new(&mut []);
    let parsed = ParserConfig::default()
        .allow_obsolete_multiline_headers_in_responses(true)
        .parse_response_with_uninit_headers(&mut response, section, lines);
    match parsed {
        Ok(Status::Complete(end)) if end == section.len() => {}
        _ => return Err(malformed_line(section, kind)),
    }
    let status = response.code.and_then(|code| StatusCode::from_u16(code).ok());
    let status = status.ok_or_else(|| PeerError::new(kind, "the status code is none"))?;
    let mut head = ResponseHead::new(status);
    if response.version == Some(0) {
        head.version = Version::HTTP_10;
    }
    head.reason = reason(section);
    let too_many = || PeerError::new(PeerErrorKind::Limit, "there are more field lines than can be held");
    let mut headers = HeaderMap::try_with_capacity(response.headers.len()).map_err(|_| too_many())?;
    for line in response.headers.iter() {
        let name = HeaderName::from_bytes(line.name.as_bytes())
            .map_err(|_| PeerError::new(kind, "a field name is none").with_came(line.name.as_bytes()))?;
        if !counts(&name) {
            continue;
        }
        let value = if fields.folded { unfolded(section, line.value) } else { section.slice_ref(line.value) };
        let value = HeaderValue::from_maybe_shared(value).map_err(|_| {
            PeerError::new(kind, "a field value holds what it must not").with_came(line.name.as_bytes())
        })?;
        if headers.try_append(name, value).is_err() {
            return Err(too_many());
        }
    }
    head.headers = headers;
    Ok(head)
}

/// A value as a slice of the section, or a new one where folded lines are joined by one space each (RFC 9112 5.2).
fn unfolded(section: &Bytes, value: &[u8]) -> Bytes {
    if memchr::memchr(b'\r', value).is_none() {
        return section.slice_ref(value);
    }
    let mut joined = BytesMut::with_capacity(value.len());
    for line in value.split(|&byte| byte == b'\n') {
        let line = trim_blanks(line.strip_suffix(b"\r").unwrap_or(line));
        if !joined.is_empty() && !line.is_empty() {
            joined.extend_from_slice(b" ");
        }
        joined.extend_from_slice(line);
    }
    joined.freeze()
}

/// What stands between the status code's space and the line's end. httparse drops it where a byte is above 0x7f.
fn reason(section: &Bytes) -> Bytes {
    let end = memchr::memchr(b'\r', section).unwrap_or_default();
    if end > STATUS_LINE_START { section.slice(STATUS_LINE_START..end) } else { Bytes::new() }
}

/// The error of the first line that is no field line. Its name alone is shown.
fn malformed_line(section: &[u8], kind: PeerErrorKind) -> PeerError {
    let line = section.split(|&byte| byte == b'\n').skip(1).find(|line| {
        let folded = matches!(line.first(), Some(b' ' | b'\t'));
        let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
        !folded && **line != *b"\r" && (name.len() == line.len() || !is_token(name))
    });
    match line.map(|line| (line, memchr::memchr(b':', line))) {
        Some((line, Some(colon))) => PeerError::new(kind, "a field name is no token")
            .with_expected("a token and a colon")
            .with_came(line.get(..colon).unwrap_or_default()),
        _ => PeerError::new(kind, "a line is no field line").with_expected("a token and a colon"),
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldLines, parse_head, parse_trailers, read_head};
    use crate::h1::error::{PeerError, PeerErrorKind};
    use crate::limits::Limits;
    use crate::message::head::ResponseHead;
    use bytes::BytesMut;
    use http::Version;

    /// So many lines, of which any may be folded.
    fn lines(count: usize) -> FieldLines {
        FieldLines { count, folded: true }
    }

    fn head_of(section: &[u8], fields: usize) -> Result<ResponseHead, PeerError> {
        parse_head(section, lines(fields), &mut BytesMut::new())
    }

    /// A connection's heads share memory, and none is changed by a later one.
    #[test]
    fn heads_stay_what_they_were_while_later_ones_come() {
        let mut heads = BytesMut::new();
        let texts: Vec<String> =
            (0..100).map(|n| format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "v".repeat(n * 7))).collect();
        let parsed: Vec<_> =
            texts.iter().map(|text| parse_head(text.as_bytes(), lines(1), &mut heads).unwrap()).collect();
        for (n, head) in parsed.iter().enumerate() {
            assert_eq!(head.headers["x"].len(), n * 7);
        }
    }

    fn values(text: &str, name: &str) -> Vec<String> {
        let fields = text.matches('\n').count();
        let head = head_of(text.as_bytes(), fields).unwrap();
        head.headers.get_all(name).iter().map(|value| value.as_bytes().escape_ascii().to_string()).collect()
    }

    #[test]
    fn status_version_and_reason_are_kept() {
        let head = head_of(b"HTTP/1.0 404 Pas trouv\xe9\tici\r\n\r\n", 0).unwrap();
        assert_eq!((head.status.as_u16(), head.version), (404, Version::HTTP_10));
        assert_eq!(head.reason, &b"Pas trouv\xe9\tici"[..]);
        for empty in ["HTTP/1.1 200\r\n\r\n", "HTTP/1.1 200 \r\n\r\n"] {
            assert_eq!(head_of(empty.as_bytes(), 0).unwrap().reason, "");
        }
    }

    #[test]
    fn lines_of_one_name_keep_their_order() {
        assert_eq!(values("HTTP/1.1 200 OK\r\nx: 1\r\ny: 2\r\nX:3\r\n\r\n", "x"), ["1", "3"]);
    }

    #[test]
    fn a_folded_line_is_joined_by_one_space() {
        for (text, expected) in [
            ("x: a\r\n b", "a b"),
            ("x: a \t\r\n\t  b", "a b"),
            ("x:\r\n b", "b"),
            ("x: a\r\n ", "a"),
            ("x: a\r\n \r\n b", "a b"),
            ("x: a\r\n b\r\n c", "a b c"),
            ("x: a\r\n y: b", "a y: b"),
            ("x:\r\n \r\n ", ""),
        ] {
            assert_eq!(values(&format!("HTTP/1.1 200 OK\r\n{text}\r\nz: 1\r\n\r\n"), "x"), [expected], "{text:?}");
        }
    }

    #[test]
    fn as_many_fields_as_are_counted_are_read() {
        for count in [1, 31, 32, 33, 500] {
            let text = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(count));
            assert_eq!(head_of(text.as_bytes(), count).unwrap().headers.get_all("x").iter().count(), count);
        }
    }

    #[test]
    fn what_is_no_field_line_is_malformed_and_no_value_is_shown() {
        let error = |line: &str| -> PeerError {
            head_of(format!("HTTP/1.1 200 OK\r\na: hunter2\r\n{line}\r\n\r\n").as_bytes(), 2).unwrap_err()
        };
        for line in ["hunter2", "x : hunter2", ": hunter2", "x y: hunter2", "x\u{e9}: hunter2", "x(): hunter2"] {
            let error = error(line);
            assert_eq!(error.kind(), PeerErrorKind::MalformedHead, "{line}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
        assert_eq!(error("x y: hunter2").came().as_deref(), Some("x y"));
    }

    #[test]
    fn trailers_are_read_as_heads_are() {
        let trailers = parse_trailers(b"x: a\r\n b\r\ny: 1\r\n\r\n", lines(2), |name| name != "y").unwrap();
        assert_eq!(trailers.get("x").unwrap(), "a b");
        assert!(!trailers.contains_key("y"));
        let error = parse_trailers(b"nonsense\r\n\r\n", lines(1), |_| true).unwrap_err();
        assert_eq!(error.kind(), PeerErrorKind::MalformedChunk);
    }
    #[test]
    fn the_final_head_is_read_from_among_interim_ones_and_trailers() {
        let few = Limits { interim_responses: 2, ..Limits::default() };
        let read = |text: &str, limits: &Limits| read_head(text.as_bytes(), limits);
        let interim = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
        let last = "HTTP/1.1 200 OK\r\nx: 1\r\n\r\n";
        let head = read(&format!("{interim}{interim}{last}x: trailer\r\n\r\n"), &few).unwrap();
        assert_eq!((head.status.as_u16(), head.headers.get("x").unwrap().as_bytes()), (200, &b"1"[..]));
        assert_eq!(read("HTTP/1.1 101 Switching Protocols\r\n\r\n", &few).unwrap().status, 101);

        let kind = |text: &str, limits: &Limits| read(text, limits).unwrap_err().kind();
        assert_eq!(kind(&format!("{}{last}", interim.repeat(3)), &few), PeerErrorKind::Limit);
        for text in ["", interim, "HTTP/1.1 200 OK\r\nx: 1\r\n"] {
            assert_eq!(kind(text, &few), PeerErrorKind::Incomplete, "{text:?}");
        }
        assert_eq!(kind("HTTP/2 200 \r\n\r\n", &few), PeerErrorKind::MalformedHead);
        let both = format!("{interim}{last}");
        let exact = Limits { head_bytes: both.len(), head_fields: 1, ..Limits::default() };
        assert_eq!(read(&both, &exact).unwrap().status, 200);
        let less = Limits { head_bytes: both.len() - 1, ..exact };
        assert_eq!(kind(&both, &less), PeerErrorKind::Limit);
        assert_eq!(kind("HTTP/1.1 200 OK\r\nx: 1\r\ny: 2\r\n\r\n", &exact), PeerErrorKind::Limit);
    }
}
