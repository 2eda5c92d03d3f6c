//! The session around reqwest 0.13, without its own redirects and cookies.

use crate::{Shared, now};
use bytes::Bytes;
use reqwest::{Response, redirect};
use session_core::{Delivery, ExchangeError, Failure, FailureKind, Framing, Hop, Request, Session, Step};
use session_core::{message::head::ResponseHead, request::describe_bytes};
use std::error::Error;

/// reqwest with a session around it. Many requests can be under way at once.
pub struct Client {
    session: Shared,
    client: reqwest::Client,
}

impl Client {
    /// What the session decides, reqwest must not decide as well.
    pub fn new(session: Session) -> Result<Self, Box<dyn Error>> {
        let client = reqwest::Client::builder().redirect(redirect::Policy::none()).no_proxy();
        let client = client.retry(reqwest::retry::never()).build()?;
        Ok(Self { session: Shared::new(session)?, client })
    }

    /// One exchange. There is a response, for its body, beside every delivery.
    pub async fn fetch(
        &self,
        mut request: Request,
        body: Bytes,
    ) -> Result<(Delivery, Option<Response>), ExchangeError> {
        request.set_body(describe_bytes(&body));
        let mut answer = None;
        let mut step = self.session.lock().begin(request, now())?;
        loop {
            step = match step {
                Step::Send(hop) => match self.send(&hop, body.clone()).await {
                    Ok(response) => {
                        let head = ResponseHead::new(response.status()).with_headers(response.headers().clone());
                        answer = Some(response);
                        self.session.lock().handle_response(hop, head, now())?
                    }
                    Err(failure) => self.session.lock().handle_failure(hop, failure, now())?,
                },
                Step::Wait(pause) => {
                    tokio::time::sleep_until(pause.until().into()).await;
                    self.session.lock().handle_timeout(pause, now())?
                }
                Step::Done(delivery) => return Ok((delivery, answer)),
            };
        }
    }

    async fn send(&self, hop: &Hop, body: Bytes) -> Result<Response, Failure> {
        hop.require_plain()?;
        let body = if hop.framing() == Framing::None { reqwest::Body::default() } else { body.into() };
        let request = reqwest::Request::try_from(hop.head().clone().map(|()| body));
        let mut request = request.map_err(|error| Failure::reported(FailureKind::Request, error))?;
        *request.timeout_mut() = hop.time_left(now());
        self.client.execute(request).await.map_err(|error| {
            let kind = match () {
                () if error.is_connect() => FailureKind::Connect,
                () if error.is_timeout() => FailureKind::Deadline,
                () => FailureKind::Io,
            };
            Failure::reported(kind, error)
        })
    }
}
