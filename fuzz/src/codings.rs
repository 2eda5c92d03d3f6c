//! Coded bodies: any bytes, in any pieces, read with any room, end in the same content or the same error.

use arbitrary::Arbitrary;
use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderValue};
use session_core::content::coding::Codings;
use session_core::content::coding::decoder::{Decoder, Pulled};
use session_core::error::ErrorKind;
use session_core::limits::Limits;

/// A body, and how it comes. As bytes: one for each number, then the body.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Coded<'a> {
    /// Which of [`CHAINS`].
    pub chain: u8,
    /// How long the pieces are, in turn: its lower and its upper half, each and one.
    pub cuts: u8,
    /// How much the reader has room for, but for one.
    pub room: u8,
    /// The body.
    pub bytes: &'a [u8],
}

/// Codings that a body may have.
pub const CHAINS: [&str; 8] = [
    "gzip",
    "deflate",
    "br",
    "zstd",
    "br, gzip",
    "deflate, zstd",
    "gzip, gzip, gzip",
    "zstd, br, deflate, gzip, x-gzip",
];

/// How a body ended.
type Ending = Result<(), ErrorKind>;

/// No split and no room changes the content, which is never larger than the limits allow.
pub fn check_coding(coded: &Coded<'_>) {
    let chain = CHAINS[usize::from(coded.chain) % CHAINS.len()];
    let mut limits = Limits::default();
    (limits.decoded_floor, limits.gzip_header) = (64 * 1024, 300);
    let (content, ending) = decoded(chain, &limits, [coded.bytes], 8 * 1024);
    let lengths = [usize::from(coded.cuts & 15) + 1, usize::from(coded.cuts >> 4) + 1];
    let mut rest = coded.bytes;
    let pieces = (0..).map_while(|turn: usize| {
        let (piece, after) = rest.split_at(lengths[turn % 2].min(rest.len()));
        rest = after;
        Some(piece).filter(|piece| !piece.is_empty())
    });
    let (split, split_ending) = decoded(chain, &limits, pieces, usize::from(coded.room) + 1);
    let common = content.len().min(split.len());
    assert_eq!(content[..common], split[..common], "{chain}");
    let most = limits.decoded_floor.max(limits.decoded_ratio * coded.bytes.len() as u64);
    assert!(content.len().max(split.len()) as u64 <= most, "{chain}: {} and {}", content.len(), split.len());
    // How much was taken up when it grows too large depends on how it came.
    if ending != Err(ErrorKind::Limit) && split_ending != Err(ErrorKind::Limit) {
        assert_eq!(ending, split_ending, "{chain}");
        assert!(ending.is_err() || content == split, "{chain}");
    }
    let known = matches!(ending, Ok(()) | Err(ErrorKind::Decode | ErrorKind::Limit));
    assert!(known, "{chain}: {ending:?}");
    assert!(!coded.bytes.is_empty() || (ending.is_ok() && content.is_empty()), "an empty body is empty");
}

fn decoded<'a>(
    chain: &str,
    limits: &Limits,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    room: usize,
) -> (Vec<u8>, Ending) {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_str(chain).expect("a chain of our own"));
    let decoder = Decoder::of(&headers, Codings::compiled_in(), limits).expect("not too many");
    let mut decoder = decoder.expect("each is compiled in");
    let (mut content, mut buffer, mut pieces) = (Vec::new(), vec![0; room], pieces.into_iter());
    loop {
        match decoder.pull(&mut buffer) {
            Ok(Pulled::Data(n)) => {
                assert!(n > 0 && n <= room, "something, and no more than fits");
                content.extend_from_slice(&buffer[..n]);
            }
            Ok(Pulled::NeedInput) => match pieces.next() {
                Some(piece) => decoder.push(Bytes::copy_from_slice(piece)),
                None => decoder.finish(),
            },
            Ok(Pulled::End) => return (content, Ok(())),
            Err(error) => {
                let again = decoder.pull(&mut buffer).expect_err("an error stays");
                assert_eq!(again.kind(), error.kind());
                return (content, Err(error.kind()));
            }
        }
    }
}

/// One body of each kind that is whole, as an input of the target.
pub fn seeds() -> Vec<Vec<u8>> {
    let bodies: [(u8, &[u8]); 6] = [
        (0, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\xc9\x48\x55\x48\xce\xcf\x2b\x49\xcd\x2b\x51\xc8\x4f\x53\x48\x54\x48\xca\x4f\xa9\xd4\x51\x28\xc1\x26\x0c\x00\xb7\x73\xa7\x87\x2c\x00\x00\x00"),
        (1, b"\x78\x9c\x2b\xc9\x48\x55\x48\xce\xcf\x2b\x49\xcd\x2b\x51\xc8\x4f\x53\x48\x54\x48\xca\x4f\xa9\xd4\x51\x28\xc1\x26\x0c\x00\x60\x9f\x0f\x8d"),
        (1, b"\x2b\xc9\x48\x55\x48\xce\xcf\x2b\x49\xcd\x2b\x51\xc8\x4f\x53\x48\x54\x48\xca\x4f\xa9\xd4\x51\x28\xc1\x26\x0c\x00"),
        (2, b"\x1b\x2b\x00\xf8\xa5\xc3\xca\xd0\xe8\xa4\x22\x9e\x2c\x93\x26\x20\xb4\x52\x67\x30\x70\x1e\x76"),
        (3, b"\x28\xb5\x2f\xfd\x24\x2c\xf5\x00\x00\xc0\x74\x68\x65\x20\x63\x6f\x6e\x74\x65\x6e\x74\x20\x6f\x66\x20\x61\x20\x62\x6f\x64\x79\x2c\x20\x74\x01\x00\x28\x3d\xc7\x1e\x2f\x2d\x5f"),
        (4, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x93\xd6\x66\xf8\xb1\xf4\xf0\xa9\x0b\x2f\x96\x28\xcd\xd3\x99\xac\xa6\xb0\x25\x28\xdd\xa0\x40\xae\x0c\x00\x6c\x5b\xac\x12\x17\x00\x00\x00"),
    ];
    bodies.into_iter().map(|(chain, body)| [&[chain, 0x52, 6], body].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::{CHAINS, Coded, check_coding, decoded, seeds};
    use session_core::limits::Limits;

    #[test]
    fn whole_cut_and_changed_bodies_are_read() {
        for seed in seeds() {
            let chain = CHAINS[usize::from(seed[0])];
            let (content, ending) = decoded(chain, &Limits::default(), [&seed[3..]], 100);
            assert_eq!(ending, Ok(()));
            assert_eq!(content, b"the content of a body, the content of a body");
            for end in 3..=seed.len() {
                for cuts in [0, 0x52, 0xff] {
                    check_coding(&Coded { chain: seed[0], cuts, room: cuts, bytes: &seed[3..end] });
                    let mut changed = seed[3..].to_vec();
                    if let Some(byte) = changed.get_mut(end - 3) {
                        *byte ^= 0x21;
                    }
                    check_coding(&Coded { chain: seed[0], cuts, room: cuts, bytes: &changed });
                }
            }
        }
    }
}
