//! What a transport is told beside the session's own settings, and how it is made from both. Plain data: the core
//! resolves and connects nothing.

use crate::error::Error;
use crate::session::Session;
use crate::time::Now;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// Something that can be built by a [`SessionBuilder`](crate::session::builder::SessionBuilder): the bare machine, or a
/// transport's session around it.
pub trait Transport: Sized {
    /// Makes it of a session and the settings for its connections.
    ///
    /// # Errors
    /// Whatever the transport cannot do.
    fn assemble(session: Session, connect: ConnectSettings) -> Result<Self, Error>;
}

impl Transport for Session {
    fn assemble(session: Session, _connect: ConnectSettings) -> Result<Self, Error> {
        Ok(session)
    }
}

/// How connections are made.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ConnectSettings {
    /// Addresses that stand for a host, or for `host:port`, instead of what the system's resolver says.
    pub overrides: Vec<(String, Vec<SocketAddr>)>,
    /// Where the time comes from. Default: the system's clocks.
    pub clock: Option<Clock>,
}

/// A clock of one's own, for tests.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Now + Send + Sync>);

impl Clock {
    /// A clock that reads `now`.
    pub fn new(now: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Now {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock(..)")
    }
}

impl fmt::Debug for ConnectSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectSettings").field("overrides", &self.overrides).field("clock", &self.clock).finish()
    }
}

impl ConnectSettings {
    /// The addresses set for this host and port, if any. `host:port` goes before `host`; port 0 in an address stands for
    /// the port that was asked for.
    #[must_use]
    pub fn addresses(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        let with_port = format!("{host}:{port}");
        let find = |wanted: &str| self.overrides.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let (_, addresses) = find(&with_port).or_else(|| find(host))?;
        Some(
            addresses
                .iter()
                .map(|address| match address.port() {
                    0 => SocketAddr::new(address.ip(), port),
                    _ => *address,
                })
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::ConnectSettings;

    #[test]
    fn an_override_for_the_port_goes_before_one_for_the_host() {
        let mut settings = ConnectSettings::default();
        settings.overrides.push(("A.test".into(), vec!["127.0.0.1:0".parse().unwrap()]));
        settings.overrides.push(("a.test:8001".into(), vec!["127.0.0.1:9".parse().unwrap()]));
        let found = |host, port| settings.addresses(host, port).map(|found| found[0].port());
        assert_eq!(found("a.test", 80), Some(80));
        assert_eq!(found("a.test", 8001), Some(9));
        assert_eq!(found("b.test", 80), None);
    }
}
