//! Gathering a body in memory: up to a limit, with memory that grows with what comes and not with what was promised.

use crate::error::{Error, ErrorKind, Phase};
use crate::h1::recv_buffer::SHORT;
use bytes::Bytes;

/// A body as far as it was gathered.
#[derive(Debug)]
pub struct Gather {
    most: u64,
    /// The only piece so far; it is not copied where it stays the only one.
    first: Option<Bytes>,
    /// The pieces together, and room for more.
    bytes: Vec<u8>,
    filled: usize,
}

/// How to read on.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a body is read in pieces or into memory")]
pub enum Room<'a> {
    /// Take the next piece as it comes, and [`push`](Gather::push) it.
    Piece,
    /// Read into this, which is not empty, and tell how much by [`filled`](Gather::filled).
    Buffer(&'a mut [u8]),
}

/// How far the memory grows before any of it was needed. Later it doubles.
const STEP: usize = 16 * 1024;

impl Gather {
    /// Nothing yet; in the end at most `most` bytes.
    #[must_use]
    pub fn new(most: u64) -> Self {
        Self { most, first: None, bytes: Vec::new(), filled: 0 }
    }

    /// How to read on, where `remaining` more bytes are known to come.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`]: that is more than may be gathered.
    pub fn room(&mut self, remaining: Option<u64>) -> Result<Room<'_>, Error> {
        self.check(remaining.unwrap_or(0))?;
        if self.bytes.is_empty() {
            if self.first.is_none() || remaining.is_none() {
                return Ok(Room::Piece);
            }
            self.join();
        }
        if self.filled == self.bytes.len() {
            let step = self.filled.max(STEP);
            let step = remaining.and_then(|rest| usize::try_from(rest).ok()).map_or(step, |rest| rest.min(step));
            self.bytes.resize(self.filled.saturating_add(step.max(1)), 0);
        }
        Ok(Room::Buffer(self.bytes.get_mut(self.filled..).unwrap_or_default()))
    }

    /// Adds a piece.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`]: with it there is more than may be gathered.
    pub fn push(&mut self, piece: Bytes) -> Result<(), Error> {
        if self.first.is_none() && self.bytes.is_empty() {
            self.first = Some(piece);
        } else {
            self.join();
            self.bytes.truncate(self.filled);
            self.bytes.extend_from_slice(&piece);
            self.filled = self.bytes.len();
        }
        self.check(0)
    }

    /// Says that `n` bytes were read into the buffer of [`Room::Buffer`].
    ///
    /// # Errors
    /// [`ErrorKind::Limit`]: with them there is more than may be gathered.
    pub fn filled(&mut self, n: usize) -> Result<(), Error> {
        self.filled = self.filled.saturating_add(n).min(self.bytes.len());
        self.check(0)
    }

    /// All of it.
    #[must_use]
    pub fn finish(mut self) -> Bytes {
        match self.first {
            // A short body must not keep the whole receive buffer; what is shorter still is a copy already.
            Some(first) if (SHORT..STEP).contains(&first.len()) => Bytes::copy_from_slice(&first),
            Some(first) => first,
            None => {
                self.bytes.truncate(self.filled);
                self.bytes.into()
            }
        }
    }

    /// Puts the first piece where the others go.
    fn join(&mut self) {
        if let Some(first) = self.first.take() {
            self.bytes.extend_from_slice(&first);
            self.filled = self.bytes.len();
        }
    }

    fn check(&self, more: u64) -> Result<(), Error> {
        let gathered = self.first.as_ref().map_or(self.filled, Bytes::len);
        let length = u64::try_from(gathered).ok().and_then(|gathered| gathered.checked_add(more));
        match length {
            Some(length) if length <= self.most => Ok(()),
            _ => Err(Error::new(ErrorKind::Limit, Phase::Body, "the body is too long to be gathered")
                .with_expected(format!("at most {} bytes (Limits::gathered_body)", self.most))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Gather, Room, STEP};
    use crate::error::ErrorKind;
    use bytes::Bytes;

    fn piece(length: usize) -> Bytes {
        Bytes::from(vec![b'x'; length])
    }

    /// Reads a body of which the first `pushed` bytes come as a piece and the rest is read into memory.
    fn read(most: u64, pushed: usize, mut rest: usize) -> Result<(Bytes, usize), ErrorKind> {
        let mut gather = Gather::new(most);
        let mut reads = 0;
        let kind = |error: crate::error::Error| error.kind();
        assert!(matches!(gather.room(Some((pushed + rest) as u64)).map_err(kind)?, Room::Piece));
        gather.push(piece(pushed)).map_err(kind)?;
        while rest > 0 {
            let Room::Buffer(buffer) = gather.room(Some(rest as u64)).map_err(kind)? else { panic!("no buffer") };
            let n = buffer.len().min(rest);
            buffer[..n].fill(b'x');
            rest -= n;
            reads += 1;
            gather.filled(n).map_err(kind)?;
        }
        Ok((gather.finish(), reads))
    }

    #[test]
    fn one_piece_is_kept_as_it_is_unless_it_is_short() {
        let long = piece(STEP);
        for (given, same) in [(long.clone(), true), (long.slice(1..), false)] {
            let mut gather = Gather::new(u64::MAX);
            gather.push(given.clone()).unwrap();
            assert!(matches!(gather.room(None).unwrap(), Room::Piece));
            let whole = gather.finish();
            assert_eq!(whole, given);
            assert_eq!(whole.as_ptr() == given.as_ptr(), same);
        }
        assert_eq!(Gather::new(0).finish(), "");
    }

    #[test]
    fn a_body_of_known_length_is_read_into_memory_that_doubles() {
        let (whole, reads) = read(u64::MAX, 10, 20).unwrap();
        assert_eq!((whole.len(), reads), (30, 1));
        let (whole, reads) = read(u64::MAX, 10, STEP * 15).unwrap();
        assert_eq!(whole.len(), 10 + STEP * 15);
        assert!((4..=6).contains(&reads), "{reads}");
    }

    #[test]
    fn a_promise_alone_takes_no_memory() {
        let mut gather = Gather::new(u64::MAX);
        gather.push(piece(1)).unwrap();
        let Room::Buffer(buffer) = gather.room(Some(u64::MAX / 2)).unwrap() else { panic!("no buffer") };
        assert_eq!(buffer.len(), STEP);
    }

    #[test]
    fn pieces_of_a_body_without_length_are_joined() {
        let mut gather = Gather::new(9);
        gather.push("abc".into()).unwrap();
        gather.push("def".into()).unwrap();
        let Room::Buffer(buffer) = gather.room(None).unwrap() else { panic!("no buffer") };
        buffer[..3].copy_from_slice(b"ghi");
        gather.filled(3).unwrap();
        assert_eq!(gather.finish(), "abcdefghi");
    }

    #[test]
    fn the_limit_is_exact_however_the_body_comes() {
        assert_eq!(read(100, 40, 60).unwrap().0.len(), 100);
        assert_eq!(read(100, 40, 61).unwrap_err(), ErrorKind::Limit);
        let pushed = |lengths: &[usize]| {
            let mut gather = Gather::new(100);
            lengths.iter().try_for_each(|length| gather.push(piece(*length))).map_err(|error| error.kind())
        };
        assert_eq!(pushed(&[100]), Ok(()));
        assert_eq!(pushed(&[101]), Err(ErrorKind::Limit));
        assert_eq!(pushed(&[60, 40]), Ok(()));
        assert_eq!(pushed(&[60, 41]), Err(ErrorKind::Limit));
        let error = Gather::new(100).room(Some(101)).unwrap_err();
        assert!(error.to_string().contains("at most 100 bytes (Limits::gathered_body)"), "{error}");
    }
}
