//! What came of an exchange: what the peer saw, and what the session delivered.

use crate::script::endpoint::{Endpoint, Role};
use crate::script::log::{Place, Recorded};
use crate::script::request::values;
use crate::suite::scenario::challenge::Challenge;
use bytes::Bytes;

/// A list of field lines.
pub type FieldLines = Vec<(String, Vec<u8>)>;

/// One hop as the peer saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// Origin of the request; of a tunnel that was refused, the origin that was asked for.
    pub origin: String,
    /// The proxy's URL without user information, or "direct".
    pub via: String,
    /// The request itself; `None` where it was not sent (no connection, or no tunnel) and nobody knows it.
    pub request: Option<SeenRequest>,
    /// The fields of the CONNECT request, where there was one.
    pub connect: Option<FieldLines>,
    /// Whether it was the first on its connection.
    pub fresh: bool,
    /// The Digest challenges that this origin sent last, before this request.
    pub challenges: Vec<Challenge>,
}

/// The request of a hop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeenRequest {
    /// The method.
    pub method: String,
    /// The absolute URL without fragment.
    pub url: String,
    /// The fields.
    pub headers: FieldLines,
    /// The body; `None` where the request was made and never sent, so that its body and framing are not known.
    pub body: Option<Bytes>,
}

impl SeenRequest {
    /// A request that was made but not sent, because no connection came about. Its framing fields are not known.
    #[must_use]
    pub fn not_sent(method: impl Into<String>, url: impl Into<String>, headers: FieldLines) -> Self {
        Self { method: method.into(), url: url.into(), headers, body: None }
    }

    /// The values of all lines of a name, in order.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<&[u8]> {
        values(&self.headers, name)
    }
}

impl Seen {
    /// A request that came in whole.
    #[must_use]
    pub fn of(recorded: &Recorded, challenges: Vec<Challenge>) -> Self {
        let place = &recorded.place;
        let head = &recorded.request.head;
        let url = place.url_of(&head.target);
        let connect = place.tunnel.as_ref().and_then(|tunnel| tunnel.connect.as_ref());
        Self {
            origin: origin_of(&url),
            via: match place.endpoint.role() {
                Role::Proxy => place.endpoint.to_string(),
                Role::Origin => "direct".to_owned(),
            },
            request: Some(SeenRequest {
                method: head.method.clone(),
                url,
                headers: head.fields.clone(),
                body: Some(recorded.request.body.clone()),
            }),
            connect: connect.map(|connect| connect.head.fields.clone()),
            fresh: place.fresh,
            challenges,
        }
    }

    /// A CONNECT that the proxy refused.
    #[must_use]
    pub fn refused_tunnel(recorded: &Recorded) -> Self {
        let head = &recorded.request.head;
        Self {
            origin: origin_of(&format!("https://{}", head.target)),
            via: recorded.place.endpoint.to_string(),
            request: None,
            connect: Some(head.fields.clone()),
            fresh: recorded.place.fresh,
            challenges: Vec::new(),
        }
    }

    /// A tunnel or a TLS handshake that did not come about on a connection that was made.
    #[must_use]
    pub fn not_reached(place: &Place) -> Self {
        let connect = place.tunnel.as_ref().and_then(|tunnel| tunnel.connect.as_ref());
        let origin = place.tunnel.as_ref().map_or(&place.endpoint, |tunnel| &tunnel.origin);
        Self {
            origin: origin.to_string(),
            connect: connect.map(|connect| connect.head.fields.clone()),
            ..Self::no_connection(&place.endpoint)
        }
    }

    /// A connection that did not come about.
    #[must_use]
    pub fn no_connection(endpoint: &Endpoint) -> Self {
        Self {
            origin: endpoint.to_string(),
            via: match endpoint.role() {
                Role::Proxy => endpoint.to_string(),
                Role::Origin => "direct".to_owned(),
            },
            request: None,
            connect: None,
            fresh: true,
            challenges: Vec::new(),
        }
    }
}

/// The origin of a URL, as [`Endpoint`] writes it; the text itself where it is no URL.
#[must_use]
pub fn origin_of(url: &str) -> String {
    Endpoint::origin(url).map_or_else(|| url.to_owned(), |endpoint| endpoint.to_string())
}

/// What the session gave back for one exchange.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Given {
    /// The response, or the error.
    pub result: Result<Delivered, Failure>,
    /// The pauses that the session made, in seconds, in order.
    pub waits: Vec<f64>,
    /// The jar afterwards, one line for each cookie in the format of the suites; `None` where it was not asked.
    pub jar: Option<Vec<String>>,
}

impl Given {
    /// An exchange that ended like this, with these pauses and this jar.
    #[must_use]
    pub fn new(result: Result<Delivered, Failure>, waits: Vec<f64>, jar: Option<Vec<String>>) -> Self {
        Self { result, waits, jar }
    }
}

/// A response that was delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "every driver fills all of it, and must notice when there is more")]
pub struct Delivered {
    /// The status.
    pub status: u16,
    /// The URL, with its fragment.
    pub url: String,
    /// The fields.
    pub headers: FieldLines,
    /// The body.
    pub body: Vec<u8>,
    /// The statuses of the hops that were followed, oldest first.
    pub history: Vec<u16>,
}

/// An error that was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The kind's name as the suites write it.
    pub name: String,
    /// The error as it shows itself.
    pub message: String,
}

impl Failure {
    /// An error of this name, which shows itself like this.
    #[must_use]
    pub fn new(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { name: name.into(), message: message.into() }
    }
}

/// One cookie as the suites list it.
#[must_use]
pub fn jar_line(cookie: &CookieLine<'_>) -> String {
    let mut line = format!("{}={}; Domain={}; Path={}", cookie.name, cookie.value, cookie.domain, cookie.path);
    for (holds, word) in [
        (cookie.secure, "; Secure"),
        (cookie.http_only, "; HttpOnly"),
        (cookie.host_only, "; HostOnly"),
        (cookie.persistent, "; Persistent"),
    ] {
        if holds {
            line.push_str(word);
        }
    }
    line
}

/// What a line of the jar says.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "what the format lists of a cookie")]
#[expect(missing_docs, reason = "the names are those of RFC 6265bis")]
pub struct CookieLine<'a> {
    pub name: &'a str,
    pub value: &'a str,
    pub domain: &'a str,
    pub path: &'a str,
    pub secure: bool,
    pub http_only: bool,
    pub host_only: bool,
    pub persistent: bool,
}

#[cfg(test)]
mod tests {
    use super::{CookieLine, jar_line};

    #[test]
    fn a_jar_line_names_what_is_true() {
        let cookie = CookieLine {
            name: "a",
            value: "1",
            domain: "a.test",
            path: "/",
            secure: true,
            http_only: true,
            host_only: true,
            persistent: true,
        };
        assert_eq!(jar_line(&cookie), "a=1; Domain=a.test; Path=/; Secure; HttpOnly; HostOnly; Persistent");
        let plain = CookieLine { secure: false, http_only: false, host_only: false, persistent: false, ..cookie };
        assert_eq!(jar_line(&plain), "a=1; Domain=a.test; Path=/");
    }
}
