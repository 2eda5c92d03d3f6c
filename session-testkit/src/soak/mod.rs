//! Many requests at once, over connections that end all the time: none lost, none doubled, nothing left open.
//!
//! [`server`] is what they go to and what counts them, [`run`] asks and judges, [`cli`] is the binary `soak`.

pub mod cli;
mod open;
pub mod run;
pub mod server;
