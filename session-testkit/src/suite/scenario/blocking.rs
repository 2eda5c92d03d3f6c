//! The driver "blocking": the scenarios over `transport-blocking`.

use crate::suite::outcome::Outcome;
use crate::suite::scenario::apply::{self, NotApplied};
use crate::suite::scenario::model::{Request, Scenario};
use crate::suite::scenario::observe::Delivered;
use crate::suite::scenario::roads::Roads;
use crate::suite::scenario::settings::Settings;
use crate::suite::scenario::sockets::{self, Client, core_error, lines};
use std::io::{self, Cursor};
use std::net::SocketAddr;
use std::sync::Arc;
use transport_blocking::{Body, Resolve, Session};

/// Runs a case.
#[must_use]
pub fn run(case: &Scenario) -> Outcome {
    sockets::run(&mut Blocking, case)
}

struct Blocking;

impl Client for Blocking {
    type Session = Session;

    fn resolver(roads: Roads) -> Arc<dyn Resolve> {
        Arc::new(roads)
    }

    fn ask(&mut self, session: &Session, settings: &Settings, request: &Request) -> Result<Delivered, NotApplied> {
        let builder = apply::request(session, settings, request, |text| Body::reader(Cursor::new(text)))?;
        let response = builder.send().map_err(|error| core_error(error.kind(), &error))?;
        let (status, url) = (response.status().as_u16(), response.url().to_string());
        let (headers, history) = (lines(response.headers()), response.history().statuses());
        let body = response.bytes().map_err(|error| core_error(error.kind(), &error))?.to_vec();
        Ok(Delivered { status, url, headers, body, history })
    }
}

impl Resolve for Roads {
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.lead(host, port)
    }
}
