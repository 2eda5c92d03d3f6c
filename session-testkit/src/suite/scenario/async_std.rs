//! The drivers "async-std" and "smol": the scenarios over `transport-async-std`, on either executor.

use crate::suite::outcome::Outcome;
use crate::suite::scenario::apply::{self, NotApplied};
use crate::suite::scenario::model::{Request, Scenario};
use crate::suite::scenario::observe::Delivered;
use crate::suite::scenario::roads::Roads;
use crate::suite::scenario::settings::Settings;
use crate::suite::scenario::sockets::{self, Client, core_error, lines};
use bytes::Bytes;
use futures_core::Stream;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use transport_async_std::{Body, Resolve, Resolving, Session};

/// Runs a case on async-std.
#[must_use]
pub fn run(case: &Scenario) -> Outcome {
    sockets::run(&mut Executor::AsyncStd, case)
}

/// Runs a case on smol.
#[must_use]
pub fn run_on_smol(case: &Scenario) -> Outcome {
    sockets::run(&mut Executor::Smol, case)
}

enum Executor {
    AsyncStd,
    Smol,
}

impl Client for Executor {
    type Session = Session;

    fn resolver(roads: Roads) -> Arc<dyn Resolve> {
        Arc::new(roads)
    }

    fn ask(&mut self, session: &Session, settings: &Settings, request: &Request) -> Result<Delivered, NotApplied> {
        let builder = apply::request(session, settings, request, |text| Body::stream(Once(Some(text.into()))))?;
        let delivered = async {
            let response = builder.send().await.map_err(|error| core_error(error.kind(), &error))?;
            let (status, url) = (response.status().as_u16(), response.url().to_string());
            let (headers, history) = (lines(response.headers()), response.history().statuses());
            let body = response.bytes().await.map_err(|error| core_error(error.kind(), &error))?.to_vec();
            Ok(Delivered { status, url, headers, body, history })
        };
        match self {
            Self::AsyncStd => ::async_std::task::block_on(delivered),
            Self::Smol => ::smol::block_on(delivered),
        }
    }
}

impl Resolve for Roads {
    fn resolve(&self, host: &str, port: u16) -> Resolving {
        Box::pin(std::future::ready(self.lead(host, port)))
    }
}

/// A stream of one piece.
struct Once(Option<Bytes>);

impl Stream for Once {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}
