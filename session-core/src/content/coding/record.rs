//! How a set of codings is spelled in a snapshot: as Accept-Encoding would offer it.

use super::{Codings, FIELDS};
use crate::message::record::Spelled;
use std::borrow::Cow;

impl Spelled for Codings {
    const EXPECTED: &'static str = "content codings as `gzip, deflate, br, zstd`, some of them or none";

    fn spelled(&self) -> Cow<'_, str> {
        FIELDS.get(usize::from(self.0)).and_then(|field| field.to_str().ok()).unwrap_or_default().into()
    }

    fn read(text: &str) -> Option<Self> {
        let bits = FIELDS.iter().position(|field| *field == text)?;
        u8::try_from(bits).ok().map(Self)
    }
}
