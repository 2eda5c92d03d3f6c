//! Random bytes, handed in by whoever drives the machine.
//!
//! The core draws no randomness of its own: an [`Entropy`] is seeded once with 32 bytes from the system's generator and
//! expanded by SHA-256 in counter mode, so a test that hands in a fixed seed sees the same session every time. It serves
//! the spread of retry pauses, Digest client nonces and the boundaries of forms.

use sha2::{Digest, Sha256};
use std::fmt;

/// A source of bytes that only who knows the seed can foretell.
#[derive(Clone)]
pub struct Entropy {
    seed: [u8; 32],
    drawn: u64,
}

impl Entropy {
    /// A source expanded from 32 bytes of the system's random generator.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self { seed, drawn: 0 }
    }

    /// The next 32 bytes.
    pub fn block(&mut self) -> [u8; 32] {
        self.drawn = self.drawn.wrapping_add(1);
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(self.drawn.to_be_bytes());
        hash.finalize().into()
    }

    /// The next number, each value as likely as any other.
    pub fn number(&mut self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.block();
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entropy").field("drawn", &self.drawn).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Entropy;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_no_block_comes_twice() {
        let mut one = Entropy::from_seed([7; 32]);
        let mut two = Entropy::from_seed([7; 32]);
        let first = one.block();
        assert_eq!(first, two.block());
        assert_ne!(first, one.block());
        assert_ne!(Entropy::from_seed([8; 32]).block(), first);
    }

    #[test]
    fn debug_shows_no_seed() {
        assert_eq!(format!("{:?}", Entropy::from_seed([7; 32])), "Entropy { drawn: 0, .. }");
    }
}
