//! The version of HTTP that a request is sent in, and what that version cannot carry.

use crate::error::{Error, ErrorKind, Phase};
use crate::message::body::Framing;
use crate::message::fields::expects_continue;
use http::{HeaderMap, Version};

/// Checks that a request with this framing and these fields can be sent in this version (RFC 9112 2.3, 6.1, RFC 9110 10.1.1).
pub(crate) fn check_version(version: Version, framing: Framing, own: &HeaderMap) -> Result<(), Error> {
    let refused = |message: &str, expected: &str| {
        Err(Error::new(ErrorKind::InvalidHeader, Phase::Build, message).with_expected(expected))
    };
    match version {
        Version::HTTP_11 => Ok(()),
        Version::HTTP_10 if framing == Framing::Chunked => refused(
            "HTTP/1.0 has no chunks, which a body of unknown length or with trailers needs",
            "a body of known length",
        ),
        Version::HTTP_10 if expects_continue(own) => {
            refused("HTTP/1.0 has no interim response to wait for", "a request without Expect, or HTTP/1.1")
        }
        Version::HTTP_10 => Ok(()),
        other => Err(Error::new(ErrorKind::Unsupported, Phase::Build, format!("{other:?} is not spoken"))
            .with_expected("HTTP/1.1 or HTTP/1.0")),
    }
}
