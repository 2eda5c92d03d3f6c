//! The rules of the public suffix list, as fingerprints: whether a name is a public suffix, and nothing else.
//!
//! `suffix_rules/` holds what `scripts/public-suffix-list` makes of Mozilla's list (<https://publicsuffix.org/>, Mozilla Public
//! License 2.0): a sorted table of 64 bits for each rule of more than one label, and the names of the exceptions.
//!
//! A name is a public suffix by a rule that is the name itself, or by `*.` before the name above it, unless it is an
//! exception; and a single label always is (the list's default rule). So no rule is ever taken apart, and a rule's text is not
//! needed. Fingerprints can be made to collide: that makes somebody's own name a public suffix, which sets fewer cookies. What
//! makes a name less of a suffix, the exceptions, is text.

/// When the list was, in UTC.
pub(super) const VERSION: &str = include_str!("suffix_rules/version.txt");

const RULES: &[u8] = include_bytes!("suffix_rules/rules.bin");
const EXCEPTIONS: &str = include_str!("suffix_rules/exceptions.txt");

/// Whether a canonical name, which is no address and does not end with a dot, is a public suffix.
pub(super) fn is_public_suffix(name: &str) -> bool {
    let Some((label, above)) = name.split_once('.') else { return !name.is_empty() };
    let dot = above.bytes().rev().fold(SEED, mixed);
    let dot = mixed(dot, b'.');
    if is_rule(label.bytes().rev().fold(dot, mixed)) {
        return true;
    }
    is_rule(mixed(dot, b'*')) && !label.is_empty() && !EXCEPTIONS.lines().any(|exception| exception == name)
}

fn is_rule(fingerprint: u64) -> bool {
    let (rules, _) = RULES.as_chunks();
    rules.binary_search_by(|rule| u64::from_be_bytes(*rule).cmp(&fingerprint)).is_ok()
}

// FNV-1a, octets from the right, so that a name and what stands above it share a beginning.
const SEED: u64 = 0xcbf2_9ce4_8422_2325;

fn mixed(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

#[cfg(test)]
mod tests {
    use super::{EXCEPTIONS, RULES, VERSION, is_public_suffix};

    #[test]
    fn the_table_is_whole_and_in_order() {
        let (rules, rest) = RULES.as_chunks::<8>();
        assert!(rules.len() > 5000 && rest.is_empty());
        assert!(rules.is_sorted_by(|one, next| one < next));
        assert!(EXCEPTIONS.lines().count() > 0 && VERSION.starts_with("20"));
    }

    #[test]
    fn an_exception_takes_its_own_name_out_and_no_other() {
        for exception in EXCEPTIONS.lines() {
            let above = exception.split_once('.').unwrap().1;
            assert!(!is_public_suffix(exception), "{exception}");
            assert!(is_public_suffix(&format!("x.{above}")) && !is_public_suffix(&format!("x.{exception}")));
        }
    }
}
