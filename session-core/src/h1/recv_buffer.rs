//! The bytes that were read and not yet understood.
//!
//! Owned by the caller beside the connection, so that reading goes straight into it. What the bytes mean is not known
//! here.

use bytes::{Buf, Bytes, BytesMut};
use std::fmt;

/// What a new allocation holds at least. 64 KiB: a read of that size costs little more than a smaller one.
/// What is shorter is handed out as a copy: a slice would keep all of the memory alive, and use it up.
pub(crate) const SHORT: usize = 4 * 1024;

const ALLOCATION: usize = 64 * 1024;

/// A receive buffer: read into [`spare`](Self::spare), say how much came by [`filled`](Self::filled).
///
/// Body bytes leave it as slices of the same memory. That memory is used again once the slices are gone, and otherwise
/// left to them.
#[derive(Default)]
pub struct RecvBuffer {
    // All of it is initialised: [..start] is spent, [start..end] waits, [end..] is spare.
    bytes: BytesMut,
    start: usize,
    end: usize,
    /// What was handed out last, where the memory begins: once nobody else has it, it is memory that need not be zeroed.
    lent: Option<Bytes>,
}

impl RecvBuffer {
    /// An empty buffer. It allocates with the first use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Room for a read of `at_least` bytes, possibly more; at least one byte. It is initialised, with no promise as to
    /// what stands there, and is zeroed only when the memory is new or comes back from slices that were handed out.
    pub fn spare(&mut self, at_least: usize) -> &mut [u8] {
        let at_least = at_least.max(1);
        if self.bytes.len().saturating_sub(self.end) < at_least {
            self.make_room(at_least);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// Says that the first `n` bytes of [`spare`](Self::spare) were read into. More than there was counts as all of it.
    pub fn filled(&mut self, n: usize) {
        self.end = self.end.saturating_add(n).min(self.bytes.len());
    }

    /// Appends a copy of `bytes`.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        if let Some(room) = self.spare(bytes.len()).get_mut(..bytes.len()) {
            room.copy_from_slice(bytes);
            self.filled(bytes.len());
        }
    }

    /// Whether no byte waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// How many bytes wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// The bytes that wait.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Takes all bytes that wait, without a copy: after a switch they belong to the next protocol.
    pub fn take_rest(&mut self) -> Bytes {
        self.split(self.len())
    }

