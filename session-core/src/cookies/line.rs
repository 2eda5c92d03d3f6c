//! A Set-Cookie line as parts between semicolons, and the names of its attributes.

use crate::message::grammar::trim_blanks;

/// What stands between two semicolons, trimmed: all of it, or what is before and behind its first `=`.
pub(super) struct Part<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: Option<&'a [u8]>,
}

/// The first part, and what is behind the semicolon that ends it.
pub(super) fn next_part(text: &[u8]) -> (Part<'_>, Option<&[u8]>) {
    let (name, rest) = split_where(text, [b';', b'=']);
    match rest {
        Some([b'=', behind @ ..]) => {
            let (value, rest) = split_where(behind, [b';']);
            (Part { name: trimmed(name), value: Some(trimmed(value)) }, rest.and_then(|rest| rest.get(1..)))
        }
        rest => (Part { name: trimmed(name), value: None }, rest.and_then(|rest| rest.get(1..))),
    }
}

/// As [`trim_blanks`], for the common cases without a loop: nothing to trim, or the one blank behind a semicolon.
fn trimmed(text: &[u8]) -> &[u8] {
    match text.strip_prefix(b" ").unwrap_or(text) {
        bare @ ([first, .., last] | [first @ last]) if *first > b' ' && *last > b' ' => bare,
        other => trim_blanks(other),
    }
}

/// What is before the first of these bytes, and the rest from there on where there is one.
fn split_where<const N: usize>(text: &[u8], wanted: [u8; N]) -> (&[u8], Option<&[u8]>) {
    match find(text, wanted).and_then(|at| text.split_at_checked(at)) {
        Some((before, rest)) => (before, Some(rest)),
        None => (text, None),
    }
}

/// Where one of these bytes stands first. Parts of a line are short: eight octets at a time, without a search to set up,
/// is faster here than a search made for long texts.
fn find<const N: usize>(text: &[u8], wanted: [u8; N]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let (words, rest) = text.as_chunks::<8>();
    let mut before: usize = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        // An octet that is the wanted one becomes zero; the lowest high bit set is that of the first zero.
        let zeros = wanted.map(|byte| word ^ u64::from_ne_bytes([byte; 8]));
        let zeros = zeros.iter().fold(0, |all, word| all | (word.wrapping_sub(ONES) & !word & HIGH));
        if zeros != 0 {
            return Some(before.saturating_add(zeros.trailing_zeros() as usize / 8));
        }
        before = before.saturating_add(8);
    }
    rest.iter().position(|byte| wanted.contains(byte)).map(|at| before.saturating_add(at))
}

/// Whether the text of a line is this word in any case, letters and hyphens, up to eight. All of it is compared at once:
/// the bit that is set makes capitals small, and of a hyphen's two spellings the other is a control, which no line holds.
pub(super) fn is<const N: usize>(text: &[u8], word: &[u8; N]) -> bool {
    const SMALL: u64 = u64::from_ne_bytes([0x20; 8]);
    <[u8; N]>::try_from(text).is_ok_and(|text| whole(&text) | SMALL == whole(word) | SMALL)
}

fn whole<const N: usize>(text: &[u8; N]) -> u64 {
    let mut whole = [0; 8];
    whole.iter_mut().zip(text).for_each(|(place, byte)| *place = *byte);
    u64::from_ne_bytes(whole)
}

/// The attributes of RFC 6265bis 5.6.
pub(super) enum Attribute {
    Expires,
    MaxAge,
    Domain,
    Path,
    Secure,
    HttpOnly,
    SameSite,
}

impl Attribute {
    /// The attribute of this name in any case; `None` for one that is unknown.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        match name.len() {
            4 => is(name, b"path").then_some(Self::Path),
            6 if is(name, b"secure") => Some(Self::Secure),
            6 => is(name, b"domain").then_some(Self::Domain),
            7 if is(name, b"expires") => Some(Self::Expires),
            7 => is(name, b"max-age").then_some(Self::MaxAge),
            8 if is(name, b"httponly") => Some(Self::HttpOnly),
            8 => is(name, b"samesite").then_some(Self::SameSite),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_byte_is_found_where_it_stands_first() {
        for length in 0..40 {
            for at in 0..length {
                // Neighbours that differ in one bit, and in the high bit, are not it.
                for other in [b':', b'<', 0xbb, 0, 0xff, 0x3a] {
                    let mut text = vec![other; length];
                    assert_eq!((find(&text, [b';']), find(&text, [b'=', b';'])), (None, None));
                    text[at] = b';';
                    assert_eq!((find(&text, [b';']), find(&text, [b'=', b';'])), (Some(at), Some(at)));
                    text[length - 1] = b';';
                    assert_eq!((find(&text, [b';']), find(&text, [b'=', b';'])), (Some(at), Some(at)));
                }
            }
        }
    }
}
