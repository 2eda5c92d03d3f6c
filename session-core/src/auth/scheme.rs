//! Schemes of the caller's own, of one or several rounds, such as Negotiate or a signature over the request.
//!
//! A scheme only computes field values; the session decides when one is asked for, and to which origin it goes: like any
//! other credential it is bound to one. What a scheme keeps from round to round is its own, behind `&self`.

use crate::auth::challenge::{self, Challenge};
use crate::auth::digest::asked::Asked;
use crate::limits::Limits;
use http::{HeaderMap, HeaderName, HeaderValue};

/// A scheme of the caller's own: see [`Credential::custom`](crate::auth::credentials::Credential::custom).
///
/// ```
/// use http::HeaderValue;
/// use session_core::auth::challenge::Challenge;
/// use session_core::auth::credentials::Credential;
/// use session_core::auth::digest::asked::Asked;
/// use session_core::auth::scheme::Scheme;
///
/// /// Proves itself by the method and target of each request.
/// struct Signed;
///
/// impl Scheme for Signed {
///     fn name(&self) -> &str {
///         "Signed"
///     }
///
///     fn answer(&self, challenge: &Challenge, request: &Asked<'_>, round: u32) -> Option<HeaderValue> {
///         let key = challenge.parameters()?.value("key-id").filter(|_| round == 1)?;
///         let text = format!("Signed {} {}", String::from_utf8_lossy(key), request.request_target());
///         HeaderValue::try_from(text).ok()
///     }
/// }
///
/// let session = session_core::session::Session::builder().auth(Credential::custom(Signed)).build();
/// # assert!(session.is_ok());
/// ```
pub trait Scheme: Send + Sync {
    /// The scheme's name in challenges, whatever the case.
    fn name(&self) -> &str;

    /// The field value that goes with a request ahead of any challenge. Default: none; the request waits to be challenged.
    fn ahead(&self, request: &Asked<'_>) -> Option<HeaderValue> {
        let _ = request;
        None
    }

    /// The challenges of an answer, in `field` of its `headers`. Default: those that are well formed (RFC 9110 11.6.1), by
    /// [`challenges`](challenge::challenges).
    fn challenges(&self, headers: &HeaderMap, field: &HeaderName, limits: &Limits) -> Vec<Challenge> {
        challenge::challenges(headers, field, limits)
    }

    /// The field value that answers a challenge; `None` gives up, and the response is delivered. `round` counts the answers
    /// of this exchange from 1 and ends at [`Limits::challenge_rounds`](crate::limits::Limits::challenge_rounds).
    fn answer(&self, challenge: &Challenge, request: &Asked<'_>, round: u32) -> Option<HeaderValue>;
}
