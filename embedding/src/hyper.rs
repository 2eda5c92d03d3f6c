//! The session around the client of hyper-util, which is hyper 1 with a pool.

use crate::{entropy, now};
use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use session_core::message::body::Framing;
use session_core::request::describe_bytes;
use session_core::retry::failure::{Failure, FailureKind};
use session_core::session::step::{Delivery, ExchangeError, Hop, Step};
use session_core::session::{Session, request::Request};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// hyper with a session around it. Many requests can be under way at once.
pub struct Client {
    session: Mutex<Session>,
    client: legacy::Client<HttpConnector, Full<Bytes>>,
}

impl Client {
    pub fn new(mut session: Session) -> Result<Self, getrandom::Error> {
        session.seed_entropy(entropy()?);
        let client = legacy::Client::builder(TokioExecutor::new()).build_http();
        Ok(Self { session: Mutex::new(session), client })
    }

    /// One exchange. There is a body beside every delivery.
    pub async fn fetch(
        &self,
        mut request: Request,
        body: Bytes,
    ) -> Result<(Delivery, Option<Incoming>), ExchangeError> {
        request.set_body(describe_bytes(&body));
        let mut content = None;
        let mut step = self.session().begin(request, now())?;
        loop {
            step = match step {
                Step::Send(hop) => match self.send(&hop, body.clone()).await {
                    Ok(response) => {
                        let (head, body) = response.into_parts();
                        content = Some(body);
                        self.session().handle_response(hop, head.into(), now())?
                    }
                    Err(failure) => self.session().handle_failure(hop, failure, now())?,
                },
                Step::Wait(pause) => {
                    tokio::time::sleep_until(pause.until().into()).await;
                    self.session().handle_timeout(pause, now())?
                }
                Step::Done(delivery) => return Ok((delivery, content)),
            };
        }
    }

    async fn send(&self, hop: &Hop, body: Bytes) -> Result<Response<Incoming>, Failure> {
        hop.require_plain()?;
        let body = if hop.framing() == Framing::None { Bytes::new() } else { body };
        let answer = self.client.request(hop.head().clone().map(|()| Full::new(body)));
        let answer = match hop.deadline() {
            None => answer.await,
            Some(deadline) => tokio::time::timeout_at(deadline.into(), answer)
                .await
                .map_err(|late| Failure::reported(FailureKind::Deadline, late))?,
        };
        answer.map_err(|error| {
            let kind = if error.is_connect() { FailureKind::Connect } else { FailureKind::Io };
            Failure::reported(kind, error)
        })
    }

    /// The lock is held for one verb, and never while bytes move.
    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
