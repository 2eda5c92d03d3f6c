//! Domain matching (RFC 6265bis 5.1.3), public suffixes, and which domain a cookie gets.

use super::reason::Rejection;
#[cfg(feature = "psl")]
use super::suffix_rules;
use crate::message::host::CanonicalHost;
#[cfg(feature = "psl")]
use std::net::IpAddr;

/// Knows under which domains strangers register names: nobody may set cookies for all of `co.uk`.
///
/// A list that could not be loaded should say yes to everything: then each cookie stays with the host that set it.
pub trait PublicSuffix: Send + Sync {
    /// Whether `domain` is a public suffix. It is canonical: lower case, A-labels, no dot in front or at the end, no
    /// IP address.
    fn is_public_suffix(&self, domain: &str) -> bool;
}

/// For want of a list: single labels (`com`, `localhost`) are public suffixes, nothing else.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a name for a rule; it will never hold anything")]
pub struct SingleLabels;

impl PublicSuffix for SingleLabels {
    fn is_public_suffix(&self, domain: &str) -> bool {
        !domain.contains('.')
    }
}

/// The list switched off: only the domain match counts.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a name for a rule; it will never hold anything")]
pub struct NoSuffixes;

impl PublicSuffix for NoSuffixes {
    fn is_public_suffix(&self, _: &str) -> bool {
        false
    }
}

/// The public suffix list that is compiled in, both its ICANN and its private section. A single label that is not on the list is
/// a public suffix too (the list's default rule). Each release of this crate has the list of its day: who needs a newer one
/// hands in a [`PublicSuffix`] of his own.
#[cfg(feature = "psl")]
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a name for a rule; it will never hold anything")]
pub struct CompiledList;

#[cfg(feature = "psl")]
impl CompiledList {
    /// When the list was, in UTC, as the list itself says it: `2026-10-22_08-36-41_UTC`.
    #[must_use]
    pub fn version(&self) -> &'static str {
        suffix_rules::VERSION
    }
}

#[cfg(feature = "psl")]
impl PublicSuffix for CompiledList {
    fn is_public_suffix(&self, domain: &str) -> bool {
        // Whoever reads an address as a name finds a suffix in it, by the default rule if by no other. An address ends with
        // a digit in base 16 or a colon: few names are worth a closer look.
        let like_address = domain.ends_with(|end: char| end.is_ascii_hexdigit() || end == ':');
        if like_address && domain.parse::<IpAddr>().is_ok() {
            return false;
        }
        suffix_rules::is_public_suffix(domain)
    }
}

/// Whether a cookie of `domain` may go to `host`: they are equal, or `host` is a name below `domain`.
///
/// ```
/// use session_core::cookies::domain::domain_match;
/// use session_core::message::host::CanonicalHost;
///
/// let host = CanonicalHost::parse("W.A.test").unwrap();
/// assert!(domain_match(&host, "a.test"));
/// assert!(!domain_match(&host, "test.a"));
/// ```
#[must_use]
pub fn domain_match(host: &CanonicalHost, domain: &str) -> bool {
    host.as_str() == domain || (host.ip().is_none() && is_below(host.as_str(), domain))
}

/// Whether the name `name` ends with a dot and `domain`.
pub(super) fn is_below(name: &str, domain: &str) -> bool {
    !domain.is_empty() && name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether `domain`, which may end with a dot, is a public suffix.
pub(super) fn is_public_suffix(list: &dyn PublicSuffix, domain: &str) -> bool {
    list.is_public_suffix(domain.strip_suffix('.').unwrap_or(domain))
}

/// Who a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scope<'a> {
    pub(super) domain: &'a str,
    pub(super) host_only: bool,
}

/// The scope of a cookie that `host` sets with this Domain attribute (RFC 6265bis 5.7, the steps on the domain).
pub(super) fn scope<'h>(
    host: &'h CanonicalHost,
    attribute: Option<&[u8]>,
    is_suffix: impl FnOnce(&'h str) -> bool,
) -> Result<Scope<'h>, Rejection> {
    let own = Scope { domain: host.as_str(), host_only: true };
    let Some(domain) = attribute else { return Ok(own) };
    if host.ip().is_some() {
        // An address has nothing below it: what it sets is for itself, whether it says so or not.
        let bare = domain.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or(domain);
        return if bare == host.as_str().as_bytes() { Ok(own) } else { Err(Rejection::DomainMismatch) };
    }
    let domain = end_of(host.as_str(), domain).ok_or(Rejection::DomainMismatch)?;
    if is_suffix(domain) {
        return if domain == host.as_str() { Ok(own) } else { Err(Rejection::PublicSuffix) };
    }
    Ok(Scope { domain, host_only: false })
}

