//! The clients, and every scenario on each.

use crate::scenarios::{self, Around};
use ::hyper::body::Incoming;
use ::tower::util::{BoxCloneService, ServiceExt};
use ::tower::{BoxError, Layer};
use bytes::Bytes;
use embedding::{curl, hyper, reqwest, tower, ureq};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use session_core::error::ErrorKind;
use session_core::retry::failure::FailureKind;
use session_core::session::step::{Delivery, ExchangeError};
use session_core::session::{Session, request};
use tokio::runtime::{Builder, Runtime};

fn told(request: Request<Bytes>) -> (request::Request, Bytes) {
    let (parts, body) = request.into_parts();
    (parts.into(), body)
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

impl Around for ureq::Client {
    fn new(session: Session) -> Self {
        Self::new(session).unwrap()
    }

    fn fetch(&mut self, request: Request<Bytes>) -> Result<(Delivery, Bytes), ErrorKind> {
        let (request, body) = told(request);
        let (delivery, content) = self.fetch(request, &body).map_err(|error| error.kind())?;
        Ok((delivery, content.unwrap().read_to_vec().unwrap().into()))
    }
}

impl Around for curl::Client {
    fn new(session: Session) -> Self {
        Self::new(session).unwrap()
    }

    fn fetch(&mut self, request: Request<Bytes>) -> Result<(Delivery, Bytes), ErrorKind> {
        let (request, body) = told(request);
        let (delivery, content) = self.fetch(request, &body).map_err(|error| error.kind())?;
        Ok((delivery, content.into()))
    }
}

struct Reqwest(Runtime, reqwest::Client);

impl Around for Reqwest {
    fn new(session: Session) -> Self {
        Self(runtime(), reqwest::Client::new(session).unwrap())
    }

    fn fetch(&mut self, request: Request<Bytes>) -> Result<(Delivery, Bytes), ErrorKind> {
        let (request, body) = told(request);
        self.0.block_on(async {
            let (delivery, answer) = self.1.fetch(request, body).await.map_err(|error| error.kind())?;
            Ok((delivery, answer.unwrap().bytes().await.unwrap()))
        })
    }
}

struct Hyper(Runtime, hyper::Client);

impl Around for Hyper {
    fn new(session: Session) -> Self {
        Self(runtime(), hyper::Client::new(session).unwrap())
    }

    fn fetch(&mut self, request: Request<Bytes>) -> Result<(Delivery, Bytes), ErrorKind> {
        let (request, body) = told(request);
        self.0.block_on(async {
            let (delivery, content) = self.1.fetch(request, body).await.map_err(|error| error.kind())?;
            Ok((delivery, content.unwrap().collect().await.unwrap().to_bytes()))
        })
    }
}

struct Tower(Runtime, BoxCloneService<Request<Full<Bytes>>, Response<Incoming>, BoxError>);

fn classify(error: &BoxError) -> FailureKind {
    match error.downcast_ref::<legacy::Error>() {
        Some(error) if error.is_connect() => FailureKind::Connect,
        _ => FailureKind::Io,
    }
}

impl Around for Tower {
    fn new(session: Session) -> Self {
        let layer = tower::session_layer(session, classify).unwrap();
        Self(runtime(), layer.layer(Client::builder(TokioExecutor::new()).build_http()))
    }

    fn fetch(&mut self, request: Request<Bytes>) -> Result<(Delivery, Bytes), ErrorKind> {
        self.0.block_on(async {
            let answer = self.1.clone().oneshot(request.map(Full::new)).await;
            let mut answer = answer.map_err(|error| error.downcast::<ExchangeError>().unwrap().kind())?;
            let delivery = answer.extensions_mut().remove::<Delivery>().unwrap();
            Ok((delivery, answer.into_body().collect().await.unwrap().to_bytes()))
        })
    }
}

macro_rules! every_scenario {
    ($($module:ident: $client:ty),* $(,)?) => { $(
        mod $module {
            every_scenario!(@on $client:
                a_login_goes_through_its_redirects_and_its_cookie_stays,
                a_307_sends_the_body_again_and_a_cookie_keeps_to_its_path,
                a_digest_challenge_is_answered,
                a_503_is_asked_again_after_its_pause,
                a_credential_does_not_go_to_another_origin,
                the_answer_to_head_has_no_body,
                a_client_that_fails_fails_as_the_session_says,
                a_proxy_that_the_client_would_pass_by_is_refused,
            );
        }
    )* };
    (@on $client:ty: $($scenario:ident),* $(,)?) => { $(
        #[test]
        fn $scenario() {
            super::scenarios::$scenario::<$client>();
        }
    )* };
}

every_scenario! {
    on_ureq: embedding::ureq::Client,
    on_curl: embedding::curl::Client,
    on_reqwest: super::Reqwest,
    on_hyper: super::Hyper,
    on_tower: super::Tower,
}
