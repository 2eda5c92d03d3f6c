//! A response body's content on its way to the caller: coded bytes in, decoded pieces of bounded size out. A transport makes one
//! only for a body that is to be decoded; all others pass it by.

use crate::content::coding::BodyCoding;
use crate::content::coding::decoder::{Decoder, Pulled};
use crate::error::{Error, ErrorKind, Phase};
use crate::limits::Limits;
use crate::means::Means;
use crate::session::step::Delivery;
use bytes::{Bytes, BytesMut};

/// The content of a body that is coded.
#[derive(Debug)]
pub struct CodedBody {
    decoder: Decoding,
    /// Where the next piece goes, so that several small ones share their memory.
    room: BytesMut,
    over: bool,
    /// What decodes: it comes with what is to be decoded, of which there is none in a program without a decoder.
    pull: Means<Pull>,
}

type Pull = fn(&mut CodedBody, Option<&mut [u8]>) -> Result<Decoded, Error>;

#[derive(Debug)]
enum Decoding {
    By(Decoder),
    /// It cannot be, and this is why; the error is told once, and then its kind.
    Refused(ErrorKind, Option<Error>),
}

/// What there is of the content.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "content goes on, in one of two places, waits or ends")]
pub enum Decoded {
    /// Some of it, at most [`PIECE`] bytes.
    Data(Bytes),
    /// This many bytes, which stand in the caller's buffer.
    Direct(usize),
    /// Nothing until the next bytes of the body are handed in.
    NeedInput,
    /// Nothing more: all of it came.
    End,
}

/// How large a decoded piece is at most.
pub const PIECE: usize = 16 * 1024;

/// A caller's buffer of less is not decoded into: each step has its price.
const WORTH_IT: usize = 4 * 1024;

impl CodedBody {
    /// The content of what was delivered; `None` where the body itself is delivered, as it came.
    ///
    /// A body that has too many codings gives its error when it is read: the head is the caller's all the same.
    #[must_use]
    pub fn of(delivery: &Delivery, limits: &Limits) -> Option<Box<Self>> {
        if delivery.body_coding() != BodyCoding::Decoded {
            return None;
        }
        let decoder = match Decoder::of(&delivery.head().headers, delivery.codings(), limits) {
            Ok(decoder) => Decoding::By(decoder?),
            Err(error) => Decoding::Refused(error.kind(), Some(error)),
        };
        Some(Box::new(Self { decoder, room: BytesMut::new(), over: false, pull: Means(Self::decode) }))
    }

    /// Takes the next bytes of the body, where [`Decoded::NeedInput`] asked for them. None at all are its end.
    pub fn push(&mut self, body: Bytes) {
        if let Decoding::By(decoder) = &mut self.decoder {
            match body.is_empty() {
                true => decoder.finish(),
                false => decoder.push(body),
            }
        }
    }

    /// What comes next, where it is worth it straight into the caller's buffer.
    ///
    /// # Errors
    /// As [`Decoder::pull`], and that the body has too many codings.
    pub fn pull(&mut self, into: Option<&mut [u8]>) -> Result<Decoded, Error> {
        self.pull.0(self, into)
    }

    fn decode(&mut self, into: Option<&mut [u8]>) -> Result<Decoded, Error> {
        let decoder = match &mut self.decoder {
            Decoding::By(decoder) => decoder,
            Decoding::Refused(kind, error) => {
                let again = || Error::new(*kind, Phase::Body, "the body cannot be decoded");
                return Err(error.take().unwrap_or_else(again));
            }
        };
        if let Some(into) = into.filter(|into| into.len() >= WORTH_IT) {
            let pulled = decoder.pull(into)?;
            return Ok(match pulled {
                Pulled::Data(n) => Decoded::Direct(n),
                Pulled::NeedInput => Decoded::NeedInput,
                Pulled::End => self.end(),
            });
        }
        if self.room.len() < WORTH_IT {
            self.room = BytesMut::zeroed(PIECE);
        }
        Ok(match decoder.pull(&mut self.room)? {
            Pulled::Data(n) => Decoded::Data(self.room.split_to(n.min(self.room.len())).freeze()),
            Pulled::NeedInput => Decoded::NeedInput,
            Pulled::End => self.end(),
        })
    }

    /// Whether all of it was handed out.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    fn end(&mut self) -> Decoded {
        self.over = true;
        self.room = BytesMut::new();
        Decoded::End
    }
}

#[cfg(feature = "gzip")]
#[cfg(test)]
mod tests {
    use super::{CodedBody, Decoded, PIECE, WORTH_IT};
    use crate::content::coding::Codings;
    use crate::error::ErrorKind;
    use crate::limits::Limits;
    use crate::message::head::ResponseHead;
    use crate::session::Session;
    use crate::session::request::Request;
    use crate::session::step::{Delivery, Step};
    use crate::time::Now;
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, StatusCode};
    use session_testkit::coded::gzip;
    use std::time::{Instant, SystemTime};

    fn delivered(coding: &str) -> Delivery {
        #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
        let now = Now::new(Instant::now(), SystemTime::UNIX_EPOCH);
        let mut session = Session::builder().codings(Codings::compiled_in()).build().unwrap();
        let Ok(Step::Send(hop)) = session.begin(Request::get("http://a.test/x"), now) else { panic!("no hop") };
        let mut headers = HeaderMap::new();
        headers.insert("content-encoding", HeaderValue::from_str(coding).unwrap());
        let head = ResponseHead::new(StatusCode::OK).with_headers(headers);
        let Ok(Step::Done(delivery)) = session.handle_response(hop, head, now) else { panic!("not delivered") };
        delivery
    }

    #[test]
    fn pieces_are_bounded_and_a_large_buffer_is_decoded_into() {
        let content: Vec<u8> = (0..100_000_u32).flat_map(|n| n.to_le_bytes()).collect();
        for room in [0, 1, WORTH_IT - 1, WORTH_IT, 3 * PIECE] {
            let mut body = CodedBody::of(&delivered("gzip"), &Limits::default()).unwrap();
            let mut coded = Bytes::from(gzip(&content));
            let (mut got, mut buffer) = (Vec::new(), vec![0; room]);
            loop {
                match body.pull(Some(&mut buffer[..])).unwrap() {
                    Decoded::Data(data) => {
                        assert!((1..=PIECE).contains(&data.len()) && room < WORTH_IT);
                        got.extend_from_slice(&data);
                    }
                    Decoded::Direct(n) => {
                        assert!(room >= WORTH_IT);
                        got.extend_from_slice(&buffer[..n]);
                    }
                    Decoded::NeedInput => body.push(coded.split_to(coded.len().min(10_000))),
                    Decoded::End => break,
                }
                assert!(!body.is_over());
            }
            assert!(body.is_over() && got == content);
        }
    }

    #[test]
    fn too_many_codings_are_told_when_the_body_is_read_and_again() {
        let mut body = CodedBody::of(&delivered(&"gzip,".repeat(6)), &Limits::default()).unwrap();
        let first = body.pull(None).unwrap_err();
        assert!(first.kind() == ErrorKind::Limit && first.to_string().contains("Limits::codings"), "{first}");
        assert_eq!(body.pull(None).unwrap_err().kind(), ErrorKind::Limit);
    }

    #[test]
    fn a_body_that_is_not_decoded_has_none() {
        for coding in ["identity", "compress"] {
            assert!(CodedBody::of(&delivered(coding), &Limits::default()).is_none());
        }
    }
}
