//! The record of what is known of Digest at one origin.

use crate::auth::digest::record::{OfferRecord, check, check_cnonce};
use crate::auth::digest::state::{DigestState, Known, Space, Standing};
use crate::message::record::{Damage, required, text};
use serde::{Deserialize, Serialize};

/// A state; `None` knows nothing.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StateRecord(Option<KnownRecord>);

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownRecord {
    offer: OfferRecord,
    #[serde(with = "text")]
    nonce: Vec<u8>,
    count: u32,
    #[serde(deserialize_with = "required")]
    session_cnonce: Option<String>,
    #[serde(with = "SpaceRecord")]
    space: Space,
    #[serde(with = "StandingRecord")]
    standing: Standing,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Space", rename_all = "snake_case", deny_unknown_fields)]
enum SpaceRecord {
    Origin,
    Paths { challenged: String, named: Vec<String> },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Standing", rename_all = "snake_case")]
enum StandingRecord {
    Good,
    Refused,
}

impl StateRecord {
    pub(crate) fn of(state: &DigestState) -> Self {
        Self(state.known.as_ref().map(|known| {
            let Known { offer, nonce, count, session_cnonce, space, standing } = known;
            KnownRecord {
                offer: OfferRecord::of(offer),
                nonce: nonce.clone(),
                count: *count,
                session_cnonce: session_cnonce.clone(),
                space: space.clone(),
                standing: *standing,
            }
        }))
    }

    /// The nonce in use, where anything is known.
    pub(crate) fn nonce(&self) -> Option<&[u8]> {
        self.0.as_ref().map(|known| known.nonce.as_slice())
    }

    /// The way back; `most` bounds the challenge.
    pub(crate) fn restore(self, most: usize) -> Result<DigestState, Damage> {
        let known = self.0.map(|KnownRecord { offer, nonce, count, session_cnonce, space, standing }| {
            check(&nonce).map_err(|damage| damage.at("nonce"))?;
            if let Some(cnonce) = &session_cnonce {
                check_cnonce(cnonce).map_err(|damage| damage.at("session_cnonce"))?;
            }
            let offer = offer.restore(most).map_err(|damage| damage.at("offer"))?;
            Ok(Known { offer, nonce, count, session_cnonce, space, standing })
        });
        Ok(DigestState { known: known.transpose()? })
    }
}
