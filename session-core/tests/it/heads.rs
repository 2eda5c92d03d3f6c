//! Heads are read as httparse reads them, which everybody has fuzzed, but for what it is lenient about.

use httparse::{Header, ParserConfig, Response, Status};
use proptest::prelude::*;
use session_core::h1::read_head;
use session_core::limits::Limits;

/// Status and fields, names in lower case and values joined where they were folded.
type Head = (u16, Vec<(String, Vec<u8>)>);

fn by_httparse(bytes: &[u8]) -> Option<Head> {
    let mut lines = [httparse::EMPTY_HEADER; 64];
    let mut response = Response::new(&mut lines);
    let mut config = ParserConfig::default();
    config.allow_obsolete_multiline_headers_in_responses(true);
    match config.parse_response(&mut response, bytes) {
        Ok(Status::Complete(_)) => {}
        _ => return None,
    }
    let joined = |line: &Header<'_>| {
        let parts = line.value.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(&b' ')
    };
    let fields = response.headers.iter().map(|line| (line.name.to_ascii_lowercase(), joined(line))).collect();
    Some((response.code?, fields))
}

fn by_us(bytes: &[u8]) -> Option<Head> {
    let head = read_head(bytes, &Limits::default()).ok()?;
    let fields = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
    Some((head.status.as_u16(), fields.collect()))
}

/// Lines of one name stand together in a map: both sides in the order of the map.
fn in_order((status, mut fields): Head) -> Head {
    fields.sort_by(|(one, _), (other, _)| one.cmp(other));
    (status, fields)
}

/// A byte that may stand in a line, those that mean something more often than others.
fn byte() -> impl Strategy<Value = u8> {
    let any = any::<u8>().prop_map(|byte| if byte < b' ' || byte == 0x7f { b'x' } else { byte });
    prop_oneof![4 => Just(b':'), 4 => Just(b' '), 2 => Just(b'\t'), 6 => b'a'..=b'c', 2 => b'A'..=b'C', 4 => any]
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let field = ("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,9}", prop::collection::vec(byte(), 0..12))
        .prop_map(|(name, value)| [name.as_bytes(), b":", &value].concat());
    let folded = prop::collection::vec(byte(), 0..6).prop_map(|rest| [b" ".as_slice(), &rest].concat());
    prop_oneof![6 => field, 2 => folded, 1 => prop::collection::vec(byte(), 1..12)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_lines_of_a_head_are_read_as_httparse_reads_them(
        reason in prop::collection::vec(byte(), 0..8),
        lines in prop::collection::vec(line(), 0..6),
    ) {
        let mut bytes = [b"HTTP/1.1 203 ".as_slice(), &reason].concat();
        for line in &lines {
            bytes.extend_from_slice(b"\r\n");
            bytes.extend_from_slice(line);
        }
        bytes.extend_from_slice(b"\r\n\r\n");
        prop_assert_eq!(by_us(&bytes).map(in_order), by_httparse(&bytes).map(in_order), "{}", bytes.escape_ascii());
    }

    /// What httparse refuses nobody takes, whatever the bytes are.
    #[test]
    fn no_head_is_taken_that_httparse_refuses(
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        lines in prop::collection::vec(line(), 0..4),
    ) {
        let mut bytes = [b"HTTP/1.1 203 x\r\n".as_slice(), &lines.join(b"\r\n".as_slice()), b"\r\n\r\n"].concat();
        let at = place.index(bytes.len());
        bytes[at] = byte;
        if let Some(ours) = by_us(&bytes) {
            prop_assert_eq!(Some(in_order(ours)), by_httparse(&bytes).map(in_order), "{}", bytes.escape_ascii());
        }
    }
}
