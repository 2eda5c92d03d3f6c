//! What opens the way through a proxy, as the one sees it who keeps the proxy: which functions it comes with. What they do is said
//! in [`proxy`](crate::proxy).

use crate::error::Error;
use crate::limits::Limits;
use crate::message::origin::Origin;
use crate::message::proxy::ProxyServer;
use bytes::Bytes;
use http::HeaderValue;
use std::fmt;
use std::net::SocketAddr;

/// Begins to open the way through a proxy, where something is to be said to it before the first request.
pub(crate) type Open = fn(&ProxyServer, &Asked<'_>) -> Result<Option<Box<dyn Opening>>, Error>;

/// Where the way is to lead, and what the proxy is told.
pub(crate) struct Asked<'a> {
    pub(crate) origin: &'a Origin,
    /// The origin's address, where it is known.
    pub(crate) address: Option<SocketAddr>,
    pub(crate) user_agent: Option<&'a HeaderValue>,
    /// What proves the caller to an HTTP proxy.
    pub(crate) authorization: Option<&'a HeaderValue>,
    pub(crate) limits: &'a Limits,
}

/// One conversation with a proxy before the first request, as bytes out and bytes in.
pub(crate) trait Opening: fmt::Debug + Send + Sync {
    /// What is to be written now. Empty: the proxy is to speak, or it is done.
    fn out(&self) -> &[u8];

    /// Says that the first `n` bytes of that were written.
    fn wrote(&mut self, n: usize);

    /// Where to read into. Never empty while it is not done and has nothing to write.
    fn spare(&mut self) -> &mut [u8];

    /// Says that `n` bytes were read; 0 is the end of the connection.
    fn received(&mut self, n: usize) -> Result<(), Error>;

    /// Whether the proxy has answered, whatever it said.
    fn is_done(&self) -> bool;

    /// Whether it refused and more of its answer may come.
    fn wants_rest(&self) -> bool;

    /// The bytes that came behind its answer, or what kept the way shut.
    fn finish(&mut self) -> Result<Bytes, Error>;
}
