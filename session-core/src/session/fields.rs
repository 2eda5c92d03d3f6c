//! The fields of a hop's head while it is put together. Which there are is decided in `prepare`.

use crate::error::{Error, ErrorKind, Phase};
use crate::message::present::Present;
use crate::message::sensitive::is_credential_field;
use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Fields, and which there are at most.
#[derive(Clone, Default)]
pub(super) struct Fields {
    map: HeaderMap,
    /// What was added, be it gone again.
    added: Present,
}

impl Fields {
    pub(super) fn of(map: HeaderMap) -> Self {
        let added = Present::of(&map);
        Self { map, added }
    }

    pub(super) fn begins_with_host(&self) -> bool {
        self.map.keys().next() == Some(&HOST)
    }

    /// The same for another host, where they [begin](Self::begins_with_host) with it.
    pub(super) fn for_host(&self, host: &HeaderValue) -> Self {
        let mut fields = self.clone();
        if let Some(first) = fields.map.values_mut().next() {
            first.clone_from(host);
        }
        fields
    }

    pub(super) fn has(&self, name: &HeaderName) -> bool {
        !self.added.lacks(Present::of_name(name)) && self.map.contains_key(name)
    }

    pub(super) fn map(&self) -> &HeaderMap {
        &self.map
    }

    /// All of them; none are left.
    pub(super) fn take(&mut self) -> HeaderMap {
        std::mem::take(self).map
    }

    pub(super) fn remove(&mut self, name: &HeaderName) {
        if !self.added.lacks(Present::of_name(name)) {
            self.map.remove(name);
        }
    }

    /// Adds a line. The value of a credential is marked, so that whoever prints the head does not print it.
    pub(super) fn append(&mut self, name: HeaderName, mut value: HeaderValue) -> Result<(), Error> {
        if is_credential_field(&name) {
            value.set_sensitive(true);
        }
        self.added = self.added.and(Present::of_name(&name));
        self.map.try_append(name, value).map(|_| ()).map_err(|source| {
            Error::new(ErrorKind::InvalidHeader, Phase::Build, "the request has too many fields").with_source(source)
        })
    }
}
