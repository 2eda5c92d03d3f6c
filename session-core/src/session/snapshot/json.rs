//! Snapshots as JSON texts, with errors that quote nothing of a text that is full of secrets.

use crate::error::{Error, ErrorKind, Phase};
use crate::session::snapshot::version::VERSION;
use crate::session::snapshot::{HopSnapshot, PauseSnapshot, Snapshot};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

macro_rules! json {
    ($($snapshot:ident)*) => {$(
        impl $snapshot {
            /// The snapshot as a JSON text. It holds secrets. Needs the feature `json`. For an example see
            /// [`Snapshot::from_json`].
            ///
            /// # Errors
            /// [`ErrorKind::InvalidSetting`] for a time that no clock shows.
            pub fn to_json(&self) -> Result<String, Error> {
                write(self)
            }

            /// The snapshot that [`Self::to_json`] wrote. What its parts say is checked when it is restored. Needs the
            /// feature `json`.
            ///
            /// # Errors
            /// [`ErrorKind::InvalidSetting`] for another version, and for a text that is damaged, with line and column.
            ///
            /// ```
            /// # use session_core::session::snapshot::Snapshot;
            /// let error = Snapshot::from_json(r#"{"version":2}"#).unwrap_err();
            /// assert!(error.to_string().starts_with("the snapshot is of version 2; expected version 1"));
            /// ```
            pub fn from_json(text: &str) -> Result<Self, Error> {
                read(text)
            }
        }
    )*};
}

json!(Snapshot HopSnapshot PauseSnapshot);

/// What a snapshot of any version has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

fn write(snapshot: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(snapshot).map_err(|source| error("the snapshot cannot be written").with_source(source))
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|fault| match serde_json::from_str::<Versioned>(text) {
        Ok(Versioned { version }) if version != VERSION => {
            error(format!("the snapshot is of version {version}")).with_expected(format!("version {VERSION}"))
        }
        // The fault itself may quote a secret, so it is not kept.
        _ => error(format!("the snapshot is damaged at line {}, column {}", fault.line(), fault.column()))
            .with_expected("a snapshot of this kind, whole and unchanged"),
    })
}

fn error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidSetting, Phase::Build, message)
}
