//! Where a row is played: the session and the server that it needs, what it may expect, and what must hold at its end.

use crate::ca::{Issued, TestCa};
use crate::hostile::client::{Ask, CANARY, Client, Failed, Reply};
use crate::hostile::peer::{AFTER, HOST, Hostile, Peer};
use crate::tls::{ClientCertificate, server_config};
use rustls::ServerConfig;
use session_core::error::{ErrorKind, Phase};
use session_core::session::builder::SessionBuilder;
use session_core::tls::error::TlsErrorKind;
use session_core::tls::settings::Certificate;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How a row ends: everything was as it should be, or the first thing that was not.
pub type Outcome = Result<Settled, String>;

/// Given by [`Stage::settle`] alone, so that no row ends without it.
#[derive(Debug)]
pub struct Settled(());

/// How long a request may take that meets no bound sooner.
const LATE: Duration = Duration::from_secs(8);

/// The bounds of a session that a row says nothing about.
const BOUND: Duration = Duration::from_secs(5);

/// Where a row is played.
pub struct Stage<C: Client> {
    client: C,
    ca: TestCa,
    notes: Mutex<Vec<String>>,
}

impl<C: Client> Stage<C> {
    /// A stage over a transport.
    pub fn new(client: C) -> Self {
        Self { client, ca: TestCa::new(), notes: Mutex::default() }
    }

    /// The transport.
    pub fn client(&self) -> &C {
        &self.client
    }

    /// A server that does this on each connection.
    ///
    /// # Errors
    /// Those of the system.
    pub fn server(
        &self,
        behave: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
    ) -> Result<Hostile, String> {
        Hostile::start(behave).map_err(|error| format!("no server: {error}"))
    }

    /// The authority that [`Stage::trusting`] sessions trust.
    pub fn ca(&self) -> &TestCa {
        &self.ca
    }

    /// What a server is that is trusted as [`HOST`].
    pub fn identity(&self) -> ServerConfig {
        config(&self.ca.issue(&[HOST]))
    }

    /// A server that does this on each connection, behind a handshake as it should be. Its URLs are those of [`HOST`].
    ///
    /// # Errors
    /// Those of the system.
    pub fn secured(
        &self,
        behave: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
    ) -> Result<Hostile, String> {
        self.secured_by(self.identity(), behave)
    }

    /// The same with settings of its own.
    ///
    /// # Errors
    /// Those of the system.
    pub fn secured_by(
        &self,
        config: ServerConfig,
        behave: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
    ) -> Result<Hostile, String> {
        Hostile::start_secured(config, Box::new(behave)).map_err(|error| format!("no server: {error}"))
    }

    /// A session that trusts the authority, and takes this server for [`HOST`].
    ///
    /// # Errors
    /// As [`Stage::session`].
    pub fn trusting(
        &self,
        server: &Hostile,
        set: impl FnOnce(SessionBuilder<C::Session>) -> SessionBuilder<C::Session>,
    ) -> Result<C::Session, String> {
        let (root, address) = (Certificate::der(self.ca.certificate_der()), server.address());
        self.session(|builder| set(builder.tls_certs_only([root]).resolve(HOST, address)))
    }

    /// A session with these settings. Where they name none, its bounds are 5 s.
    ///
    /// # Errors
    /// A setting is refused.
    pub fn session(
        &self,
        set: impl FnOnce(SessionBuilder<C::Session>) -> SessionBuilder<C::Session>,
    ) -> Result<C::Session, String> {
        let builder = SessionBuilder::<C::Session>::new().connect_timeout(BOUND).head_timeout(BOUND);
        let builder = builder.read_timeout(BOUND).drain_timeout(Duration::from_millis(100));
        set(builder).build().map_err(|error| format!("no session: {error}"))
    }

    /// A session with nothing set but the bounds.
    ///
    /// # Errors
    /// As [`Stage::session`].
    pub fn plain(&self) -> Result<C::Session, String> {
        self.session(|builder| builder)
    }

    /// Asks. What takes too long, or shows a secret, is noted for the end.
    ///
    /// # Errors
    /// Those of the request.
    pub fn ask(&self, session: &C::Session, ask: Ask) -> Result<Reply, Failed> {
        let (what, started) = (ask.url.clone(), Instant::now());
        let result = self.client.ask(session, ask);
        self.look(&what, started, &result);
        result
    }

