//! The request that opens a tunnel (RFC 9110 9.3.6), which carries Host, User-Agent and what is meant for the proxy, and
//! nothing of the request that will go through the tunnel; and the conversation that it begins, through the HTTP/1.1 codec.

use crate::error::{Error, ErrorKind, Fault, Phase};
use crate::h1::connection::Connection;
use crate::h1::event::Event;
use crate::h1::recv_buffer::RecvBuffer;
use crate::h1::request::TargetForm;
use crate::limits::Limits;
use crate::message::body::Framing;
use crate::message::origin::Origin;
use crate::message::proxy::opening::Opening;
use crate::proxy::open::unanswered;
use bytes::{Bytes, BytesMut};
use http::header::{HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use std::fmt;

/// The head of the CONNECT for a tunnel to `origin`, with what proves the caller to the proxy. Its URI is host and port, the port
/// always written.
///
/// # Errors
/// [`ErrorKind::InvalidUrl`] for a host that cannot stand in a request.
pub fn head(
    origin: &Origin,
    authorization: Option<&HeaderValue>,
    user_agent: Option<&HeaderValue>,
) -> Result<Request<()>, Error> {
    let authority = format!("{}:{}", origin.host(), origin.port());
    let invalid = || Error::new(ErrorKind::InvalidUrl, Phase::Tunnel, "the host cannot stand in a CONNECT");
    let mut head = Request::new(());
    *head.method_mut() = Method::CONNECT;
    *head.uri_mut() = Uri::try_from(authority.as_str()).map_err(|source| invalid().with_source(source))?;
    let fields = head.headers_mut();
    fields.insert(HOST, HeaderValue::try_from(authority).map_err(|source| invalid().with_source(source))?);
    if let Some(user_agent) = user_agent {
        fields.insert(USER_AGENT, user_agent.clone());
    }
    if let Some(authorization) = authorization {
        fields.insert(PROXY_AUTHORIZATION, authorization.clone());
    }
    Ok(head)
}

/// How much is read at once.
const READ: usize = 4 * 1024;

/// One CONNECT and its answer.
pub(super) struct Connect {
    codec: Connection,
    out: BytesMut,
    written: usize,
    input: RecvBuffer,
    state: State,
    status: StatusCode,
    /// The beginning of a refusal's body, at most `most` bytes.
    body: BytesMut,
    most: usize,
    /// What it asks for, where it wants a credential.
    challenges: HeaderMap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No final head came.
    Asked,
    /// The tunnel stands.
    Open,
    /// It does not, and more of the answer is to come.
    Refused,
    /// It does not, and nothing more is read.
    Told,
}

impl Connect {
    pub(super) fn new(head: &Request<()>, limits: &Limits) -> Result<Self, Error> {
        let mut codec = Connection::new(limits);
        let mut out = BytesMut::new();
        codec
            .send_head(head, TargetForm::Authority, Framing::None, &mut out)
            .and_then(|()| codec.send_end(&mut out))
            .map_err(|error| error.into_error(Phase::Tunnel))?;
        Ok(Self {
            codec,
            out,
            written: 0,
            input: RecvBuffer::new(),
            state: State::Asked,
            status: StatusCode::OK,
            body: BytesMut::new(),
            most: limits.proxy_answer,
            challenges: HeaderMap::new(),
        })
    }

    fn refusal(&mut self) -> Option<Error> {
        if !matches!(self.state, State::Refused | State::Told) {
            return None;
        }
        let error = match self.status {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                let error = Error::new(ErrorKind::Proxy, Phase::Tunnel, "the proxy wants a credential, or another one");
                let challenges = std::mem::take(&mut self.challenges);
                error.with_expected("a credential that it takes").with_proxy_challenges(challenges)
            }
            _ => Error::new(ErrorKind::Proxy, Phase::Tunnel, "the proxy opened no tunnel").with_expected("a 2xx"),
        };
        let body = std::mem::take(&mut self.body).freeze();
        Some(error.with_came(self.status.as_str().as_bytes()).with_proxy_answer(self.status, body))
    }
}

impl Opening for Connect {
    fn out(&self) -> &[u8] {
        self.out.get(self.written..).unwrap_or_default()
    }

    fn wrote(&mut self, n: usize) {
        self.written = self.written.saturating_add(n).min(self.out.len());
    }

    fn spare(&mut self) -> &mut [u8] {
        self.input.spare(READ)
    }

    fn received(&mut self, n: usize) -> Result<(), Error> {
        match n {
            0 => self.codec.handle_eof(),
            n => self.input.filled(n),
        }
        loop {
            match (self.state, self.codec.next_event(&mut self.input)) {
                (_, Ok(Event::NeedData)) => return Ok(()),
                (_, Ok(Event::Interim(_))) => {}
                (_, Ok(Event::Final(head))) if head.status.is_success() => {
                    // Length and coding say nothing here: what follows is the tunnel (RFC 9110 9.3.6).
                    self.state = State::Open;
                    return Ok(());
                }
                (_, Ok(Event::Final(head))) => {
                    self.status = head.status;
                    for challenge in head.headers.get_all(PROXY_AUTHENTICATE) {
                        self.challenges.append(PROXY_AUTHENTICATE, challenge.clone());
                    }
                    self.state = State::Refused;
                }
                (_, Ok(Event::Data(data))) => {
                    let room = self.most.saturating_sub(self.body.len());
                    self.body.extend_from_slice(data.get(..room).unwrap_or(&data));
                    if data.len() >= room {
                        self.state = State::Told;
                        return Ok(());
                    }
                }
                (_, Ok(Event::End(_))) => {
                    self.state = State::Told;
                    return Ok(());
                }
                (State::Asked, Err(error)) => return Err(error.into_error(Phase::Tunnel).with_fault(Fault::Proxy)),
                // The refusal counts; how its body ended does not.
                (_, Err(_)) => {
                    self.state = State::Told;
                    return Ok(());
                }
            }
        }
    }

    fn is_done(&self) -> bool {
        self.state != State::Asked
    }

    fn wants_rest(&self) -> bool {
        self.state == State::Refused
    }

    fn finish(&mut self) -> Result<Bytes, Error> {
        match self.refusal() {
            None if self.state == State::Open => Ok(self.input.take_rest()),
            None => Err(unanswered()),
            Some(error) => Err(error),
        }
    }
}

impl fmt::Debug for Connect {
    /// Without bytes: what is to be written may hold the credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect").field("state", &self.state).field("status", &self.status).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::head;
    use crate::message::origin::Origin;
    use crate::message::proxy::ProxyServer;
    use http::HeaderValue;

    /// PX-02: CONNECT carries Host, User-Agent and Proxy-Authorization, and nothing else.
    #[test]
    fn a_connect_names_host_and_port_and_proves_itself_to_the_proxy() {
        let proxy = ProxyServer::parse("http://pu:pp@proxy.test:3128").unwrap();
        for (origin, authority) in [("https://a.test", "a.test:443"), ("https://[::1]:8443", "[::1]:8443")] {
            let user_agent = HeaderValue::from_static("ua");
            let head = head(&Origin::parse(origin).unwrap(), proxy.authorization(), Some(&user_agent)).unwrap();
            assert_eq!((head.method().as_str(), head.uri().to_string().as_str()), ("CONNECT", authority));
            assert_eq!(head.headers()["host"], authority);
            assert_eq!(head.headers()["proxy-authorization"], "Basic cHU6cHA=");
            assert_eq!(head.headers().len(), 3);
        }
    }
}
