//! The encrypted bytes that came for a TLS connection and were not taken yet, and the room to read more of them into.

use crate::tls::plain::KEPT;

/// How much is read at once, where a read showed that there is much.
const READ: usize = 32 * 1024;

/// How much is read at first, which is all that most answers have.
const FIRST: usize = KEPT;

/// How much is kept of what has not come whole: the longest message of a handshake that is read is 64 KiB, and what its records add to
/// it may be as much.
pub(super) const MOST: usize = 128 * 1024;

/// Room, and of it what was not taken yet: from `start` to `end`.
#[derive(Default)]
pub(super) struct Incoming {
    room: Vec<u8>,
    start: usize,
    end: usize,
}

impl Incoming {
    /// Where to read into; nothing where it is full of what has not come whole.
    pub(super) fn spare(&mut self) -> &mut [u8] {
        let is_filled = self.end == self.room.len();
        if self.start == self.end {
            // A read that filled all of it has left more.
            let wanted = if self.end > 0 && is_filled { READ } else { FIRST };
            if self.room.len() < wanted {
                self.room = vec![0; wanted];
            }
            (self.start, self.end) = (0, 0);
        } else if is_filled {
            self.room.copy_within(self.start.., 0);
            (self.start, self.end) = (0, self.end.saturating_sub(self.start));
            // A part of a record is little of the room, or there is to be more of it.
            if self.end > self.room.len() / 2 {
                self.room.resize(self.room.len().saturating_mul(2).clamp(READ, MOST), 0);
            }
        }
        self.room.get_mut(self.end..).unwrap_or_default()
    }

    /// Says that so many bytes were read.
    pub(super) fn add(&mut self, n: usize) {
        self.end = self.end.saturating_add(n).min(self.room.len());
    }

    /// What came and was not taken. It is always the same bytes at its front until they are taken.
    pub(super) fn rest(&mut self) -> &mut [u8] {
        self.room.get_mut(self.start..self.end).unwrap_or_default()
    }

    /// Takes the first bytes of it.
    pub(super) fn take(&mut self, n: usize) {
        self.start = self.start.saturating_add(n).min(self.end);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether there is no room for more of what has not come whole.
    pub(super) fn is_full(&self) -> bool {
        self.end.saturating_sub(self.start) >= MOST
    }

    /// Gives its memory back, where nothing is in it and it is much.
    pub(super) fn release(&mut self) {
        if self.is_empty() {
            if self.room.len() > KEPT {
                self.room = Vec::new();
            }
            (self.start, self.end) = (0, 0);
        }
    }
}
