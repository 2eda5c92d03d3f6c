//! What goes wrong on an in-memory connection: at which byte of what the peer writes, or at which call of the client.

/// What becomes of the bytes that a peer writes on one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a place and what happens there")]
pub struct Fault {
    /// On which connection, from 0.
    pub connection: usize,
    /// After how many bytes.
    pub at: u64,
    /// What happens.
    pub cut: Cut,
}

/// What happens at a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the ways of a connection to break off, and to go on in pieces")]
pub enum Cut {
    /// The peer ends what it writes, as soon as it is there.
    Fin,
    /// It ends once it has more to write: what it wrote so far may have been all that was asked for.
    LateFin,
    /// It resets the connection, as soon as it is there.
    Rst,
    /// It resets the connection once it has more to write.
    LateRst,
    /// Nothing more comes.
    Stall,
    /// The rest comes a little later.
    Split,
    /// From there on every byte comes a little later than the one before.
    Bytewise,
}

impl Cut {
    /// Whether all that the peer writes comes in the end.
    #[must_use]
    pub fn loses_nothing(self) -> bool {
        matches!(self, Self::Split | Self::Bytewise)
    }
}

/// What one call of the client comes to instead of what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the ways of a call to fail")]
pub enum Trouble {
    /// A signal came (EINTR).
    Interrupted,
    /// The system cannot do it now, though it could (EAGAIN).
    WouldBlock,
    /// One byte is read or written.
    Short,
    /// ECONNRESET; the connection is gone.
    Reset,
    /// EPIPE; the connection is gone.
    Broken,
    /// ETIMEDOUT; the connection is gone.
    TimedOut,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Interrupted, Self::WouldBlock, Self::Short, Self::Reset, Self::Broken, Self::TimedOut];

    /// Whether a client that is careful loses nothing by it.
    #[must_use]
    pub fn is_harmless(self) -> bool {
        matches!(self, Self::Interrupted | Self::WouldBlock | Self::Short)
    }
}
