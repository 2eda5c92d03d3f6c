//! The session around the client of hyper-util, which is hyper 1 with a pool.

use crate::{Shared, now};
use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use session_core::request::describe_bytes;
use session_core::{Delivery, ExchangeError, Failure, FailureKind, Framing, Hop, Request, Session, Step};

/// hyper with a session around it. Many requests can be under way at once.
pub struct Client {
    session: Shared,
    client: legacy::Client<HttpConnector, Full<Bytes>>,
}

impl Client {
    pub fn new(session: Session) -> Result<Self, getrandom::Error> {
        let client = legacy::Client::builder(TokioExecutor::new()).build_http();
        Ok(Self { session: Shared::new(session)?, client })
    }

    /// One exchange. There is a body beside every delivery.
    pub async fn fetch(
        &self,
        mut request: Request,
        body: Bytes,
    ) -> Result<(Delivery, Option<Incoming>), ExchangeError> {
        request.set_body(describe_bytes(&body));
        let mut content = None;
        let mut step = self.session.lock().begin(request, now())?;
        loop {
            step = match step {
                Step::Send(hop) => match self.send(&hop, body.clone()).await {
                    Ok(response) => {
                        let (head, body) = response.into_parts();
                        content = Some(body);
                        self.session.lock().handle_response(hop, head.into(), now())?
                    }
                    Err(failure) => self.session.lock().handle_failure(hop, failure, now())?,
                },
                Step::Wait(pause) => {
                    tokio::time::sleep_until(pause.until().into()).await;
                    self.session.lock().handle_timeout(pause, now())?
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
}
