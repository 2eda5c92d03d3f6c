//! The session around ureq 3.

use crate::{entropy, now};
use session_core::request::describe_bytes;
use session_core::{Delivery, ExchangeError, Failure, FailureKind, Framing, Hop, Request, Session, Step};
use std::io::ErrorKind::ConnectionRefused;
use std::thread;
use ureq::{Agent, AsSendBody, Body, Error, Timeout};

/// ureq with a session around it.
pub struct Client {
    session: Session,
    agent: Agent,
}

impl Client {
    /// What the session decides, ureq must not decide as well.
    pub fn new(mut session: Session) -> Result<Self, getrandom::Error> {
        session.seed_entropy(entropy()?);
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None);
        let config = config.user_agent("").accept("").accept_encoding("").allow_non_standard_methods(true);
        Ok(Self { session, agent: config.build().into() })
    }

    /// One exchange. There is a body beside every delivery.
    pub fn fetch(&mut self, mut request: Request, body: &[u8]) -> Result<(Delivery, Option<Body>), ExchangeError> {
        request.set_body(describe_bytes(body));
        let mut content = None;
        let mut step = self.session.begin(request, now())?;
        loop {
            step = match step {
                Step::Send(hop) => match self.send(&hop, body) {
                    Ok(response) => {
                        let (head, body) = response.into_parts();
                        content = Some(body);
                        self.session.handle_response(hop, head.into(), now())?
                    }
                    Err(failure) => self.session.handle_failure(hop, failure, now())?,
                },
                Step::Wait(pause) => {
                    thread::sleep(pause.time_left(now()));
                    self.session.handle_timeout(pause, now())?
                }
                Step::Done(delivery) => return Ok((delivery, content)),
            };
        }
    }

    fn send(&self, hop: &Hop, body: &[u8]) -> Result<http::Response<Body>, Failure> {
        hop.require_plain()?;
        let request = hop.head().clone();
        let answer = match hop.framing() {
            Framing::None => self.run(request, hop),
            _ => self.run(request.map(|()| body), hop),
        };
        answer.map_err(|error| {
            let kind = match &error {
                Error::HostNotFound => FailureKind::Resolve,
                Error::ConnectionFailed => FailureKind::Connect,
                Error::Io(cause) if cause.kind() == ConnectionRefused => FailureKind::Connect,
                Error::Timeout(Timeout::Global) => FailureKind::Deadline,
                Error::Timeout(_) => FailureKind::Timeout,
                Error::Protocol(_) => FailureKind::Protocol,
                Error::Io(_) => FailureKind::Io,
                _ => FailureKind::Request,
            };
            Failure::reported(kind, error)
        })
    }

    fn run(&self, request: http::Request<impl AsSendBody>, hop: &Hop) -> Result<http::Response<Body>, Error> {
        let request = self.agent.configure_request(request).timeout_global(hop.time_left(now()));
        let request = request.timeout_connect(hop.timeouts().connect).timeout_recv_response(hop.timeouts().head);
        self.agent.run(request.build())
    }
}
