//! From a hop to a socket that its request can go on: resolve, connect, be let through by a proxy, and TLS with whom it takes.

mod open;
mod resolve;
pub(crate) mod runtime;
mod socket;
mod stream;

pub(crate) use self::resolve::System;
pub use self::resolve::{Resolve, Resolving};
pub(crate) use self::socket::{Listen, Socket};

use self::open::{Attempts, open_unix};
use self::resolve::look_up;
use crate::client::lock;
use bytes::Bytes;
use session_core::error::Phase;
use session_core::limits::Limits;
use session_core::retry::failure::Failure;
use session_core::session::step::Hop;
use session_core::time::Now;
use session_core::time::timings::{Stage, Stopwatch};
use session_core::tls::config::TlsConfigs;
use session_core::transport::ConnectSettings;
use session_core::transport::address::{Place, failure};
use session_core::transport::bounds::{Bounds, Deadline};
use session_core::transport::cause::Cause;
use session_core::transport::eyeballs::{Eyeballs, Next};
use session_core::transport::support::hop_tls;
use session_core::transport::tunnel::{Tunnel, nothing_early};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What connections are made by.
pub(crate) struct Connector {
    pub(crate) settings: ConnectSettings,
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) tls: Mutex<TlsConfigs>,
    pub(crate) limits: Arc<Limits>,
}

impl Connector {
    /// Makes a connection that a hop's request can go on, by the deadline.
    pub(crate) async fn connect(
        &self,
        hop: &Hop,
        bounds: &Bounds,
        deadline: Option<Deadline>,
        now: Now,
        watch: &mut Stopwatch,
    ) -> Result<Socket, Failure> {
        let tls = hop_tls(&mut lock(&self.tls), hop)?;
        let target = if Tunnel::needs_address(hop) {
            self.resolve(&Place::origin(hop.origin()), bounds, deadline, watch).await?.into_iter().next()
        } else {
            None
        };
        let tunnel =
            Tunnel::of(hop, target, &self.limits).map_err(|error| failure(Cause::Setup(error), Phase::Tunnel))?;
        let mut socket = self.open(&Place::of(hop), bounds, deadline, watch).await?;
        if let (Some(config), Some(proxy)) = (tls.proxy, hop.route().proxy()) {
            let deadline = bounds.tls(deadline, Instant::now());
            socket.secure(&config, proxy.host(), &[], now, deadline).await?;
        }
        let early = match tunnel {
            Some(tunnel) => socket.pass(tunnel, bounds, deadline).await?,
            None => Bytes::new(),
        };
        watch.lap(Stage::Connect, Instant::now());
        match tls.origin {
            Some(config) => {
                let deadline = bounds.tls(deadline, Instant::now());
                socket.secure(&config, hop.origin().host(), &early, now, deadline).await?;
                watch.lap(Stage::Tls, Instant::now());
            }
            None => nothing_early(&early)?,
        }
        Ok(socket)
    }

    /// A socket that is connected to a place.
    async fn open(
        &self,
        place: &Place<'_>,
        bounds: &Bounds,
        deadline: Option<Deadline>,
        watch: &mut Stopwatch,
    ) -> Result<Socket, Failure> {
        if let Some(path) = &self.settings.unix_socket {
            let opened = open_unix(path, deadline).await;
            return match opened {
                Ok(stream) => Ok(Socket::new(stream, None)),
                Err(error) => match deadline.filter(|deadline| deadline.is_over(Instant::now())) {
                    Some(deadline) => Err(place.late(deadline, &[])),
                    None => Err(place.no_socket(path, error)),
                },
            };
        }
        let addresses = self.resolve(place, bounds, deadline, watch).await?;
        self.race(place, addresses, deadline).await
    }

    /// The addresses of a place: those that are known, else what the resolver says.
    async fn resolve(
        &self,
        place: &Place<'_>,
        bounds: &Bounds,
        deadline: Option<Deadline>,
        watch: &mut Stopwatch,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let addresses = match place.known(&self.settings) {
            Some(addresses) => Ok(addresses),
            None => {
                let deadline = bounds.resolve(deadline, Instant::now());
                let found = look_up(&*self.resolver, place.host(), place.port(), deadline).await;
                watch.lap(Stage::Resolve, Instant::now());
                found
            }
        };
        place.resolved(&self.settings, addresses)
    }

    /// Connects to the address that answers first; the others are closed.
    async fn race(
        &self,
        place: &Place<'_>,
        addresses: Vec<SocketAddr>,
        deadline: Option<Deadline>,
    ) -> Result<Socket, Failure> {
        let mut eyeballs = Eyeballs::new(addresses, self.settings.attempt_delay, deadline, &self.limits);
        let mut attempts = Attempts::new(&self.settings);
        loop {
            let ended = match eyeballs.next(Instant::now()) {
                Next::Start(address) => attempts.start(address),
                Next::Wait(until) => attempts.wait(until).await,
                Next::Failed => return Err(place.no_connection(eyeballs.into_failures())),
                Next::Late(deadline) => return Err(place.late(deadline, &eyeballs.into_failures())),
            };
            match ended {
                Some((address, Ok(stream))) => return Ok(Socket::new(stream, Some(address))),
                Some((address, Err(error))) => eyeballs.failed(address, error),
                None => {}
            }
        }
    }
}
