//! The record of netrc entries, as they were understood; the text is not kept.

use crate::auth::credentials::Credential;
use crate::auth::credentials::record::CredentialRecord;
use crate::auth::netrc::{Entry, Login, Netrc};
use crate::message::host::CanonicalHost;
use crate::message::record::{Damage, optional_text, required};
use serde::{Deserialize, Serialize};

/// One entry.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryRecord {
    /// `None` is `default`.
    #[serde(with = "optional_text")]
    host: Option<CanonicalHost>,
    /// `None` is an entry that keeps `default` away and gives nothing.
    #[serde(deserialize_with = "required")]
    login: Option<LoginRecord>,
}

#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct LoginRecord {
    user: String,
    credential: CredentialRecord,
}

/// The entries, in their order.
pub(crate) fn of(netrc: &Netrc) -> Vec<EntryRecord> {
    let login = |Login { user, credential }: &Login| {
        Some(LoginRecord { user: user.clone(), credential: CredentialRecord::of(credential).ok()? })
    };
    let record = |entry: &Entry| EntryRecord { host: entry.host.clone(), login: entry.login.as_ref().and_then(login) };
    netrc.entries.iter().map(record).collect()
}

/// The way back.
///
/// # Errors
/// A credential that no netrc file gives: it is not Basic, is of another user than its entry, or cannot be sent.
pub(crate) fn restore(records: Vec<EntryRecord>) -> Result<Netrc, Damage> {
    let mut netrc = Netrc::default();
    for (index, EntryRecord { host, login }) in records.into_iter().enumerate() {
        let login = login.map(|LoginRecord { user, credential }| {
            let credential = credential.restore();
            let fits = matches!(&credential, Credential::Basic { user: named, .. } if *named == user)
                && credential.authorization().is_ok();
            let damage = || Damage::new("the Basic credential of the entry's user").at(format_args!("[{index}].login"));
            if fits { Ok(Login { user, credential }) } else { Err(damage()) }
        });
        netrc.entries.push(Entry { host, login: login.transpose()? });
    }
    Ok(netrc)
}
