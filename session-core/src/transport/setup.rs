//! What is said on a connection before its first request: a handshake or the opening of a tunnel, as bytes out and bytes
//! in. Which machine says what is its own matter; each transport runs them all on one loop, within a deadline.

use crate::error::Error;

/// A machine that makes a connection ready.
///
/// A transport runs it so, until it [is done](Setup::is_done): writes all of [`out`](Setup::out) and tells by
/// [`wrote`](Setup::wrote) what the system took; where there is nothing to write, reads once into
/// [`spare`](Setup::spare) and tells by [`received`](Setup::received) what came. What `out` holds when it is done is
/// written too, before anything else.
///
/// It takes no byte that belongs to what comes after it: `spare` is no longer than the machine may need, or what it has
/// too much it gives out by a function of its own.
///
/// ```
/// use session_core::error::Error;
/// use session_core::transport::setup::Setup;
///
/// /// Says `hello` and waits for one byte.
/// struct Greeting {
///     out: &'static [u8],
///     byte: [u8; 1],
///     heard: bool,
/// }
///
/// impl Setup for Greeting {
///     fn out(&self) -> &[u8] {
///         self.out
///     }
///     fn wrote(&mut self, n: usize) {
///         self.out = self.out.get(n..).unwrap_or_default();
///     }
///     fn spare(&mut self) -> &mut [u8] {
///         &mut self.byte
///     }
///     fn received(&mut self, n: usize) -> Result<(), Error> {
///         self.heard = n == 1;
///         Ok(())
///     }
///     fn is_done(&self) -> bool {
///         self.heard
///     }
/// }
///
/// let mut greeting = Greeting { out: b"hello", byte: [0], heard: false };
/// assert_eq!(greeting.out(), b"hello");
/// greeting.wrote(5);
/// assert!(greeting.out().is_empty() && !greeting.is_done());
/// greeting.spare()[0] = b'!';
/// greeting.received(1)?;
/// assert!(greeting.is_done());
/// # Ok::<(), Error>(())
/// ```
pub trait Setup {
    /// What is to be written now. Empty: the peer is to speak, or it is done.
    fn out(&self) -> &[u8];

    /// Says that the system took the first `n` bytes of [`out`](Setup::out).
    fn wrote(&mut self, n: usize);

    /// Where to read into. Never empty while it is not done and has nothing to write.
    fn spare(&mut self) -> &mut [u8];

    /// Says that `n` bytes were read into [`spare`](Setup::spare); 0 is the end of the connection.
    ///
    /// # Errors
    /// The connection cannot be made ready: the peer refused, broke the protocol, or ended. What [`out`](Setup::out) still
    /// holds may be sent to tell the peer why, without waiting; then the connection is closed.
    fn received(&mut self, n: usize) -> Result<(), Error>;

    /// Whether the connection is ready once [`out`](Setup::out) is empty.
    fn is_done(&self) -> bool;
}
