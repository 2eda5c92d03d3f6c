//! What a row of the matrix is, and the list of them all.

use crate::hostile::client::Client;
use crate::hostile::rows;
use crate::hostile::stage::{Outcome, Stage};

/// A row: what a server does, and what a careful client makes of it.
#[expect(clippy::exhaustive_structs, reason = "a number, a name and a function")]
pub struct Row<C: Client> {
    /// Its number, also of several rows that are one.
    pub number: &'static str,
    /// What the server does.
    pub name: &'static str,
    /// How it is played.
    pub play: Play<C>,
}

/// How a row is played.
#[expect(clippy::exhaustive_enums, reason = "here or in a process of its own")]
pub enum Play<C: Client> {
    /// So.
    Now(fn(&Stage<C>) -> Outcome),
    /// So, in a process of its own: it measures or uses up what a process has.
    Alone(fn(&Stage<C>) -> Outcome),
}

/// A row that is played.
pub(super) fn row<C: Client>(number: &'static str, name: &'static str, play: fn(&Stage<C>) -> Outcome) -> Row<C> {
    Row { number, name, play: Play::Now(play) }
}

/// A row that is played in a process of its own.
pub(super) fn alone<C: Client>(number: &'static str, name: &'static str, play: fn(&Stage<C>) -> Outcome) -> Row<C> {
    Row { number, name, play: Play::Alone(play) }
}

/// Every row, by section.
#[must_use]
pub fn all<C: Client>() -> Vec<Row<C>> {
    [
        rows::connect::rows(),
        rows::timing::rows(),
        rows::truncation::rows(),
        rows::reuse::rows(),
        rows::upload::rows(),
        rows::malformed::rows(),
        rows::redirects::rows(),
        rows::codings::rows(),
        rows::auth::rows(),
        rows::tls::rows(),
        rows::records::rows(),
        rows::load::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
