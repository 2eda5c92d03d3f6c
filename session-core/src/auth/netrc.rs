//! The text of a netrc file as data. Reading the file, and looking at who may read it, is a driver's.
//!
//! The format has no standard; curl, Python and GNU inetutils differ. What holds here:
//!
//! - Words are separated by white space and lines. `machine NAME` or `default` opens an entry; `login` (or `user`),
//!   `password` and `account` name its values, in any order. A value may stand on a later line than its word, unless a
//!   word of the format stands there: then the value is missing.
//! - `#` begins a comment where a word of the format may stand, so also at the start of a line. In the place of a value
//!   on the line of its word it belongs to the value: a password may begin with `#` (as in Python; curl reads a comment
//!   there) or hold one.
//! - A value in double quotes may hold blanks; in it `\n`, `\r` and `\t` are control characters and a backslash before
//!   any other character stands for that character (as in curl). Without quotes a backslash is a backslash.
//! - `macdef` and what follows it, up to a blank line, is skipped and ends the entry before it.
//! - Hosts are compared in their canonical spelling. The first complete entry of a host is used (as in curl; Python
//!   takes the last). `default` serves hosts without any entry of their own, wherever it stands.
//! - An entry gives a credential only if it has a login and a password and nothing in it is doubtful. One that has not
//!   gives nothing, borrows from no other entry (CVE-2024-11053, CVE-2025-0167), and keeps `default` away from its host.

use crate::auth::credentials::Credential;
use crate::auth::netrc::words::{Word, Words};
use crate::message::host::CanonicalHost;
use crate::message::sensitive::Secret;
use std::fmt;

#[cfg(feature = "serde")]
pub(crate) mod record;
mod words;

/// The entries of a netrc file.
#[derive(Clone, Default)]
pub struct Netrc {
    entries: Vec<Entry>,
}

/// One `machine` or `default`.
#[derive(Clone)]
struct Entry {
    /// `None`: the entry is `default`.
    host: Option<CanonicalHost>,
    /// `None`: the entry is not complete or not valid.
    login: Option<Login>,
}

#[derive(Clone)]
struct Login {
    user: String,
    credential: Credential,
}

impl Netrc {
    /// Reads the text of a netrc file. Never fails: what cannot be used is told by the warnings, in the order of lines.
    ///
    /// ```
    /// use session_core::auth::netrc::Netrc;
    /// use session_core::message::host::CanonicalHost;
    ///
    /// let (netrc, warnings) = Netrc::parse("machine a.test login ada password secret\ndefault login guest password guest");
    /// assert!(warnings.is_empty());
    /// assert!(netrc.lookup(&CanonicalHost::parse("b.test").unwrap()).is_some());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> (Self, Vec<NetrcWarning>) {
        let mut reader = Reader { words: Words::new(text), open: None, netrc: Self::default(), warnings: Vec::new() };
        reader.read();
        reader.warnings.sort_by_key(|warning| warning.line);
        (reader.netrc, reader.warnings)
    }

    /// The credential for `host`.
    #[must_use]
    pub fn lookup(&self, host: &CanonicalHost) -> Option<&Credential> {
        self.logins(host).next().map(|login| &login.credential)
    }

    /// The credential for `user` at `host`, for a request that names a user and no password. An entry of another user
    /// is not used (CVE-2026-3783).
    #[must_use]
    pub fn lookup_user(&self, host: &CanonicalHost, user: &str) -> Option<&Credential> {
        self.logins(host).find(|login| login.user == user).map(|login| &login.credential)
    }

    /// Whether there is no entry at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The complete entries that serve `host`: its own, or those of `default` where it has none.
    fn logins(&self, host: &CanonicalHost) -> impl Iterator<Item = &Login> {
        let own = self.entries.iter().any(|entry| entry.host.as_ref() == Some(host));
        let serves = move |entry: &&Entry| entry.host.as_ref().map_or(!own, |named| named == host);
        self.entries.iter().filter(serves).filter_map(|entry| entry.login.as_ref())
    }
}

impl fmt::Debug for Netrc {
    /// Hosts alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.entries.iter().map(|entry| entry.host.as_ref().map_or("default", CanonicalHost::as_str));
        f.debug_tuple("Netrc").field(&hosts.collect::<Vec<_>>()).finish()
    }
}

/// Something in a netrc file that is not used. It quotes nothing of the file, which is full of secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetrcWarning {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: NetrcProblem,
}

impl fmt::Display for NetrcWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "netrc, line {}: {}", self.line, self.problem)
    }
}

