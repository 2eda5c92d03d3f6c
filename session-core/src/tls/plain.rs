//! What there is of plaintext, and how much of it is encrypted at once.

/// What there is of plaintext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "some came, none yet, or none will")]
pub enum Plain {
    /// This many bytes, more than none.
    Data(usize),
    /// None until more encrypted bytes come.
    Pending,
    /// The peer has said that no more will come.
    Closed,
}

/// How much plaintext one write takes: four full records (RFC 8446 section 5.1).
pub const WRITE: usize = 4 * 16 * 1024;
