//! Which fields there are, found out once: most of those that rules ask for are not there, and looking for each in a map of
//! fields costs more than one look at all that are.

use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT,
    HOST, LOCATION, PROXY_AUTHORIZATION, RANGE, SET_COOKIE, STRICT_TRANSPORT_SECURITY, TE, TRAILER, TRANSFER_ENCODING,
    UPGRADE, USER_AGENT,
};
use http::{HeaderMap, HeaderName};

/// What is known of the names in a map of fields. It saves look-ups and decides nothing: a field that it does not know to be
/// absent is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Present(u32);

/// A name that `http` has no constant for (RFC 2068 19.7.1.1).
pub(crate) const KEEP_ALIVE: &str = "keep-alive";

/// The names that are asked for as such.
impl Present {
    pub(crate) const CONNECTION: Self = Self(1 << 1);
    pub(crate) const CONTENT_ENCODING: Self = Self(1 << 2);
    pub(crate) const CONTENT_LENGTH: Self = Self(1 << 3);
    pub(crate) const COOKIE: Self = Self(1 << 4);
    pub(crate) const HOST: Self = Self(1 << 5);
    pub(crate) const KEEP_ALIVE: Self = Self(1 << 6);
    pub(crate) const SET_COOKIE: Self = Self(1 << 7);
    pub(crate) const STRICT_TRANSPORT_SECURITY: Self = Self(1 << 8);
    pub(crate) const TRANSFER_ENCODING: Self = Self(1 << 9);
    pub(crate) const UPGRADE: Self = Self(1 << 10);
}

impl Present {
    /// What stands for every name that has no bit of its own.
    const OTHER: Self = Self(1);

    /// The names of `fields`.
    pub(crate) fn of(fields: &HeaderMap) -> Self {
        fields.keys().fold(Self::default(), |all, name| all.and(Self::of_name(name)))
    }

    /// What stands for this name.
    pub(crate) fn of_name(name: &HeaderName) -> Self {
        match *name {
            CONNECTION => Self::CONNECTION,
            CONTENT_ENCODING => Self::CONTENT_ENCODING,
            CONTENT_LENGTH => Self::CONTENT_LENGTH,
            COOKIE => Self::COOKIE,
            HOST => Self::HOST,
            SET_COOKIE => Self::SET_COOKIE,
            STRICT_TRANSPORT_SECURITY => Self::STRICT_TRANSPORT_SECURITY,
            TRANSFER_ENCODING => Self::TRANSFER_ENCODING,
            UPGRADE => Self::UPGRADE,
            ACCEPT => Self(1 << 11),
            ACCEPT_ENCODING => Self(1 << 12),
            AUTHORIZATION => Self(1 << 13),
            CONTENT_TYPE => Self(1 << 14),
            EXPECT => Self(1 << 15),
            LOCATION => Self(1 << 16),
            PROXY_AUTHORIZATION => Self(1 << 17),
            RANGE => Self(1 << 18),
            TE => Self(1 << 19),
            TRAILER => Self(1 << 20),
            USER_AGENT => Self(1 << 21),
            _ if name.as_str() == KEEP_ALIVE => Self::KEEP_ALIVE,
            _ => Self::OTHER,
        }
    }

    /// These and those.
    pub(crate) fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether none of these is there. Where it is not known, they may be there.
    pub(crate) fn lacks(self, these: Self) -> bool {
        self.0 & these.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::{KEEP_ALIVE, Present};
    use http::header::{CONNECTION, DATE, HOST, SET_COOKIE, TE, UPGRADE};
    use http::{HeaderMap, HeaderName, HeaderValue};

    const ASKED_FOR: [(HeaderName, Present); 6] = [
        (CONNECTION, Present::CONNECTION),
        (HOST, Present::HOST),
        (SET_COOKIE, Present::SET_COOKIE),
        (HeaderName::from_static(KEEP_ALIVE), Present::KEEP_ALIVE),
        (UPGRADE, Present::UPGRADE),
        (DATE, Present::OTHER),
    ];

    #[test]
    fn what_is_there_is_never_lacking() {
        for (name, bit) in ASKED_FOR {
            let fields = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static("x"))]);
            assert_eq!(Present::of(&fields), bit, "{name}");
            assert_eq!(Present::of_name(&name), bit, "{name}");
            for (other, of_other) in ASKED_FOR {
                assert_eq!(Present::of(&fields).lacks(of_other), other != name, "{other} beside {name}");
            }
            let more = Present::of(&fields).and(Present::of_name(&TE));
            assert!(!more.lacks(bit) && !more.lacks(Present::of_name(&TE)));
        }
        // Neither has a place of its own, so one may hide behind the other.
        assert!(!Present::of_name(&DATE).lacks(Present::of_name(&HeaderName::from_static("x-custom"))));
    }
}
