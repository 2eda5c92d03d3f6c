//! The small grammars of RFC 9110 section 5.6: tokens, lists, white space, quoted strings.

/// Whether `byte` may stand in a token (RFC 9110 5.6.2).
#[must_use]
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

/// Whether `bytes` is a token: not empty, token bytes only.
#[must_use]
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| is_token_byte(byte))
}

/// Whether `byte` may stand in a field value: visible, space, tab or above 0x7f (RFC 9110 5.5).
#[must_use]
pub fn is_field_value_byte(byte: u8) -> bool {
    byte == b'\t' || (byte >= 0x20 && byte != 0x7f)
}

/// `bytes` without spaces and tabs at both ends (OWS, RFC 9110 5.6.3).
#[must_use]
#[inline(never)]
pub fn trim_blanks(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [b' ' | b'\t', tail @ ..] = rest {
        rest = tail;
    }
    while let [head @ .., b' ' | b'\t'] = rest {
        rest = head;
    }
    rest
}

/// Whether they are the same but for the case of letters. What compares is here once: the standard library's is a part of
/// whoever asks.
#[must_use]
#[inline(never)]
pub fn is_same_word(one: &[u8], other: &[u8]) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// The members of a comma-separated list, trimmed, empty ones left out (RFC 9110 5.6.1). Commas inside quoted strings
/// do not split.
pub fn list_members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    members(value, b',')
}

/// What stands between separators outside of quoted strings, trimmed, empty ones left out. A quote without an end
/// reaches to the end of the value.
pub fn members(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    value
        .split(move |&byte| {
            if escaped {
                escaped = false;
                return false;
            }
            match byte {
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ => return byte == separator && !quoted,
            }
            false
        })
        .map(trim_blanks)
        .filter(|member| !member.is_empty())
}

/// The content of a quoted string that is all of `bytes`, with its escapes undone (RFC 9110 5.6.4).
#[must_use]
pub fn unquoted(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes.strip_prefix(b"\"")?.iter();
    let mut content = Vec::with_capacity(bytes.len());
    loop {
        match rest.next()? {
            b'"' => break,
            b'\\' => content.push(*rest.next()?),
            byte => content.push(*byte),
        }
    }
    if rest.as_slice().is_empty() { Some(content) } else { None }
}

/// A number written in decimal digits and nothing else; `None` for anything else and for more than 64 bits.
#[must_use]
pub fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, &digit| {
        let value = match digit {
            b'0'..=b'9' => u64::from(digit & 0x0f),
            _ => return None,
        };
        number.checked_mul(10)?.checked_add(value)
    })
}

#[cfg(test)]
mod tests {
    use super::{decimal, is_token, list_members, members, trim_blanks, unquoted};

    #[test]
    fn tokens_hold_no_separators() {
        assert!(is_token(b"!#$%&'*+-.^_`|~09azAZ"));
        for bad in ["", "a b", "a:", "(a)", "a\"", "\u{fc}", "a\0"] {
            assert!(!is_token(bad.as_bytes()), "{bad:?}");
        }
    }

    #[test]
    fn lists_split_at_commas_outside_of_quotes() {
        let members = |value: &'static str| {
            list_members(value.as_bytes())
                .map(|member| String::from_utf8_lossy(member).into_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(members(" a,, b\t,"), ["a", "b"]);
        assert_eq!(members("a=\"x, \\\" y\", b"), ["a=\"x, \\\" y\"", "b"]);
        assert_eq!(members(" , "), Vec::<String>::new());
    }

    #[test]
    fn other_separators_split_alike() {
        let shown: Vec<&[u8]> = members(b" a=\"x;y\";; b, c ;", b';').collect();
        assert_eq!(shown, [&b"a=\"x;y\""[..], b"b, c"]);
        assert_eq!(members(b"a;\"b;c", b';').count(), 2);
    }

    #[test]
    fn a_quoted_string_is_all_or_nothing() {
        assert_eq!(unquoted(b"\"a \\\"b\\\" \\\\ \\c\""), Some(b"a \"b\" \\ c".to_vec()));
        assert_eq!(unquoted(b"\"\""), Some(Vec::new()));
        for bad in ["", "a", "\"", "\"a", "\"a\"b", "\"a\\\"", " \"a\""] {
            assert_eq!(unquoted(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn only_spaces_and_tabs_are_trimmed() {
        assert_eq!(trim_blanks(b" \t a\x0b \t"), b"a\x0b");
        assert_eq!(trim_blanks(b" \t "), b"");
    }

    #[test]
    fn decimals_are_digits_that_fit() {
        assert_eq!(decimal(b"00005"), Some(5));
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        for bad in ["", "+5", "-5", "5.0", "0x5", "5 5", "18446744073709551616", "\u{665}"] {
            assert_eq!(decimal(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
