//! Finding the end of a head or of a trailer section while its bytes trickle in.
//!
//! Each byte is looked at once. A fault is found at the byte that makes it one, whatever the cut of the reads, so that
//! the same bytes always give the same error. What the lines mean is left to `head`.

/// Which section is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// A status line precedes the fields.
    StatusLine,
    /// The fields stand alone.
    Fields,
}

/// What cannot be the section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SectionFault {
    /// The byte at this place cannot stand in a status line.
    StatusLine(usize),
    /// A control byte at this place: a NUL, a bare CR, a bare LF.
    Control(usize),
    /// The line that starts here is folded onto nothing.
    Fold(usize),
    /// More bytes than allowed.
    Bytes,
    /// More field lines than allowed.
    Fields,
}

/// How far a section was searched.
#[derive(Clone, Debug)]
pub(super) struct SectionScan {
    opening: Opening,
    scanned: usize,
    line_start: usize,
    lines: usize,
    found: FieldLines,
}

/// The field lines of a section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FieldLines {
    /// How many there are, folded lines not counted.
    pub(super) count: usize,
    /// Whether any of them goes on in a folded line (RFC 9112 5.2).
    pub(super) folded: bool,
}

impl SectionScan {
    pub(super) fn new(opening: Opening) -> Self {
        Self { opening, scanned: 0, line_start: 0, lines: 0, found: FieldLines::default() }
    }

    /// The field lines that were found.
    pub(super) fn fields(&self) -> FieldLines {
        self.found
    }

    /// Searches on. `bytes` is the section from its start, as far as it is known. Gives its length, the blank line
    /// included, once all of it is there.
    pub(super) fn advance(
        &mut self,
        bytes: &[u8],
        max_bytes: usize,
        max_fields: usize,
    ) -> Result<Option<usize>, SectionFault> {
        // What lies beyond the bound is not looked at: whether a fault or the bound comes first must not depend on
        // how much was read at once.
        let known = bytes.get(..max_bytes).unwrap_or(bytes);
        if self.opening == Opening::StatusLine
            && self.scanned < STATUS_LINE_START
            && let Some(at) = status_line_fault(known)
        {
            return Err(SectionFault::StatusLine(at));
        }
        while let Some(at) = control_at(known, self.scanned) {
            match (known.get(at), known.get(at.saturating_add(1))) {
                (Some(b'\r'), Some(b'\n')) => {}
                (Some(b'\r'), None) => {
                    self.scanned = at;
                    return if bytes.len() > known.len() { Err(SectionFault::Bytes) } else { Ok(None) };
                }
                _ => return Err(SectionFault::Control(at)),
            }
            let next = at.saturating_add(2);
            if at == self.line_start && (self.lines > 0 || self.opening == Opening::Fields) {
                return Ok(Some(next));
            }
            if self.lines > 0 || self.opening == Opening::Fields {
                if matches!(known.get(self.line_start), Some(b' ' | b'\t')) {
                    if self.found.count == 0 {
                        return Err(SectionFault::Fold(self.line_start));
                    }
                    self.found.folded = true;
                } else {
                    self.found.count = self.found.count.saturating_add(1);
                    if self.found.count > max_fields {
                        return Err(SectionFault::Fields);
                    }
                }
            }
            self.lines = self.lines.saturating_add(1);
            self.line_start = next;
            self.scanned = next;
        }
        self.scanned = known.len();
        if bytes.len() > known.len() { Err(SectionFault::Bytes) } else { Ok(None) }
    }
}

/// The bytes of a status line up to the one after the status code.
pub(super) const STATUS_LINE_START: usize = 13;

/// The first byte that cannot stand where it stands in `HTTP/1.x DDD`, the byte after it included (RFC 9112 4).
fn status_line_fault(bytes: &[u8]) -> Option<usize> {
    // Nearly always nothing is wrong.
    if let [
        b'H',
        b'T',
        b'T',
        b'P',
        b'/',
        b'1',
        b'.',
        b'0' | b'1',
        b' ',
        b'1'..=b'9',
        b'0'..=b'9',
        b'0'..=b'9',
        b' ' | b'\r',
        ..,
    ] = bytes
    {
        return None;
    }
    bytes.iter().take(STATUS_LINE_START).enumerate().position(|(at, &byte)| match at {
        0..7 => Some(&byte) != b"HTTP/1.".get(at),
        7 => !matches!(byte, b'0' | b'1'),
        8 => byte != b' ',
        9 => !matches!(byte, b'1'..=b'9'),
        10 | 11 => !byte.is_ascii_digit(),
        _ => !matches!(byte, b' ' | b'\r'),
    })
}

/// The first byte from `from` on that no line may hold: a control other than a tab.
fn control_at(bytes: &[u8], from: usize) -> Option<usize> {
    let is_control = |byte: u8| (byte < b' ' && byte != b'\t') || byte == 0x7f;
    let (words, rest) = bytes.get(from..)?.as_chunks::<WORD>();
    let mut at = from;
    for word in words {
        let mut candidates = below_space_or_del(u64::from_le_bytes(*word));
        while candidates != 0 {
            let within = usize::try_from(candidates.trailing_zeros() / u8::BITS).unwrap_or_default();
            if word.get(within).is_some_and(|&byte| is_control(byte)) {
                return Some(at.saturating_add(within));
            }
            candidates &= candidates.wrapping_sub(1);
        }
        at = at.saturating_add(WORD);
    }
    rest.iter().position(|&byte| is_control(byte)).map(|within| at.saturating_add(within))
}