    /// Asks all of them at once.
    pub fn ask_all(&self, session: &C::Session, asks: Vec<Ask>) -> Vec<Result<Reply, Failed>> {
        let started = Instant::now();
        let results = self.client.ask_all(session, asks);
        for result in &results {
            self.look("one of many", started, result);
        }
        results
    }

    fn look(&self, what: &str, started: Instant, result: &Result<Reply, Failed>) {
        let took = started.elapsed();
        if took > LATE {
            self.note(format!("{what} took {took:?}"));
        }
        let shown = match result {
            Ok(reply) => &reply.shown,
            Err(failed) => &failed.all,
        };
        self.expect_no_secret(what, shown);
    }

    fn expect_no_secret(&self, what: &str, shown: &str) {
        if shown.contains(CANARY) {
            self.note(format!("{what} shows a secret: {shown}"));
        }
    }

    fn note(&self, note: String) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    /// The end of a row: the server has seen this many requests, and from now on a normal one succeeds.
    ///
    /// # Errors
    /// What does not hold.
    pub fn settle(&self, session: &C::Session, server: &Hostile, requests: usize) -> Outcome {
        let seen = server.seen().heads.len();
        if seen != requests {
            return Err(format!("expected {requests} requests at the server, got {seen}"));
        }
        server.calm_down();
        match self.ask(session, Ask::get(server.url(AFTER)).patient(BOUND)) {
            Ok(reply) if (reply.status, reply.body.as_slice()) == (200, b"fine") => {}
            other => return Err(format!("the next normal request: expected 200 \"fine\", got {}", shown(&other))),
        }
        self.expect_no_secret("the session", &format!("{session:?}"));
        match self.notes.lock().unwrap_or_else(PoisonError::into_inner).first() {
            Some(note) => Err(note.clone()),
            None => Ok(Settled(())),
        }
    }
}

/// Plays something for each of these; it ends with the first that does not end well.
///
/// # Errors
/// That of the first, or there is nothing to play.
pub fn each<T>(items: impl IntoIterator<Item = T>, mut play: impl FnMut(T) -> Outcome) -> Outcome {
    let mut last = Err("there is nothing to play".to_owned());
    for item in items {
        last = Ok(play(item)?);
    }
    last
}

/// Expects a response of this status with this body.
///
/// # Errors
/// It is another, or an error.
pub fn gave(result: Result<Reply, Failed>, status: u16, body: impl AsRef<[u8]>) -> Result<Reply, String> {
    match result {
        Ok(reply) if reply.status == status && reply.body == body.as_ref() => Ok(reply),
        other => {
            let body = body.as_ref();
            let body = body.get(..40).unwrap_or(body).escape_ascii();
            Err(format!("expected {status} \"{body}\", got {}", shown(&other)))
        }
    }
}

/// Expects an error of this kind in one of these phases.
///
/// # Errors
/// It is another, or a response.
pub fn failed(result: Result<Reply, Failed>, kind: ErrorKind, phases: &[Phase]) -> Result<Failed, String> {
    match result {
        Err(failed) if failed.kind == kind && phases.contains(&failed.phase) => Ok(failed),
        other => Err(format!("expected the error {kind} in {phases:?}, got {}", shown(&other))),
    }
}

/// Expects an error of TLS in one of these phases, of a kind of which this holds.
///
/// # Errors
/// It is another, or a response.
pub fn failed_by_tls(
    result: Result<Reply, Failed>,
    phases: &[Phase],
    expected: impl FnOnce(TlsErrorKind) -> bool,
) -> Result<Failed, String> {
    let failed = failed(result, ErrorKind::Tls, phases)?;
    let kind = failed.tls.ok_or_else(|| format!("an error without its source: {}", failed.message))?;
    holds(expected(kind), || format!("not this error of TLS: {kind:?}"))?;
    Ok(failed)
}

/// What a server of this certificate is: every version of TLS, no client certificates.
#[must_use]
pub fn config(issued: &Issued) -> ServerConfig {
    server_config(issued, ClientCertificate::None, &[])
}

/// Expects something to hold.
///
/// # Errors
/// It does not.
pub fn holds(is_so: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(what()) }
}

/// A result in a few words.
#[must_use]
pub fn shown(result: &Result<Reply, Failed>) -> String {
    match result {
        Ok(reply) => {
            let body = reply.body.get(..40).unwrap_or(&reply.body).escape_ascii();
            format!("{} \"{body}\" ({} bytes)", reply.status, reply.body.len())
        }
        Err(failed) => format!("the error {} in {:?}: {}", failed.kind, failed.phase, failed.message),
    }
}
