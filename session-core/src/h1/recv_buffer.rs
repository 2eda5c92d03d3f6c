//! The bytes that were read and not yet understood.
//!
//! Owned by the caller beside the connection, so that reading goes straight into it. What the bytes mean is not known
//! here.

use bytes::{Bytes, BytesMut};
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
    memory: Memory,
    start: usize,
    end: usize,
    /// Slices were still held when their memory was wanted. Until that is over what is spare is not lent with them, so that those
    /// that are kept do not keep far more than they are.
    held: bool,
}

/// Memory, and whether it can be written to.
enum Memory {
    Own(BytesMut),
    /// Slices of it were handed out. Once nobody else has any, it is what it was, and need not be zeroed; and what is spare of it,
    /// where that was not lent.
    Lent(Bytes, BytesMut),
}

impl Default for Memory {
    fn default() -> Self {
        Self::Own(BytesMut::new())
    }
}

impl RecvBuffer {
    /// An empty buffer. It allocates with the first use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Room for a read of `at_least` bytes, possibly more; at least one byte. It is initialised, with no promise as to
    /// what stands there, and is zeroed only when the memory is new or was held on to.
    pub fn spare(&mut self, at_least: usize) -> &mut [u8] {
        let at_least = at_least.max(1);
        if !matches!(&self.memory, Memory::Own(bytes) if bytes.len().saturating_sub(self.end) >= at_least) {
            self.make_room(at_least);
        }
        match &mut self.memory {
            Memory::Own(bytes) => bytes.get_mut(self.end..).unwrap_or_default(),
            Memory::Lent(..) => &mut [],
        }
    }

    /// Says that the first `n` bytes of [`spare`](Self::spare) were read into. More than there was counts as all of it.
    pub fn filled(&mut self, n: usize) {
        self.end = self.end.saturating_add(n).min(self.all().len());
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
        self.all().get(self.start..self.end).unwrap_or_default()
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
        let (start, until) = (self.start, self.start.saturating_add(n));
        self.lend();
        let piece = match &self.memory {
            Memory::Lent(lent, _) => lent.slice(start..until),
            Memory::Own(_) => Bytes::new(),
        };
        self.consume(n);
        piece
    }

    fn all(&self) -> &[u8] {
        match &self.memory {
            Memory::Own(bytes) => bytes,
            Memory::Lent(lent, _) => lent,
        }
    }

    /// Makes it memory that slices can be taken of.
    fn lend(&mut self) {
        if let Memory::Own(bytes) = &mut self.memory {
            let mut bytes = std::mem::take(bytes);
            let spare = if self.held { bytes.split_off(self.end) } else { BytesMut::new() };
            self.memory = Memory::Lent(bytes.freeze(), spare);
        }
    }

    /// The memory, to be written to, with what waits. What was lent is taken back where nobody has any of it; else it is what was
    /// spare of that, or new.
    fn take(&mut self, at_least: usize) -> BytesMut {
        let (lent, mut spare) = match std::mem::take(&mut self.memory) {
            Memory::Own(bytes) => return bytes,
            Memory::Lent(lent, spare) => (lent, spare),
        };
        let waiting = self.len();
        let lent = match spare.len() < waiting.saturating_add(at_least) {
            true => {
                spare = BytesMut::new();
                lent.try_into_mut()
            }
            false => Err(lent),
        };
        self.held = lent.is_err();
        lent.unwrap_or_else(|lent| {
            let kept = lent.get(self.start..self.end).unwrap_or_default();
            (self.start, self.end) = (0, waiting);
            match spare.get_mut(..waiting) {
                Some(front) => front.copy_from_slice(kept),
                None => spare.extend_from_slice(kept),
            }
            spare
        })
    }

