//! A script on loopback sockets: for sessions of real transports, which are sent there by the addresses that they are given.

use crate::script::answer::{Answer, Deed};
use crate::script::endpoint::Endpoint;
use crate::script::log::Place;
use crate::script::request::Request;
use crate::script::responder::Responder;
use crate::scripted::expect::Asked;
use crate::scripted::reply::{Failure, Kind, Parts, Reply};
use crate::scripted::script::Script;
use crate::server::listen::{Server, Sockets};
use http::header::TRANSFER_ENCODING;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use session_core::session::builder::SessionBuilder;
use session_core::session::transport::Transport;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use url::Url;

/// The status of the answer to a request that the script does not have, over sockets; its body tells what was expected.
/// [`Script::verify`] tells it as well.
pub const UNEXPECTED: u16 = 501;

/// A script that answers on loopback sockets until this is dropped.
///
/// Delays are real there. A refused connection and a name without an address cannot be told by a server that has taken the
/// connection: such a line is answered by a reset.
pub struct ScriptServer {
    server: Server,
}

impl Script {
    /// Serves the script on loopback sockets: each origin that a line names by its URL, and one of its own for the lines that name
    /// none. An https origin needs the feature `tls`.
    ///
    /// ```
    /// use http::Method;
    /// use session_testkit::Script;
    /// use transport_blocking::Session;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let script = Script::new().on(Method::GET, "http://api.test/users").reply(200).body("eve");
    /// let server = script.serve()?;
    /// let session = server.point(Session::builder()).build()?;
    /// assert_eq!(session.get("http://api.test/users").send()?.text()?, "eve");
    /// script.verify()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of the system; [`io::ErrorKind::Unsupported`] for an https origin without the feature `tls`.
    pub fn serve(&self) -> io::Result<ScriptServer> {
        let origins = self.origins();
        if !cfg!(feature = "tls") && origins.iter().any(|origin| origin.starts_with("https:")) {
            let message = "an https origin is served with the feature `tls` alone";
            return Err(io::Error::new(io::ErrorKind::Unsupported, message));
        }
        let sockets = Sockets::bind(origins.len().saturating_add(1))?;
        let own = sockets.addresses()?.first().map(|address| format!("http://{address}"));
        let endpoints = own.into_iter().chain(origins);
        let unknown = |origin: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("{origin} is no origin"));
        let endpoints: io::Result<Vec<_>> =
            endpoints.map(|origin| Endpoint::origin(&origin).ok_or_else(|| unknown(&origin))).collect();
        Ok(ScriptServer { server: sockets.serve(endpoints?, Served(self.clone()))? })
    }
}

impl ScriptServer {
    /// The URL of a path at the server's own origin, `http://127.0.0.1:PORT`, which needs no resolver.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// Each origin that the script names, and the address at which it is served.
    pub fn addresses(&self) -> impl Iterator<Item = (&str, SocketAddr)> {
        self.server.addresses().skip(1).map(|(endpoint, address)| (endpoint.as_str(), address))
    }

    /// Sends the sessions of a builder here for each origin that the script names, by addresses of its own (`resolve`). With the
    /// feature `tls` they also trust the server's authority. Other hosts stay where they are; to be sure that nothing leaves the
    /// machine, give the builder an `address_rule` too.
    pub fn point<T: Transport>(&self, mut builder: SessionBuilder<T>) -> SessionBuilder<T> {
        for (endpoint, address) in self.server.addresses().skip(1) {
            builder = builder.resolve(&format!("{}:{}", endpoint.host(), endpoint.port()), address);
        }
        #[cfg(feature = "tls")]
        {
            use session_core::tls::settings::Certificate;
            builder = builder.tls_certs_merge([Certificate::der(self.server.ca().certificate_der())]);
        }
        builder
    }

    /// The server itself, with its log and its authority.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }
}

impl fmt::Debug for ScriptServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.server, f)
    }
}

/// The script as what a server asks.
struct Served(Script);

impl Responder for Served {
    fn respond(&mut self, request: &Request, place: &Place) -> Answer {
        let Some(asked) = asked(request, place) else {
            return Answer::status(400).body("a request that no script can name").answer_to(&request.head.method);
        };
        match self.0.answer(asked) {
            Ok(reply) => done(reply, &request.head.method),
            Err(unexpected) => Answer::status(UNEXPECTED).body(unexpected.to_string()).answer_to(&request.head.method),
        }
    }
}

fn asked(request: &Request, place: &Place) -> Option<Asked> {
    let head = &request.head;
    let url = Url::parse(&place.url_of(&head.target)).ok()?;
    let method = Method::from_bytes(head.method.as_bytes()).ok()?;
    let mut fields = HeaderMap::new();
    for (name, value) in &head.fields {
        fields.append(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    for framing in ["content-length", "transfer-encoding"] {
        fields.remove(framing);
    }
    Some(Asked::new(method, url, fields, request.body.clone()))
}

/// A reply as deeds on a connection.
fn done(reply: Reply, method: &str) -> Answer {
    let answer = match reply.kind {
        Kind::Failure(Failure::Closed) => Answer::closed(),
        Kind::Failure(Failure::Silence) => Answer::stall(),
        Kind::Failure(_) => Answer::reset(),
        Kind::Response(parts) => {
            let Parts { status, fields, body, trailers, cut } = *parts;
            let mut response = Answer::status(status.as_u16()).body(body.clone());
            for (name, value) in &fields {
                response = response.field(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
            }
            for (name, value) in &trailers {
                response = response.trailer(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
            }
            let answer = response.answer_to(method);
            // The answer to HEAD is the head of this one.
            let (head, whole) = (length(&response.answer_to("HEAD")), length(&answer));
            match cut {
                Some(count) if whole > head => {
                    let is_chunked = fields.get(TRANSFER_ENCODING).is_some_and(|coding| coding == "chunked");
                    let size = if is_chunked { format!("{:x}\r\n", body.len()).len() } else { 0 };
                    answer.cut_after(head.saturating_add(size).saturating_add(count), Deed::Finish)
                }
                _ => answer,
            }
        }
    };
    if reply.after.is_zero() { answer } else { Answer::default().then(Deed::Pause(reply.after)).followed_by(answer) }
}

fn length(answer: &Answer) -> usize {
    let written = |deed: &Deed| match deed {
        Deed::Write(bytes) => bytes.len(),
        _ => 0,
    };
    answer.deeds().iter().map(written).sum()
}