    /// Drops the first `n` bytes.
    pub(super) fn consume(&mut self, n: usize) {
        self.start = self.start.saturating_add(n).min(self.end);
        if self.is_empty() {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Takes the first `n` bytes: a slice of this memory, unless they are few.
    pub(super) fn split(&mut self, n: usize) -> Bytes {
        let n = n.min(self.len());
        if n < SHORT {
            let copy = Bytes::copy_from_slice(self.as_slice().get(..n).unwrap_or_default());
            self.consume(n);
            return copy;
        }
        let until = self.start.saturating_add(n);
        let mut front = self.bytes.split_to(until).freeze();
        self.lent = Some(front.clone());
        front.advance(self.start);
        self.start = 0;
        self.end = self.end.saturating_sub(until);
        front
    }

    /// New memory, or what was handed out and nobody has any more. Nothing waits.
    fn renew(&mut self, capacity: usize) {
        if let Some(lent) = self.lent.take() {
            // It shares its memory with what lies behind it.
            self.bytes = BytesMut::new();
            self.bytes = lent.try_into_mut().unwrap_or_default();
        }
        if self.bytes.capacity() < capacity {
            // Where this is the rest of memory that is large enough, all of that is taken.
            self.bytes.clear();
            self.bytes.reserve(capacity);
        }
    }

    fn make_room(&mut self, at_least: usize) {
        let waiting = self.len();
        // Moving what waits is paid for by the spent bytes before it, so that feeding stays linear.
        if self.start > 0 && self.start >= waiting {
            self.bytes.copy_within(self.start..self.end, 0);
            self.start = 0;
            self.end = waiting;
        }
        let initialised = self.end.saturating_add(at_least);
        if initialised > self.bytes.capacity() {
            let capacity = initialised.saturating_add(waiting).max(ALLOCATION);
            if waiting == 0 {
                self.renew(capacity);
            } else {
                let mut bytes = BytesMut::with_capacity(capacity);
                bytes.extend_from_slice(self.as_slice());
                self.bytes = bytes;
            }
            self.start = 0;
            self.end = waiting;
        }
        // All of the memory, and not the part that is asked for: once for each time that it is taken, not for each read.
        let initialised = self.end.saturating_add(at_least).max(self.bytes.capacity().min(ALLOCATION));
        if initialised > self.bytes.len() {
            self.bytes.resize(initialised, 0);
        }
    }
}

impl fmt::Debug for RecvBuffer {
    /// Without the bytes: they may hold cookies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvBuffer").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{ALLOCATION, RecvBuffer, SHORT};

    #[test]
    fn bytes_come_out_as_they_went_in() {
        let mut buffer = RecvBuffer::new();
        let mut expected = Vec::new();
        let mut taken = Vec::new();
        for round in 0_usize..2000 {
            let piece = vec![u8::try_from(round % 251).unwrap(); round % 97];
            buffer.extend_from_slice(&piece);
            expected.extend_from_slice(&piece);
            match round % 3 {
                0 => taken.extend_from_slice(&buffer.split(round % 61)),
                1 => {
                    let n = buffer.len().min(round % 53);
                    taken.extend_from_slice(&buffer.as_slice()[..n]);
                    buffer.consume(n);
                }
                _ => {}
            }
        }
        taken.extend_from_slice(&buffer.take_rest());
        assert!(buffer.is_empty());
        assert_eq!(taken, expected);
    }

    #[test]
    fn a_read_has_at_least_the_room_asked_for() {
        let mut buffer = RecvBuffer::new();
        for at_least in [0, 1, 100, ALLOCATION, 3 * ALLOCATION] {
            assert!(buffer.spare(at_least).len() >= at_least.max(1));
            buffer.filled(at_least.min(7));
        }
        assert_eq!(buffer.len(), 1 + 7 + 7 + 7);
        buffer.filled(usize::MAX);
        assert!(buffer.len() >= 3 * ALLOCATION);
    }

    #[test]
    fn spent_bytes_make_room_without_another_allocation() {
        let mut buffer = RecvBuffer::new();
        for _ in 0..1000 {
            buffer.extend_from_slice(&[1; 1000]);
            buffer.consume(1000);
        }
        assert!(buffer.bytes.capacity() <= ALLOCATION, "{}", buffer.bytes.capacity());
    }

    /// As responses of a connection come: a head that is consumed, a short body that is kept.
    #[test]
    fn short_pieces_neither_keep_the_memory_nor_use_it_up() {
        let mut buffer = RecvBuffer::new();
        let mut kept = Vec::new();
        for byte in 0_u8..100 {
            buffer.extend_from_slice(&[byte; 100 + SHORT - 1]);
            let before = buffer.bytes.as_ptr();
            buffer.consume(100);
            kept.push(buffer.split(SHORT - 1));
            assert_eq!((buffer.bytes.as_ptr(), buffer.bytes.capacity()), (before, ALLOCATION));
        }
        assert!((0_u8..).zip(kept).all(|(byte, piece)| piece == vec![byte; SHORT - 1]));
    }

    #[test]
    fn memory_comes_back_once_the_slices_are_gone() {
        let mut buffer = RecvBuffer::new();
        for _ in 0..1000 {
            let room = buffer.spare(16 * 1024);
            room.fill(7);
            buffer.filled(16 * 1024);
            assert_eq!(buffer.take_rest().len(), 16 * 1024);
        }
        assert!(buffer.bytes.capacity() <= ALLOCATION, "{}", buffer.bytes.capacity());
    }

    /// As a long body comes: each read fills the memory, and each slice is gone before the next read.
    #[test]
    fn memory_that_comes_back_is_not_zeroed() {
        let mut buffer = RecvBuffer::new();
        buffer.extend_from_slice(&[7; ALLOCATION]);
        let memory = buffer.take_rest().as_ptr();
        for _ in 0..10 {
            let room = buffer.spare(1);
            assert_eq!((room.as_ptr(), room.len()), (memory, ALLOCATION));
            assert!(room.iter().all(|&byte| byte == 7));
            buffer.filled(ALLOCATION);
            drop(buffer.take_rest());
        }
        // What is still held is left alone.
        buffer.spare(1);
        buffer.filled(ALLOCATION);
        let held = buffer.take_rest();
        buffer.spare(1).fill(1);
        assert!(held.iter().all(|&byte| byte == 7));
    }

    #[test]
    fn slices_stay_what_they_were() {
        let mut buffer = RecvBuffer::new();
        let slices: Vec<_> = (0_u8..20)
            .map(|byte| {
                buffer.extend_from_slice(&[byte; 9000]);
                buffer.split(9000)
            })
            .collect();
        for (byte, slice) in (0_u8..20).zip(slices) {
            assert!(slice.len() == 9000 && slice.iter().all(|&found| found == byte));
        }
    }
}
