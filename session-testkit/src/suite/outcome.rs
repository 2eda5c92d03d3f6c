//! How a case ended.

use bytes::Bytes;

/// How a case ended on one driver.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a case ends in one of these ways")]
pub enum Outcome {
    /// Everything was as expected.
    Passed,
    /// The same, and these are the requests as they stood on the wire, byte for byte, in order.
    Sent(Vec<Bytes>),
    /// What was expected, and what came; every line is one difference.
    Failed(Vec<String>),
    /// The case was not run, for this reason.
    Skipped(String),
}

impl Outcome {
    /// Passed where there is no difference.
    #[must_use]
    pub fn of(differences: Vec<String>) -> Self {
        if differences.is_empty() { Self::Passed } else { Self::Failed(differences) }
    }
}
