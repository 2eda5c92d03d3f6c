//! From the bytes of a complete head to status and fields.
//!
//! It is read once all of it is there and `section` has looked at each byte: the status line is one, lines end in CRLF, and no other
//! control stands in them. So what is left is where names and values begin and end, and that names are tokens; folded lines are
//! joined. What the fields mean is left to others.

use crate::h1::error::{PeerError, PeerErrorKind};
use crate::h1::section::{FieldLines, Opening, STATUS_LINE_START, SectionFault, SectionScan};
use crate::limits::Limits;
use crate::message::grammar::{is_token, trim_blanks};
use crate::message::head::ResponseHead;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use std::ops::Range;

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
    let section = heads.split().freeze();
    let kind = PeerErrorKind::MalformedHead;
    let code = section.get(STATUS_CODE).and_then(|code| StatusCode::from_bytes(code).ok());
    let mut head = ResponseHead::new(code.ok_or_else(|| PeerError::new(kind, "the status code is none"))?);
    if section.starts_with(b"HTTP/1.0") {
        head.version = Version::HTTP_10;
    }
    let fields_start = memchr::memchr(b'\n', &section).map_or(section.len(), |end| end.saturating_add(1));
    let reason = STATUS_LINE_START..fields_start.saturating_sub(LINE_END);
    if !reason.is_empty() {
        head.reason = section.slice(reason);
    }
    head.headers = parse_fields(&section, fields_start, fields, kind, &|_| true)?;
    Ok(head)
}

/// Where the status code stands.
const STATUS_CODE: Range<usize> = 9..12;

/// How long CRLF is.
const LINE_END: usize = 2;

/// How much memory is taken at once for the heads of a connection.
const HEADS: usize = 2 * 1024;

/// Reads a trailer section of these field lines, leaving out the fields that `counts` does not want.
pub(super) fn parse_trailers(
    section: &[u8],
    fields: FieldLines,
    counts: impl Fn(&HeaderName) -> bool,
) -> Result<HeaderMap, PeerError> {
    parse_fields(&Bytes::copy_from_slice(section), 0, fields, PeerErrorKind::MalformedChunk, &counts)
}

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

/// Reads the field lines from `at` on, up to the blank line, leaving out those that `counts` does not want.
fn parse_fields(
    section: &Bytes,
    mut at: usize,
    fields: FieldLines,
    kind: PeerErrorKind,
    counts: &dyn Fn(&HeaderName) -> bool,
) -> Result<HeaderMap, PeerError> {
    let too_many = || PeerError::new(PeerErrorKind::Limit, "there are more field lines than can be held");
    let mut headers = HeaderMap::try_with_capacity(fields.count).map_err(|_| too_many())?;
    loop {
        let rest = section.get(at..).unwrap_or_default();
        let end = line_end(rest, fields);
        let line = rest.get(..end).unwrap_or(rest);
        if line.is_empty() {
            return Ok(headers);
        }
        at = at.saturating_add(end).saturating_add(LINE_END);
        let colon = line.iter().position(|&byte| byte == b':');
        let Some((name, value)) = colon.and_then(|colon| line.split_at_checked(colon)) else {
            return Err(PeerError::new(kind, "a line is no field line").with_expected("a token and a colon"));
        };
        let name = HeaderName::from_bytes(name).map_err(|_| bad_name(name, kind))?;
        if !counts(&name) {
            continue;
        }
        let value = match value {
            // As nearly all are written.
            [b':', b' ', value @ ..] | [b':', value @ ..] | value => value,
        };
        let value = match value {
            [b' ' | b'\t', ..] | [.., b' ' | b'\t'] => trim_blanks(value),
            _ => value,
        };
        let value = if fields.folded { unfolded(section, value) } else { section.slice_ref(value) };
        let value = HeaderValue::from_maybe_shared(value).map_err(|_| {
            PeerError::new(kind, "a field value holds what it must not").with_came(name.as_str().as_bytes())
        })?;
        if headers.try_append(name, value).is_err() {
            return Err(too_many());
        }
    }
}

/// How long the line is that `rest` begins with, those included that it is folded into, without its end.
fn line_end(rest: &[u8], fields: FieldLines) -> usize {
    let mut end = memchr::memchr(b'\n', rest).map_or(0, |lf| lf.saturating_sub(1));
    while fields.folded && end > 0 {
        let next = end.saturating_add(LINE_END);
        match rest.get(next..) {
            Some(folded @ [b' ' | b'\t', ..]) => match memchr::memchr(b'\n', folded) {
                Some(lf) => end = next.saturating_add(lf).saturating_sub(1),
                None => break,
            },
            _ => break,
        }
    }
    end
}

/// The error of a name that is none. It alone is shown, and not the value.
fn bad_name(name: &[u8], kind: PeerErrorKind) -> PeerError {
    match is_token(name) {
        true => PeerError::new(kind, "a field name is none").with_came(name),
        false => PeerError::new(kind, "a field name is no token").with_expected("a token and a colon").with_came(name),
    }
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
