//! The connection of a build without TLS: there is none.

use crate::message::host::CanonicalHost;
use crate::time::Now;
use crate::tls::config::TlsConfig;
use crate::tls::error::TlsError;
use crate::tls::plain::Plain;
use bytes::BytesMut;
use std::io::IoSlice;

/// One connection. This build has none: it is without the feature `tls`.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is no value of it")]
pub enum Tls {}

impl Tls {
    /// Is never called: there is no such config.
    ///
    /// # Errors
    /// None.
    pub fn new(config: &TlsConfig, _host: &CanonicalHost, _now: Now) -> Result<Self, TlsError> {
        match *config {}
    }

    /// Is never called.
    ///
    /// # Errors
    /// None.
    pub fn read_tls(&mut self, _input: &mut &[u8]) -> Result<(), TlsError> {
        match *self {}
    }

    /// Is never called.
    ///
    /// # Errors
    /// None.
    pub fn handle_eof(&mut self) -> Result<(), TlsError> {
        match *self {}
    }

    /// Is never called.
    ///
    /// # Errors
    /// None.
    pub fn read_plain(&mut self, _into: &mut [u8]) -> Result<Plain, TlsError> {
        match *self {}
    }

    /// Is never called.
    pub fn write(&mut self, _parts: &[IoSlice<'_>], _out: &mut BytesMut) -> usize {
        match *self {}
    }

    /// Is never called.
    pub fn take_out(&mut self, _out: &mut BytesMut) {
        match *self {}
    }

    /// Is never called.
    pub fn send_close_notify(&mut self, _out: &mut BytesMut) {
        match *self {}
    }

    /// Is never called.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        match *self {}
    }
}