/// Why a part of a netrc file is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetrcProblem {
    /// A word that is none of the format. The entry around it is not used.
    UnknownWord,
    /// `login`, `user`, `password` or `account` before any `machine` or `default`.
    OutsideEntry,
    /// A word without its value: the file ends, or a word of the format follows on a later line.
    MissingValue,
    /// A second login or password in one entry. The entry is not used.
    Repeated,
    /// A quoted value without an end on its line. The entry is not used.
    UnfinishedQuote,
    /// `machine` with a name that is no host. The entry is not used.
    InvalidHost,
    /// An entry without login or without password. It is not used.
    Incomplete,
    /// An entry with a colon in its login, or a control character, which cannot be sent. It is not used.
    CannotBeSent,
    /// A `macdef` without a blank line after it, which swallows the rest of the file.
    UnfinishedMacro,
}

impl fmt::Display for NetrcProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownWord => "a word that is not known; the entry is not used",
            Self::OutsideEntry => "a value that belongs to no entry",
            Self::MissingValue => "a word without its value",
            Self::Repeated => "a second login or password; the entry is not used",
            Self::UnfinishedQuote => "a quote without an end; the entry is not used",
            Self::InvalidHost => "the name is no host; the entry is not used",
            Self::Incomplete => "an entry without login or without password; it is not used",
            Self::CannotBeSent => "a login or password that cannot be sent; the entry is not used",
            Self::UnfinishedMacro => "a macro without a blank line at its end; the rest of the file is not used",
        })
    }
}

/// An entry that is being read.
struct Open {
    line: usize,
    /// The inner `None` is `default`, the outer a name that is no host.
    host: Option<Option<CanonicalHost>>,
    login: Option<String>,
    password: Option<Secret<String>>,
    /// Something in it was told as a warning that spoils it.
    spoilt: bool,
}

struct Reader<'a> {
    words: Words<'a>,
    open: Option<Open>,
    netrc: Netrc,
    warnings: Vec<NetrcWarning>,
}

impl Reader<'_> {
    fn read(&mut self) {
        while let Some(word) = self.words.next_word() {
            let line = word.line;
            match word.keyword() {
                Some("machine") => {
                    self.close();
                    let name = self.value(line);
                    let host = name.and_then(|name| {
                        let host = host(&name);
                        if host.is_none() {
                            self.warn(line, NetrcProblem::InvalidHost);
                        }
                        host
                    });
                    self.open(line, host.map(Some));
                }
                Some("default") => {
                    self.close();
                    self.open(line, Some(None));
                }
                Some("macdef") => {
                    self.close();
                    if !self.words.skip_macro() {
                        self.warn(line, NetrcProblem::UnfinishedMacro);
                    }
                }
                Some(name @ ("login" | "user" | "password" | "account")) => self.field(line, name),
                _ => {
                    let problem =
                        if word.unfinished { NetrcProblem::UnfinishedQuote } else { NetrcProblem::UnknownWord };
                    self.spoil(line, problem);
                }
            }
        }
        self.close();
    }

    fn field(&mut self, line: usize, name: &str) {
        let Some(value) = self.value(line) else { return };
        let Some(open) = &mut self.open else { return self.warn(line, NetrcProblem::OutsideEntry) };
        let repeated = match name {
            "account" => false,
            "password" => open.password.replace(Secret::new(value)).is_some(),
            _ => open.login.replace(value).is_some(),
        };
        if repeated {
            self.spoil(line, NetrcProblem::Repeated);
        }
    }

    /// The value of the word on `line`.
    fn value(&mut self, line: usize) -> Option<String> {
        match self.words.next_value(line) {
            Some(Word { unfinished: true, .. }) => {
                self.spoil(line, NetrcProblem::UnfinishedQuote);
                None
            }
            Some(word) => Some(word.text.into_owned()),
            None => {
                self.warn(line, NetrcProblem::MissingValue);
                None
            }
        }
    }

    fn open(&mut self, line: usize, host: Option<Option<CanonicalHost>>) {
        self.open = Some(Open { line, host, login: None, password: None, spoilt: false });
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let Some(host) = open.host else { return };
        let login = match (open.login, open.password) {
            _ if open.spoilt => None,
            (Some(user), Some(password)) => {
                let credential = Credential::Basic { user: user.clone(), password };
                if credential.authorization().is_ok() {
                    Some(Login { user, credential })
                } else {
                    self.warn(open.line, NetrcProblem::CannotBeSent);
                    None
                }
            }
            _ => {
                self.warn(open.line, NetrcProblem::Incomplete);
                None
            }
        };
        self.netrc.entries.push(Entry { host, login });
    }

    fn spoil(&mut self, line: usize, problem: NetrcProblem) {
        if let Some(open) = &mut self.open {
            open.spoilt = true;
        }
        self.warn(line, problem);
    }

    fn warn(&mut self, line: usize, problem: NetrcProblem) {
        self.warnings.push(NetrcWarning { line, problem });
    }
}

/// The host that a file names: as in a URL, or an IPv6 address without brackets.
fn host(name: &str) -> Option<CanonicalHost> {
    CanonicalHost::parse(name).or_else(|| CanonicalHost::parse(&format!("[{name}]")))
}

#[cfg(test)]
mod tests;
