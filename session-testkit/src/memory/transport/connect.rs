//! From a hop to a connection that its request can go on: connect, be let through by a proxy, and TLS with whom it takes.

use crate::memory::network::Network;
use crate::memory::transport::socket::Socket;
use crate::script::endpoint::Endpoint;
use bytes::Bytes;
use session_core::error::Phase;
use session_core::limits::Limits;
use session_core::retry::failure::Failure;
use session_core::session::step::Hop;
use session_core::session::transport::ConnectSettings;
use session_core::tls::config::TlsConfigs;
use session_core::transport::address::{Place, failure};
use session_core::transport::bounds::Bounds;
use session_core::transport::cause::Cause;
use session_core::transport::support::hop_tls;
use session_core::transport::tunnel::{Tunnel, nothing_early};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// What connections are made by.
pub(super) struct Connector {
    pub(super) network: Network,
    pub(super) settings: ConnectSettings,
    pub(super) tls: TlsConfigs,
    pub(super) limits: Arc<Limits>,
}

impl Connector {
    /// Makes a connection that a hop's request can go on.
    pub(super) fn connect(&mut self, hop: &Hop, bounds: &Bounds) -> Result<Socket, Failure> {
        let now = self.network.clock().now();
        let deadline = bounds.connect(now.instant());
        let tls = hop_tls(&mut self.tls, hop)?;
        let tunnel =
            Tunnel::of(hop, None, &self.limits).map_err(|error| failure(Cause::Setup(error), Phase::Tunnel))?;
        let mut socket = self.open(hop)?;
        if let (Some(config), Some(proxy)) = (tls.proxy, hop.route().proxy()) {
            let deadline = bounds.tls(deadline, self.network.clock().now().instant());
            socket.secure(&config, proxy.host(), &[], now, deadline)?;
        }
        let early = match tunnel {
            Some(tunnel) => socket.pass(tunnel, bounds, deadline)?,
            None => Bytes::new(),
        };
        match tls.origin {
            Some(config) => {
                let deadline = bounds.tls(deadline, self.network.clock().now().instant());
                socket.secure(&config, hop.origin().host(), &early, now, deadline)?;
            }
            None => nothing_early(&early)?,
        }
        Ok(socket)
    }

    /// Every name has one address here, at which whoever has the name listens.
    fn open(&self, hop: &Hop) -> Result<Socket, Failure> {
        let place = Place::of(hop);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, place.port()));
        let addresses = place.resolved(&self.settings, Ok(vec![address]))?;
        let endpoint = match hop.route().proxy() {
            None => Endpoint::origin(&hop.origin().to_string()),
            Some(proxy) => Endpoint::proxy(&proxy.to_string()),
        };
        let endpoint = endpoint.expect("what a hop goes to is an endpoint");
        let mut failures = Vec::new();
        for address in addresses {
            match self.network.connect(&endpoint) {
                Ok(stream) => return Ok(Socket::new(stream)),
                Err(error) => failures.push((address, error)),
            }
        }
        Err(place.no_connection(failures))
    }
}
