//! The session as a layer: whatever sends an `http::Request` gains cookies, redirects, credentials, retries and a history.

use crate::{Shared, now};
use http::{Request, Response};
use http_body::Body;
use session_core::message::body::{BodyPlan, BodySize, RequestBody};
use session_core::{Failure, FailureKind, Session, Step};
use std::{sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};
use tower::layer::{Layer, layer_fn};
use tower::util::{BoxCloneService, ServiceExt};
use tower::{BoxError, Service, service_fn};

/// Tells what an error of a service means.
pub type Classify = fn(&BoxError) -> FailureKind;

/// Puts one session around services. Their responses have the [`Delivery`](session_core::Delivery), which tells URL and history,
/// among their extensions.
pub fn session_layer<S, B, C>(
    session: Session,
    classify: Classify,
) -> Result<impl Layer<S, Service = BoxCloneService<Request<B>, Response<C>, BoxError>>, getrandom::Error>
where
    S: Service<Request<B>, Response = Response<C>, Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    B: Body + Clone + Default + Send + 'static,
    C: Send + 'static,
{
    let session = Arc::new(Shared::new(session)?);
    Ok(layer_fn(move |service: S| {
        let session = session.clone();
        let exchange = move |request| exchange(session.clone(), classify, service.clone(), request);
        BoxCloneService::new(service_fn(exchange))
    }))
}

async fn exchange<S, B, C>(
    session: Arc<Shared>,
    classify: Classify,
    service: S,
    request: Request<B>,
) -> Result<Response<C>, BoxError>
where
    S: Service<Request<B>, Response = Response<C>, Error: Into<BoxError>> + Clone,
    B: Body + Clone + Default,
{
    let (parts, body) = request.into_parts();
    let mut request = session_core::Request::from(parts);
    if !body.is_end_stream() {
        let size = body.size_hint().exact().map_or(BodySize::Streaming, BodySize::Sized);
        request.set_body(RequestBody::replayable(size));
    }
    let mut answer = None;
    let mut step = session.lock().begin(request, now())?;
    loop {
        step = match step {
            Step::Send(hop) => {
                let body = if hop.body() == BodyPlan::None { B::default() } else { body.clone() };
                let sent = service.clone().oneshot(hop.head().clone().map(|()| body));
                let sent = async {
                    hop.require_plain()?;
                    let sent = timeout(hop.time_left(now()).unwrap_or(Duration::MAX), sent).await;
                    let sent = sent.map_err(|late| Failure::reported(FailureKind::Deadline, late))?;
                    sent.map_err(Into::into).map_err(|error| Failure::reported(classify(&error), error))
                };
                let head = sent.await.map(|response| (&*answer.insert(response)).into());
                session.lock().handle_outcome(hop, head, now())?
            }
            Step::Wait(pause) => {
                sleep(pause.time_left(now())).await;
                session.lock().handle_timeout(pause, now())?
            }
            Step::Done(delivery) => {
                let mut response = answer.ok_or("a delivery has a response")?;
                response.extensions_mut().insert(delivery);
                return Ok(response);
            }
        };
    }
}