    fn make_room(&mut self, at_least: usize) {
        let mut bytes = self.take(at_least);
        let waiting = self.len();
        // Moving what waits is paid for by the spent bytes before it, so that feeding stays linear.
        if self.start > 0 && self.start >= waiting {
            bytes.copy_within(self.start..self.end, 0);
            self.start = 0;
            self.end = waiting;
        }
        let initialised = self.end.saturating_add(at_least);
        if initialised > bytes.capacity() {
            let capacity = initialised.saturating_add(waiting).max(ALLOCATION);
            let mut larger = BytesMut::with_capacity(capacity);
            larger.extend_from_slice(bytes.get(self.start..self.end).unwrap_or_default());
            bytes = larger;
            self.start = 0;
            self.end = waiting;
        }
        // All of the memory, and not the part that is asked for: once for each time that it is taken, not for each read.
        let initialised = self.end.saturating_add(at_least).max(bytes.capacity().min(ALLOCATION));
        if initialised > bytes.len() {
            bytes.resize(initialised, 0);
        }
        self.memory = Memory::Own(bytes);
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
    use super::{ALLOCATION, Memory, RecvBuffer, SHORT};

    fn capacity(buffer: &RecvBuffer) -> usize {
        match &buffer.memory {
            Memory::Own(bytes) => bytes.capacity(),
            Memory::Lent(lent, spare) => lent.len() + spare.capacity(),
        }
    }

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
        assert!(capacity(&buffer) <= ALLOCATION, "{}", capacity(&buffer));
    }

    /// As responses of a connection come: a head that is consumed, a short body that is kept.
    #[test]
    fn short_pieces_neither_keep_the_memory_nor_use_it_up() {
        let mut buffer = RecvBuffer::new();
        let mut kept = Vec::new();
        for byte in 0_u8..100 {
            buffer.extend_from_slice(&[byte; 100 + SHORT - 1]);
            let before = buffer.all().as_ptr();
            buffer.consume(100);
            kept.push(buffer.split(SHORT - 1));
            assert_eq!((buffer.all().as_ptr(), capacity(&buffer)), (before, ALLOCATION));
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
        assert!(capacity(&buffer) <= ALLOCATION, "{}", capacity(&buffer));
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

    /// As chunks come: a read holds some of them and a part of the next one's line, and seldom fills the memory.
    #[test]
    fn memory_that_several_slices_were_taken_of_is_not_zeroed_either() {
        let mut buffer = RecvBuffer::new();
        buffer.spare(1).fill(7);
        let memory = buffer.all().as_ptr();
        for _ in 0..10 {
            let room = buffer.spare(1);
            assert!(room.len() > ALLOCATION - 10 && room.iter().all(|&byte| byte == 7));
            buffer.filled(3 * SHORT + 5);
            for _ in 0..3 {
                assert_eq!(buffer.split(SHORT), [7; SHORT][..]);
            }
            assert_eq!((buffer.as_slice(), buffer.all().as_ptr()), (&[7; 5][..], memory));
            buffer.spare(1);
            buffer.consume(5);
        }
    }

    /// Who keeps slices keeps no more than a few times as much memory.
    #[test]
    fn what_is_spare_is_read_into_while_slices_are_held() {
        let mut buffer = RecvBuffer::new();
        let mut memories = std::collections::BTreeSet::new();
        let held: Vec<_> = (0_u8..100)
            .map(|byte| {
                let room = buffer.spare(READ);
                assert!(room.len() >= READ);
                room[..SHORT].fill(byte);
                buffer.filled(SHORT);
                let slice = buffer.split(SHORT);
                memories.insert(slice.as_ptr().addr() / ALLOCATION);
                slice
            })
            .collect();
        assert!((0_u8..).zip(&held).all(|(byte, slice)| slice == &[byte; SHORT][..]));
        // Each lies in two of these places at most.
        let memory = memories.len() / 2 * ALLOCATION;
        assert!(memory < 4 * held.len() * SHORT, "{memory}");
        // Once they are gone all is as before.
        drop(held);
        for _ in 0..3 {
            buffer.spare(ALLOCATION);
            buffer.filled(SHORT);
            drop(buffer.split(SHORT));
        }
        assert!(!buffer.held);
    }

    const READ: usize = 32 * 1024;

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
