//! How an answer is written (RFC 7616 3.4): names and the quoted and bare values.

use crate::auth::digest::offer::Offer;
use crate::auth::digest::terms::Terms;
use crate::error::{Error, ErrorKind, Phase};
use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// What need not be escaped in an extended value (attr-char, RFC 8187 3.2.1).
const EXTENDED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The field value, marked sensitive.
///
/// # Errors
/// [`ErrorKind::InvalidHeader`] for a control character in the user name.
pub(super) fn field(offer: &Offer, terms: &Terms, user: &str, response: &str) -> Result<HeaderValue, Error> {
    let refused = || {
        Error::new(ErrorKind::InvalidHeader, Phase::Build, "the user name cannot be sent as Digest")
            .with_expected("a user name without control characters")
    };
    if user.contains(char::is_control) {
        return Err(refused());
    }
    let mut value = Writer(b"Digest ".to_vec());
    if offer.userhash {
        value.quoted("username", terms.hash.of_joined(&[user.as_bytes(), &terms.realm]).as_bytes());
    } else if user.is_ascii() {
        value.quoted("username", user.as_bytes());
    } else {
        value.bare("username*", &format!("UTF-8''{}", percent_encode(user.as_bytes(), EXTENDED)));
    }
    value.quoted("realm", &terms.realm);
    value.quoted("nonce", &terms.nonce);
    value.quoted("uri", terms.uri.as_bytes());
    value.quoted("response", response.as_bytes());
    if let Some(name) = &offer.algorithm.name {
        value.bare("algorithm", name);
    }
    if terms.counted.is_some() || terms.session.is_some() {
        value.quoted("cnonce", terms.cnonce.as_bytes());
    }
    if let Some(opaque) = &offer.opaque {
        value.quoted("opaque", opaque);
    }
    if let Some(counted) = &terms.counted {
        value.bare("qop", counted.qop.as_str());
        value.bare("nc", &counted.nc());
    }
    if offer.userhash {
        value.bare("userhash", "true");
    }
    let mut value = HeaderValue::try_from(value.0).map_err(|source| refused().with_source(source))?;
    value.set_sensitive(true);
    Ok(value)
}

struct Writer(Vec<u8>);

impl Writer {
    fn bare(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.extend_from_slice(value.as_bytes());
    }

    fn quoted(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.0.push(b'"');
        for &byte in value {
            if matches!(byte, b'"' | b'\\') {
                self.0.push(b'\\');
            }
            self.0.push(byte);
        }
        self.0.push(b'"');
    }

    fn name(&mut self, name: &str) {
        if !self.0.ends_with(b" ") {
            self.0.extend_from_slice(b", ");
        }
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'=');
    }
}
