//! The record of a choice.

use crate::message::origin::Scheme;
use crate::message::proxy::ProxyServer;
use crate::message::record::text;
use crate::proxy::record::server;
use crate::proxy::select::{Choice, Chosen, Direct};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The choice for one request.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Choice", rename_all = "snake_case")]
pub(crate) enum ChoiceRecord {
    Direct(#[serde(with = "DirectRecord")] Direct),
    Via(#[serde(with = "server")] Arc<ProxyServer>, #[serde(with = "ChosenRecord")] Chosen),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Direct", rename_all = "snake_case")]
enum DirectRecord {
    NoneSet,
    Distrusted,
    Excepted(String),
    OfOrigin,
    OfRequest,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Chosen", rename_all = "snake_case")]
enum ChosenRecord {
    ForScheme(#[serde(with = "text")] Scheme),
    ForAll,
    OfOrigin,
    OfRequest,
}
