//! The fields of a request that has none of its own, in a session that was given none: they are the same each time but for the host,
//! so they are put together once. Which they are, and when this holds, is decided in `prepare`.

use crate::content::coding::Codings;
use crate::session::compat::Compat;
use crate::session::exchange::Exchange;
use crate::session::fields::Fields;
use crate::session::settings::Settings;
use http::HeaderValue;

/// Such fields as they were put together last. It saves time and decides nothing: what it gives is what putting them together again
/// would give.
#[derive(Default)]
pub(crate) struct Plain(Option<Kept>);

/// They, and all that they depend on beside the host.
struct Kept {
    user_agent: Option<HeaderValue>,
    compat: Compat,
    codings: Codings,
    fields: Fields,
}

impl Plain {
    /// The fields for `host`, where they are known.
    pub(super) fn find(&self, settings: &Settings, exchange: &Exchange, host: &HeaderValue) -> Option<Fields> {
        let Kept { user_agent, compat, codings, fields } = self.0.as_ref()?;
        let are_they = *codings == exchange.codings && *compat == exchange.compat && *user_agent == settings.user_agent;
        are_they.then(|| fields.for_host(host))
    }

    /// Keeps fields that depend on nothing else.
    pub(super) fn keep(&mut self, settings: &Settings, exchange: &Exchange, fields: &Fields) {
        self.0 = fields.begins_with_host().then(|| Kept {
            user_agent: settings.user_agent.clone(),
            compat: exchange.compat,
            codings: exchange.codings,
            fields: fields.clone(),
        });
    }
}

#[cfg(test)]
mod tests;
