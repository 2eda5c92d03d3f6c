//! How long each phase may take, and how many connections may be open.

use crate::session::builder::SessionBuilder;
use crate::session::settings::Setting;
use crate::session::transport::Transport;
use crate::time::Timeouts;
use std::sync::Arc;
use std::time::Duration;

impl<T: Transport> SessionBuilder<T> {
    /// How long a whole exchange may take, its body included. Default: no bound.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::session::settings::Setting;
    /// use std::time::Duration;
    ///
    /// let session = Session::builder()
    ///     .timeout(Duration::from_secs(30))
    ///     .connect_timeout(Duration::from_secs(3))
    ///     .head_timeout(Duration::from_secs(20))
    ///     .read_timeout(Setting::Off)
    ///     .build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn timeout(mut self, total: impl Into<Setting<Duration>>) -> Self {
        Arc::make_mut(&mut self.settings.timeouts).total = total.into().or(Timeouts::default().total);
        self
    }

    /// How long it may take to resolve, to connect, to be let through by a proxy and to shake hands, together. Default 10 s; [`Setting::Off`] is as long as it takes, here and below.
    pub fn connect_timeout(mut self, connect: impl Into<Setting<Duration>>) -> Self {
        Arc::make_mut(&mut self.settings.timeouts).connect = connect.into().or(Timeouts::default().connect);
        self
    }

    /// How long it may take to ask for the addresses of a name, within the time for connecting. Default: no bound of its own.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use std::time::Duration;
    ///
    /// let session = Session::builder()
    ///     .connect_timeout(Duration::from_secs(10))
    ///     .resolve_timeout(Duration::from_secs(2))
    ///     .tls_timeout(Duration::from_secs(5))
    ///     .build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn resolve_timeout(mut self, resolve: impl Into<Setting<Duration>>) -> Self {
        Arc::make_mut(&mut self.settings.timeouts).resolve = resolve.into().or(Timeouts::default().resolve);
        self
    }

    /// How long each TLS handshake may take, within the time for connecting. Default: no bound of its own.
    pub fn tls_timeout(mut self, tls: impl Into<Setting<Duration>>) -> Self {
        Arc::make_mut(&mut self.settings.timeouts).tls = tls.into().or(Timeouts::default().tls);
        self
    }

    /// How long the response head may take in total. Default 60 s.
    pub fn head_timeout(mut self, head: impl Into<Setting<Duration>>) -> Self {
        Arc::make_mut(&mut self.settings.timeouts).head = head.into().or(Timeouts::default().head);
        self
    }

    /// How long a body that expects a 100 waits for it before it is sent all the same. Default 1 s.
    pub fn expect_timeout(mut self, expect: impl Into<Setting<Duration>>) -> Self {
        Arc::make_mut(&mut self.settings.timeouts).expect = expect.into().or(Timeouts::default().expect);
        self
    }

    /// How long a body may pause between two bytes, sent or received. Default 60 s.
    pub fn read_timeout(mut self, idle: impl Into<Setting<Duration>>) -> Self {
        Arc::make_mut(&mut self.settings.timeouts).idle = idle.into().or(Timeouts::default().idle);
        self
    }

    /// How long an unwanted body, as that of a redirect, may be waited for to keep its connection. Default 1 s.
    pub fn drain_timeout(mut self, drain: impl Into<Setting<Duration>>) -> Self {
        Arc::make_mut(&mut self.settings.timeouts).drain = drain.into().or(Timeouts::default().drain);
        self
    }

    /// How many connections may be open in all, in use or idle. Who needs another one waits its turn, up to the connect
    /// timeout. Default 256. It is [`Limits::connections_total`](crate::limits::Limits::connections_total).
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// let session = Session::builder().max_connections(20).max_connections_per_key(5).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn max_connections(mut self, most: usize) -> Self {
        self.settings.limits.connections_total = most;
        self
    }

    /// How many connections may be open for one pool key: an origin and the way to it. Default: no bound. It is
    /// [`Limits::connections_per_key`](crate::limits::Limits::connections_per_key).
    pub fn max_connections_per_key(mut self, most: usize) -> Self {
        self.settings.limits.connections_per_key = most;
        self
    }
}