const WORD: usize = size_of::<u64>();

/// The high bits of those of eight bytes that are below the space, or DEL. Behind the first of them others may be marked too.
fn below_space_or_del(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES << 7;
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES.wrapping_mul(bound)) & !word & HIGH;
    below(word, u64::from(b' ')) | below(word ^ ONES.wrapping_mul(0x7f), 1)
}

#[cfg(test)]
mod tests {
    use super::{Opening, SectionFault, SectionScan, WORD, control_at};

    /// Feeds whole and byte by byte; both must agree.
    fn scan(
        opening: Opening,
        bytes: &[u8],
        max_bytes: usize,
        max_fields: usize,
    ) -> Result<Option<usize>, SectionFault> {
        let whole = SectionScan::new(opening).advance(bytes, max_bytes, max_fields);
        let mut scan = SectionScan::new(opening);
        let mut last = Ok(None);
        for end in 1..=bytes.len() {
            last = scan.advance(&bytes[..end], max_bytes, max_fields);
            if last != Ok(None) {
                break;
            }
        }
        assert_eq!(whole, last, "{:?}", bytes.escape_ascii().to_string());
        whole
    }

    fn head(bytes: &[u8]) -> Result<Option<usize>, SectionFault> {
        scan(Opening::StatusLine, bytes, 1000, 10)
    }

    #[test]
    fn the_blank_line_ends_it() {
        assert_eq!(head(b"HTTP/1.1 200 OK\r\n\r\nbody"), Ok(Some(19)));
        assert_eq!(head(b"HTTP/1.1 200\r\nx: y\r\n\r\n"), Ok(Some(22)));
        assert_eq!(head(b"HTTP/1.1 200 OK\r\nx: y\r\n\r"), Ok(None));
        assert_eq!(scan(Opening::Fields, b"\r\nx", 10, 10), Ok(Some(2)));
        assert_eq!(scan(Opening::Fields, b"x: y\r\n\r\n", 10, 10), Ok(Some(8)));
    }

    #[test]
    fn a_wrong_byte_is_found_where_it_stands() {
        assert_eq!(head(b"SSH-2.0-x"), Err(SectionFault::StatusLine(0)));
        assert_eq!(head(b"HTTP/1.10 200 OK"), Err(SectionFault::StatusLine(8)));
        assert_eq!(head(b"HTTP/1.1 099 OK"), Err(SectionFault::StatusLine(9)));
        assert_eq!(head(b"HTTP/1.1 2000 OK"), Err(SectionFault::StatusLine(12)));
        assert_eq!(head(b"HTTP/1.1 200\n"), Err(SectionFault::StatusLine(12)));
        assert_eq!(head(b"HTTP/1.1 200 OK\n"), Err(SectionFault::Control(15)));
        assert_eq!(head(b"HTTP/1.1 200 OK\rx"), Err(SectionFault::Control(15)));
        assert_eq!(head(b"HTTP/1.1 200 OK\r\nx: a\0b"), Err(SectionFault::Control(21)));
        assert_eq!(head(b"HTTP/1.1 200 OK\r\n x: y\r\n"), Err(SectionFault::Fold(17)));
    }

    /// Eight bytes are looked at at once, and what stands behind or before a control must not hide it.
    #[test]
    fn a_control_is_found_at_every_place_beside_any_byte() {
        for byte in 0..=u8::MAX {
            for at in 0..=2 * WORD {
                for beside in [b'\t', b' ', b'a', 0x80, 0xff] {
                    let mut bytes = [beside; 2 * WORD + 1];
                    bytes[at] = byte;
                    let is_control = (byte < b' ' && byte != b'\t') || byte == 0x7f;
                    assert_eq!(control_at(&bytes, 0), is_control.then_some(at), "{byte:#x} at {at} beside {beside:#x}");
                    assert_eq!(control_at(&bytes, at), is_control.then_some(at));
                    assert_eq!(control_at(&bytes, at + 1), None);
                }
            }
        }
    }

    #[test]
    fn bounds_are_inclusive() {
        let bytes = b"HTTP/1.1 200 OK\r\nx: y\r\n z\r\n\r\n";
        assert_eq!(scan(Opening::StatusLine, bytes, bytes.len(), 1), Ok(Some(bytes.len())));
        assert_eq!(scan(Opening::StatusLine, bytes, bytes.len() - 1, 1), Err(SectionFault::Bytes));
        assert_eq!(scan(Opening::StatusLine, bytes, bytes.len(), 0), Err(SectionFault::Fields));
        assert_eq!(scan(Opening::StatusLine, b"HTTP/1.1 200 \r\r", 14, 1), Err(SectionFault::Bytes));
    }
}
