//! netrc texts: entries that are known, with anything behind them, beside a list that is scanned.

use arbitrary::Arbitrary;
use session_core::auth::netrc::Netrc;
use session_core::message::host::CanonicalHost;

/// Entries, and what stands behind them.
#[derive(Arbitrary, Clone, Debug)]
pub struct File<'a> {
    /// The entries, as [`Entry`] reads a number.
    pub entries: Vec<u8>,
    /// The rest of the text.
    pub rest: &'a [u8],
}

/// One entry: which host, and what it has.
#[derive(Clone, Copy)]
struct Entry {
    /// `None` for `default`.
    host: Option<&'static str>,
    login: bool,
    password: bool,
    quoted: bool,
    /// Its words each on a line.
    lines: bool,
    number: usize,
}

const HOSTS: [Option<&str>; 4] = [Some("a.test"), Some("b.test"), Some("[::1]"), None];

impl Entry {
    fn of(byte: u8, number: usize) -> Self {
        Self {
            host: HOSTS[usize::from(byte & 3)],
            login: byte & 4 != 0,
            password: byte & 8 != 0,
            quoted: byte & 16 != 0,
            lines: byte & 32 != 0,
            number,
        }
    }

    fn text(self) -> String {
        let gap = if self.lines { "\n\t" } else { " " };
        let value = |what: &str| {
            let value = format!("{what}{}", self.number);
            if self.quoted { format!("\"{value}\"") } else { value }
        };
        let mut text = match self.host {
            Some(host) => format!("machine{gap}{host}"),
            None => "default".to_owned(),
        };
        if self.login {
            text.push_str(&format!("{gap}login{gap}{}", value("user")));
        }
        if self.password {
            text.push_str(&format!("{gap}password{gap}{}", value("s-pw")));
        }
        text + "\n# a comment\n"
    }
}

/// The entries, and any text behind them.
pub fn check_netrc(file: &File<'_>) {
    let rest = String::from_utf8_lossy(file.rest);
    check_any(&rest);
    let entries: Vec<Entry> =
        file.entries.iter().take(12).enumerate().map(|(number, byte)| Entry::of(*byte, number)).collect();
    let text: String = entries.iter().map(|entry| entry.text()).collect();
    let (netrc, _) = Netrc::parse(&text);
    for host in HOSTS.into_iter().flatten().chain(["other.test"]) {
        let canonical = CanonicalHost::parse(host).expect("a host of our own");
        let found = netrc.lookup(&canonical).map(|found| found.authorization().expect("it was checked"));
        assert_eq!(found, expected(&entries, host), "{host} in {text}");
    }
    // Whatever comes behind a machine that is over does not change it.
    let (longer, _) = Netrc::parse(&format!("{text}machine last.test login l password p\n{rest}"));
    for host in HOSTS.into_iter().flatten() {
        let canonical = CanonicalHost::parse(host).expect("a host of our own");
        if entries.iter().any(|entry| entry.host == Some(host) && entry.login && entry.password) {
            assert_eq!(longer.lookup(&canonical), netrc.lookup(&canonical), "{host} in {text}{rest}");
        }
    }
    // Hosts are printed in their canonical form, and the rest may name one that has this form; ours do not.
    assert!(!format!("{netrc:?}").contains("s-pw"), "a password is printed");
}

/// The first complete entry of the host; those of `default` only where it has none at all.
fn expected(entries: &[Entry], host: &str) -> Option<http::HeaderValue> {
    let own = entries.iter().any(|entry| entry.host == Some(host));
    let wanted = if own { Some(host) } else { None };
    let found = entries.iter().find(|entry| entry.host == wanted && entry.login && entry.password)?;
    let credential = session_core::auth::credentials::Credential::basic(
        format!("user{}", found.number),
        format!("s-pw{}", found.number),
    );
    credential.authorization().ok()
}

/// Any text.
fn check_any(text: &str) {
    let (netrc, warnings) = Netrc::parse(text);
    let lines = text.lines().count().max(1);
    assert!(warnings.windows(2).all(|pair| pair[0].line <= pair[1].line), "warnings are in order");
    assert!(warnings.iter().all(|warning| (1..=lines).contains(&warning.line)), "{warnings:?} of {lines} lines");
    assert!(warnings.len() <= text.len() * 2 + 1, "each word is told of once or twice");
    assert!(!netrc.is_empty() || netrc.lookup(&CanonicalHost::parse("a.test").expect("a host")).is_none());
    for host in ["a.test", "other.test"] {
        let host = CanonicalHost::parse(host).expect("a host of our own");
        if let Some(found) = netrc.lookup(&host) {
            assert!(found.authorization().is_ok(), "what is found can be sent");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, File, check_netrc, expected};

    #[test]
    fn entries_and_garbage_are_read() {
        for rest in [
            "",
            "login x",
            "macdef m\nmachine a.test login evil password evil",
            "\"unfinished",
            "machine",
            "\u{feff}# \u{e9}\0",
        ] {
            for entries in [vec![], vec![12, 13, 15], vec![4, 8, 12, 0, 15, 63, 30], (0..=63).collect()] {
                check_netrc(&File { entries, rest: rest.as_bytes() });
            }
        }
    }

    #[test]
    fn an_incomplete_entry_keeps_the_default_away() {
        let entries = [Entry::of(4, 0), Entry::of(15, 1)];
        assert!(expected(&entries, "a.test").is_none() && expected(&entries, "b.test").is_some());
    }
}
