//! The fault matrix: a server that misbehaves in every way that is known of, over real sockets, against each transport.
//!
//! [`peer`] is that server, [`client`] what it needs of a transport ([`blocking`], [`tokio`], [`async_std`]: one file for each), [`stage`]
//! where a row is played and what holds after each of them, [`row`] what a row is, [`rows`] the rows by section, [`memory`] what measures some of them, [`matrix`] what
//! plays them all and tells; the binary `faults` calls it.
//!
//! [`cutting`] is another server, for sweeps: it breaks off at one byte of what it writes.
//!
//! After every row: no panic and no hang, a normal request on the same session succeeds, the server has seen as many
//! requests as it should, and no error shows a secret.

pub mod async_std;
pub mod blocking;
pub mod client;
mod coded;
pub mod cutting;
pub mod matrix;
pub mod memory;
pub mod peer;
pub mod row;
pub mod rows;
pub mod stage;
pub mod tokio;
