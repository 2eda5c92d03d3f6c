//! The session as a layer: whatever sends an `http::Request` gains cookies, redirects, credentials, retries and a history.

use crate::{entropy, now};
use http::{Request, Response};
use http_body::Body;
use session_core::message::body::{BodyPlan, BodySize, RequestBody};
use session_core::retry::failure::{Failure, FailureKind};
use session_core::session::{Session, request, step::Step};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::{sleep_until, timeout};
use tower::{BoxError, Layer, Service, ServiceExt};

/// Puts one session around services, whose errors a function classifies.
#[derive(Clone)]
pub struct SessionLayer(Arc<Mutex<Session>>, fn(&BoxError) -> FailureKind);

impl SessionLayer {
    /// `classify` tells what an error of the services means.
    pub fn new(mut session: Session, classify: fn(&BoxError) -> FailureKind) -> Result<Self, getrandom::Error> {
        session.seed_entropy(entropy()?);
        Ok(Self(Arc::new(Mutex::new(session)), classify))
    }

    /// The lock is held for one verb, and never while bytes move.
    fn session(&self) -> MutexGuard<'_, Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, service: S) -> Self::Service {
        SessionService(self.clone(), service)
    }
}

/// A service with a session around it. Its responses have the [`Delivery`](session_core::session::step::Delivery), which tells
/// URL and history, among their extensions.
#[derive(Clone)]
pub struct SessionService<S>(SessionLayer, S);

impl<S, B, C> Service<Request<B>> for SessionService<S>
where
    S: Service<Request<B>, Response = Response<C>, Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    B: Body + Clone + Default + Send + 'static,
    C: Send + 'static,
{
    type Response = Response<C>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<C>, BoxError>> + Send>>;

    /// Each hop waits by itself until the service is ready.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Self(layer, service) = self.clone();
        let (parts, body) = request.into_parts();
        let mut request = request::Request::new(parts.method, parts.uri);
        *request.headers_mut() = parts.headers;
        if !body.is_end_stream() {
            let size = body.size_hint().exact().map_or(BodySize::Streaming, BodySize::Sized);
            request.set_body(RequestBody::replayable(size));
        }
        Box::pin(async move {
            let failed = |error: BoxError| Failure::reported(layer.1(&error), error);
            let mut answer = None;
            let mut step = layer.session().begin(request, now())?;
            loop {
                step = match step {
                    Step::Send(hop) => {
                        let body = if hop.body() == BodyPlan::None { B::default() } else { body.clone() };
                        let sent = service.clone().oneshot(hop.head().clone().map(|()| body));
                        let left = hop.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
                        let sent = async {
                            hop.require_plain()?;
                            let sent = timeout(left.unwrap_or(Duration::MAX), sent).await;
                            let sent = sent.map_err(|late| Failure::reported(FailureKind::Deadline, late))?;
                            sent.map_err(|error| failed(error.into()))
                        };
                        match sent.await {
                            Ok(response) => {
                                let (head, body) = response.into_parts();
                                answer = Some(Response::from_parts(head.clone(), body));
                                layer.session().handle_response(hop, head.into(), now())?
                            }
                            Err(failure) => layer.session().handle_failure(hop, failure, now())?,
                        }
                    }
                    Step::Wait(pause) => {
                        sleep_until(pause.until().into()).await;
                        layer.session().handle_timeout(pause, now())?
                    }
                    Step::Done(delivery) => {
                        let mut response = answer.ok_or("a delivery has a response")?;
                        response.extensions_mut().insert(delivery);
                        return Ok(response);
                    }
                };
            }
        })
    }
}
