//! The driver over real loopback sockets, the same for every transport: the peer listens once for each origin and proxy of
//! the case, the session's resolver leads there ([`Roads`]), and its wall clock starts where the case starts.

use crate::server::listen::Server;
use crate::suite::jar;
use crate::suite::outcome::Outcome;
use crate::suite::scenario::apply::{self, NotApplied};
use crate::suite::scenario::check::check;
use crate::suite::scenario::core;
use crate::suite::scenario::model::{Exchange, Request, Scenario};
use crate::suite::scenario::needs::{beyond_sockets, endpoints, too_much_for_sockets};
use crate::suite::scenario::observe::{Delivered, Failure, FieldLines, Given};
use crate::suite::scenario::roads::Roads;
use crate::suite::scenario::script::Script;
use crate::suite::scenario::settings::Settings;
use http::HeaderMap;
use session_core::entropy::Entropy;
use session_core::error::{Error, ErrorKind, Phase};
use session_core::handle::Access;
use session_core::session::builder::SessionBuilder;
use session_core::session::transport::{Clock, Transport};
use session_core::time::Now;
use session_core::tls::settings::Certificate;
use std::time::{Duration, Instant, SystemTime};

/// A transport, as far as the driver needs to know it.
pub trait Client {
    /// Its session.
    type Session: Transport + Access;

    /// A resolver of this transport that answers from these ways.
    fn resolver(roads: Roads) -> <Self::Session as Transport>::Resolver;

    /// Sends a case's request and reads the whole response.
    ///
    /// # Errors
    /// What the library refuses, what it does not do, and what went wrong on the way.
    fn ask(&mut self, session: &Self::Session, settings: &Settings, request: &Request)
    -> Result<Delivered, NotApplied>;
}

/// Runs a case over a transport. What sockets cannot serve is left out, with the reason.
pub fn run<C: Client>(client: &mut C, case: &Scenario) -> Outcome {
    if let Some(reason) = beyond_sockets(case) {
        return Outcome::Skipped(reason.to_owned());
    }
    // A case need not name where its hops go, or say that it pauses: on the core it is seen.
    let rehearsal = core::rehearse(case);
    let mut endpoints = endpoints(case);
    endpoints.extend(rehearsal.met);
    endpoints.sort();
    endpoints.dedup();
    if let Some(reason) = too_much_for_sockets(&endpoints, rehearsal.paused) {
        return Outcome::Skipped(reason.to_owned());
    }
    let script = Script::new();
    let mut server = match Server::start(endpoints, script.clone()) {
        Ok(server) => server,
        Err(error) => return Outcome::Failed(vec![format!("expected a peer that listens, got: {error}")]),
    };
    let clock = clock_from(case.session.now.wall());
    let mut builder = SessionBuilder::<C::Session>::new().clock(clock.clone()).head_timeout(Duration::from_secs(10));
    let trusted = Certificate::der(server.ca().certificate_der());
    // Every transport draws the same random bytes, so that what they send can be compared.
    builder = builder.tls_certs_only([trusted]).entropy(Entropy::from_seed([7; 32]));
    let listeners = server.addresses().map(|(endpoint, address)| (endpoint.clone(), address)).collect();
    let roads = match server.refused_address() {
        Ok(nowhere) => Roads::new(script.clone(), listeners, nowhere),
        Err(error) => return Outcome::Failed(vec![format!("expected a port where nobody listens, got: {error}")]),
    };
    builder = builder.dns_resolver(C::resolver(roads.clone()));
    let session = match apply::session(builder, &case.session).and_then(|builder| Ok(builder.build()?)) {
        Ok(session) => Ok(session),
        Err(NotApplied::Unsupported(message)) => return Outcome::Failed(vec![message]),
        Err(NotApplied::Refused(error)) => Err(failure(&error)),
    };
    let mut differences = Vec::new();
    for (index, exchange) in case.exchanges.iter().enumerate() {
        let found = play(client, case, exchange, &session, &Peer { script: &script, server: &server }, &clock);
        differences.extend(found.into_iter().map(|line| format!("exchange {index}: {line}")));
    }
    if !differences.is_empty() {
        return Outcome::Failed(differences);
    }
    Outcome::Sent(server.log().requests.iter().map(|recorded| recorded.request.raw.clone()).collect())
}

/// What a session talks to.
struct Peer<'a> {
    script: &'a Script,
    server: &'a Server,
}

fn play<C: Client>(
    client: &mut C,
    case: &Scenario,
    exchange: &Exchange,
    session: &Result<C::Session, Failure>,
    peer: &Peer<'_>,
    clock: &Clock,
) -> Vec<String> {
    let Peer { script, server } = peer;
    script.play(&exchange.hops);
    // An idle connection must not be used for what is to fail on a new one. Before later hops the server sees to that.
    server.close_connections_where(|endpoint, tunnel| script.next_fails_at(endpoint, tunnel));
    let faults_before = server.log().faults.len();
    let given = match session {
        Err(refused) => Given::new(Err(refused.clone()), Vec::new(), Some(Vec::new())),
        Ok(session) => {
            let result = match client.ask(session, &case.session, &exchange.request) {
                Ok(delivered) => Ok(delivered),
                Err(NotApplied::Refused(error)) => Err(failure(&error)),
                Err(NotApplied::Unsupported(message)) => return vec![message],
            };
            let jar = session.with(|core| jar::lines(core.cookies(), clock.now().wall()));
            Given::new(result, Vec::new(), Some(jar))
        }
    };
    let faults = server.log().faults.get(faults_before..).unwrap_or_default().to_vec();
    check(&case.session, exchange, &script.take_seen(), &faults, &given)
}

/// A clock that shows `start` now and goes on with the system's.
fn clock_from(start: SystemTime) -> Clock {
    let begun = Instant::now();
    Clock::new(move || Now::new(begun, start).advanced(begun.elapsed()))
}

/// The lines of a response's fields.
#[must_use]
pub fn lines(headers: &HeaderMap) -> FieldLines {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

/// A transport's error as one of the core's: of the same kind, told in the same words.
#[must_use]
pub fn core_error(kind: ErrorKind, error: &dyn std::error::Error) -> Error {
    Error::new(kind, Phase::Decide, error.to_string())
}

fn failure(error: &Error) -> Failure {
    Failure::new(error.kind().name(), error.to_string())
}
