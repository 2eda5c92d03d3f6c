//! Kind "scenario": one session, several exchanges, at head level.
//!
//! [`model`](self::model) is what a case says, [`script`](self::script) the peer that plays it, [`observe`](self::observe)
//! what came of it, [`check`](self::check) the comparison. None of them knows a session: a driver (see
//! [`run`](crate::suite::run)) sends the requests.

pub mod apply;
pub mod challenge;
pub mod check;
pub mod core;
pub mod digest;
pub mod model;
pub mod needs;
pub mod observe;
pub mod script;