/// The end of a name that is this domain: the whole name, or what is behind one of its dots.
fn end_of<'n>(name: &'n str, domain: &[u8]) -> Option<&'n str> {
    let (above, end) = name.split_at_checked(name.len().checked_sub(domain.len())?)?;
    let at_label = above.is_empty() || above.ends_with('.');
    (at_label && !end.is_empty() && end.as_bytes() == domain).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::{NoSuffixes, PublicSuffix, Scope, SingleLabels, domain_match, is_public_suffix};
    use crate::cookies::reason::Rejection;
    use crate::message::host::CanonicalHost;

    fn scope<'h>(
        host: &'h CanonicalHost,
        domain: Option<&str>,
        list: &dyn PublicSuffix,
    ) -> Result<Scope<'h>, Rejection> {
        super::scope(host, domain.map(str::as_bytes), |domain| is_public_suffix(list, domain))
    }

    fn host(text: &str) -> CanonicalHost {
        CanonicalHost::parse(text).unwrap()
    }

    #[test]
    fn a_domain_matches_itself_and_names_below_it() {
        assert!(domain_match(&host("a.test"), "a.test"));
        assert!(domain_match(&host("X.A.test"), "a.test"));
        assert!(domain_match(&host("x.a.test."), "a.test."));
        for (name, domain) in [
            ("ba.test", "a.test"),
            ("a.test", "x.a.test"),
            ("a.test.", "a.test"),
            ("a.test", "a.test."),
            ("a.test", ".test"),
            ("a.test", ""),
            ("a.test.", ""),
        ] {
            assert!(!domain_match(&host(name), domain), "{name} {domain}");
        }
    }

    /// CVE-2014-3613: an address is no name.
    #[test]
    fn an_address_matches_itself_only() {
        assert!(domain_match(&host("192.168.0.1"), "192.168.0.1"));
        assert!(domain_match(&host("[::1]"), "::1"));
        for domain in ["168.0.1", "0.1", "1", "[::1]"] {
            assert!(!domain_match(&host("192.168.0.1"), domain), "{domain}");
        }
        assert!(!domain_match(&host("[::ffff:1.2.3.4]"), "1.2.3.4"));
    }

    #[test]
    fn an_address_sets_cookies_for_itself_only() {
        for (name, domain) in [("10.0.0.1", "10.0.0.1"), ("[::1]", "[::1]"), ("[::1]", "::1")] {
            let host = host(name);
            assert_eq!(scope(&host, Some(domain), &NoSuffixes), Ok(Scope { domain: host.as_str(), host_only: true }));
        }
        for domain in ["0.0.1", "1", "0x0a.0.0.1", "012.0.0.1", "10.0.0.2", "%31%30.0.0.1", "167772161"] {
            assert_eq!(scope(&host("10.0.0.1"), Some(domain), &NoSuffixes), Err(Rejection::DomainMismatch), "{domain}");
        }
    }

    #[test]
    fn a_public_suffix_is_refused_or_becomes_host_only_on_itself() {
        assert_eq!(scope(&host("a.test"), Some("test"), &SingleLabels), Err(Rejection::PublicSuffix));
        assert_eq!(scope(&host("a.test."), Some("test."), &SingleLabels), Err(Rejection::PublicSuffix));
        assert_eq!(scope(&host("test"), Some("test"), &SingleLabels), Ok(Scope { domain: "test", host_only: true }));
        assert_eq!(scope(&host("a.test"), Some("test"), &NoSuffixes), Ok(Scope { domain: "test", host_only: false }));
    }

    #[test]
    fn without_a_list_single_labels_are_suffixes() {
        assert!(SingleLabels.is_public_suffix("com") && SingleLabels.is_public_suffix("localhost"));
        assert!(!SingleLabels.is_public_suffix("co.uk"));
    }

    #[cfg(feature = "psl")]
    #[test]
    fn the_compiled_list_has_wildcards_exceptions_the_private_section_and_the_default_rule() {
        use super::CompiledList;
        for suffix in
            ["com", "co.uk", "foo.ck", "foo.kawasaki.jp", "github.io", "zzunlisted", "xn--55qx5d.cn", "localhost"]
        {
            assert!(CompiledList.is_public_suffix(suffix), "{suffix}");
        }
        for name in ["a.com", "a.co.uk", "www.ck", "city.kawasaki.jp", "u.github.io", "a.zzunlisted", "10.0.0.1", "::1"]
        {
            assert!(!CompiledList.is_public_suffix(name), "{name}");
        }
    }
}
