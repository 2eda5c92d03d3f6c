//! The settings of a session's connections: where they are made to, from where and how.

use super::SessionBuilder;
use crate::error::{Error, ErrorKind, Phase};
use crate::session::address_rule::AddressRule;
use crate::session::transport::{AddressOverride, Clock, Transport};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

impl<T: Transport> SessionBuilder<T> {
    /// Connects to `address` wherever `host` (or `host:port`) is asked for, without resolving the name. The host may be in
    /// any spelling that a URL may use; what is no host is refused. Port 0 in the address stands for the port of the URL.
    /// The name stays what cookies, credentials and the Host field go by.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// // As curl's --resolve. Port 0: that of the URL.
    /// let session = Session::builder().resolve("a.test", "127.0.0.1:0".parse().unwrap()).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn resolve(self, host: &str, address: SocketAddr) -> Self {
        self.resolve_to_addrs(host, &[address])
    }

    /// The same with several addresses, tried as those of a resolver: families in turn, the first one's first.
    pub fn resolve_to_addrs(mut self, host: &str, addresses: &[SocketAddr]) -> Self {
        match AddressOverride::new(host, addresses) {
            Ok(entry) => {
                self.connect.overrides.push(entry);
                self
            }
            Err(error) => self.refuse(error),
        }
    }

    /// Which addresses may be connected to, asked after resolving and before connecting, at every hop. Default: all. A
    /// program that fetches what strangers name wants [`AddressRule::public_only`].
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::session::address_rule::AddressRule;
    ///
    /// let session = Session::builder().address_rule(AddressRule::public_only()).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn address_rule(mut self, rule: AddressRule) -> Self {
        self.connect.address_rule = rule;
        self
    }

    /// What finds the addresses of names, in place of the system's resolver: of origins, and of proxies. What is set by
    /// [`SessionBuilder::resolve`] goes before it.
    pub fn dns_resolver(mut self, resolver: T::Resolver) -> Self {
        self.resolver = Some(resolver);
        self
    }

    /// Makes every connection to this unix socket, whatever the URL; host and scheme of the URL stay what the request goes
    /// by. Names are not resolved, and a request that takes a proxy is refused. Default: connections are TCP.
    ///
    /// Where the system has no unix sockets, [`SessionBuilder::build`] says so.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// # #[cfg(unix)] {
    /// let session = Session::builder().unix_socket("/var/run/docker.sock").base_url("http://localhost/").build()?;
    /// # drop(session);
    /// # }
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn unix_socket(mut self, path: impl AsRef<Path>) -> Self {
        if cfg!(not(unix)) {
            let error =
                Error::new(ErrorKind::Unsupported, Phase::Build, "unix sockets are not supported on this system");
            return self.refuse(error);
        }
        self.connect.unix_socket = Some(path.as_ref().into());
        self
    }

    /// The address that connections come from; addresses of the other family cannot be connected to then. Default: the
    /// system chooses.
    pub fn local_address(mut self, address: impl Into<Option<IpAddr>>) -> Self {
        self.connect.local_address = address.into();
        self
    }

    /// Whether small writes go out at once (`TCP_NODELAY`). Default: they do.
    pub fn tcp_nodelay(mut self, nodelay: bool) -> Self {
        self.connect.tcp_nodelay = nodelay;
        self
    }

    /// After how much silence the system asks whether the peer is still there (`SO_KEEPALIVE`). Default: never.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use std::net::Ipv4Addr;
    /// use std::time::Duration;
    ///
    /// let session = Session::builder()
    ///     .tcp_keepalive(Duration::from_secs(60))
    ///     .local_address(std::net::IpAddr::from(Ipv4Addr::LOCALHOST))
    ///     .build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn tcp_keepalive(mut self, silence: impl Into<Option<Duration>>) -> Self {
        self.connect.tcp_keepalive = silence.into();
        self
    }

    /// How long an address of a host has for itself before the next one is tried beside it (RFC 8305). Default 250 ms.
    pub fn connect_attempt_delay(mut self, delay: Duration) -> Self {
        self.connect.attempt_delay = delay;
        self
    }

    /// Where the time comes from, for tests. Default: the system's clocks. Only a transport asks for the time.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::session::transport::Clock;
    /// use session_core::time::Now;
    /// use std::time::{Duration, Instant, SystemTime};
    ///
    /// let start = Now::new(Instant::now(), SystemTime::UNIX_EPOCH);
    /// let session = Session::builder().clock(Clock::new(move || start.advanced(Duration::from_secs(60)))).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn clock(mut self, clock: Clock) -> Self {
        self.connect.clock = Some(clock);
        self
    }
}
