//! Each coding at each truncation, in any split, as a bomb, and in chains.

mod vectors;

use super::super::{Coding, Codings};
use super::{Decoder, Pulled};
use crate::error::{Error, ErrorKind, Fault, Phase};
use crate::limits::Limits;
use bytes::Bytes;
use flate2::Compression;
use flate2::{Crc, GzBuilder};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use session_testkit::coded::{gzip, raw_deflate as raw, zlib};
use std::io::Write;

fn coded(codings: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_str(codings).unwrap());
    headers
}

fn of(codings: &str, limits: &Limits) -> Result<Decoder, Error> {
    Decoder::of(&coded(codings), Codings::compiled_in(), limits).map(|decoder| decoder.unwrap())
}

/// Decodes the pieces, pulling `room` bytes at a time.
fn pieces<'a>(decoder: Decoder, pieces: impl IntoIterator<Item = &'a [u8]>, room: usize) -> Result<Vec<u8>, Error> {
    let (mut decoder, mut pieces) = (decoder, pieces.into_iter());
    let (mut content, mut buffer) = (Vec::new(), vec![0; room]);
    loop {
        match decoder.pull(&mut buffer)? {
            Pulled::Data(n) => {
                assert!((1..=room).contains(&n));
                content.extend_from_slice(&buffer[..n]);
            }
            Pulled::NeedInput => match pieces.next() {
                Some(piece) => decoder.push(Bytes::copy_from_slice(piece)),
                None => decoder.finish(),
            },
            Pulled::End => break,
        }
    }
    assert_eq!(pieces.next(), None, "it asks for all of the body before it says that it is whole");
    assert_eq!(decoder.pull(&mut buffer).unwrap(), Pulled::End);
    Ok(content)
}

fn whole(codings: &str, body: &[u8]) -> Result<Vec<u8>, Error> {
    pieces(of(codings, &Limits::default())?, [body], 4096)
}

fn kind(codings: &str, body: &[u8]) -> ErrorKind {
    let error = whole(codings, body).unwrap_err();
    assert_eq!((error.phase(), error.fault()), (Phase::Body, Fault::Peer));
    error.kind()
}

/// A gzip member with every optional part of the header, its checksum too.
fn adorned(content: &[u8]) -> Vec<u8> {
    let builder = GzBuilder::new().filename("name").comment("comment").extra("extra");
    let mut encoder = builder.write(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    let mut member = encoder.finish().unwrap();
    let end = 10 + 2 + "extra".len() + "name\0".len() + "comment\0".len();
    member[3] |= 2;
    let mut crc = Crc::new();
    crc.update(&member[..end]);
    member.splice(end..end, crc.sum().to_le_bytes()[..2].iter().copied());
    member
}

/// A frame whose blocks repeat one byte: 4 bytes stand for 128 KiB.
fn zstd_bomb(blocks: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];
    let size = 128 * 1024_u32;
    for block in 1..=blocks {
        let header = (size << 3) | 2 | u32::from(block == blocks);
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(b'x');
    }
    frame
}

/// One body of each kind: its codings, and how the text looks in them.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let text = vectors::text();
    let skippable = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &vectors::bytes(vectors::ZSTD)].concat();
    vec![
        ("gzip", gzip(&text)),
        ("x-gzip", adorned(&text)),
        ("deflate", zlib(&text)),
        ("deflate", raw(&text)),
        ("br", vectors::bytes(vectors::BR)),
        ("zstd", vectors::bytes(vectors::ZSTD)),
        ("zstd", vectors::bytes(vectors::ZSTD_STREAM)),
        ("zstd", skippable),
        ("br, gzip", gzip(vectors::bytes(vectors::BR))),
        ("gzip, identity, deflate, gzip", gzip(zlib(gzip(&text)))),
    ]
}

#[test]
fn each_coding_is_undone_and_a_chain_from_right_to_left() {
    for (codings, body) in samples() {
        assert_eq!(whole(codings, &body).unwrap(), vectors::text(), "{codings}");
    }
}

#[test]
fn an_empty_body_is_empty_in_every_coding() {
    for codings in ["gzip", "deflate", "br", "zstd", "gzip, br"] {
        assert_eq!(whole(codings, b"").unwrap(), b"");
    }
}

#[test]
fn bytes_one_by_one_and_room_for_one_give_the_same() {
    for (codings, body) in samples() {
        for room in [1, 7] {
            let decoder = of(codings, &Limits::default()).unwrap();
            assert_eq!(pieces(decoder, body.chunks(1), room).unwrap(), vectors::text(), "{codings}");
        }
    }
}

#[test]
fn a_body_that_is_over_at_any_byte_before_its_end_is_truncated() {
    for (codings, body) in samples() {
        for end in 1..body.len() {
            // The skippable frame alone is a whole body of no content.
            if codings == "zstd" && body[0] == 0x53 && end == 11 {
                continue;
            }
            let error = whole(codings, &body[..end]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{codings} at {end}");
            assert!(error.to_string().contains("over before"), "{codings} at {end}: {error}");
        }
    }
}

#[test]
fn whatever_is_changed_in_a_gzip_member_is_told_or_changes_nothing() {
    let text = vectors::text();
    let body = adorned(&text);
    for at in 0..body.len() {
        let mut damaged = body.clone();
        damaged[at] ^= 0x10;
        if let Ok(content) = whole("gzip", &damaged) {
            assert_eq!(content, text);
        }
    }
    for (at, said) in [(0, "no gzip header"), (1, "no gzip header"), (2, "unknown method"), (3, "reserved flag")] {
        let mut damaged = gzip(&text);
        damaged[at] ^= 0x80;
        assert!(whole("gzip", &damaged).unwrap_err().to_string().contains(said), "{said}");
    }
    let end = body.len();
    for (at, said) in [(8, "checksum of the header"), (end - 8, "checksum of the content"), (end - 1, "length of the")]
    {
        let mut damaged = body.clone();
        damaged[at] ^= 1;
        assert!(whole("gzip", &damaged).unwrap_err().to_string().contains(said), "{said}");
    }
}

#[test]
fn a_gzip_header_is_bounded_at_its_limit_and_one_past_it() {
    let limits = Limits { gzip_header: 100, ..Limits::default() };
    for (name, fits) in [(89, true), (90, false)] {
        let mut encoder = GzBuilder::new().filename("n".repeat(name)).write(Vec::new(), Compression::default());
        encoder.write_all(b"content").unwrap();
        let body = encoder.finish().unwrap();
        let result = pieces(of("gzip", &limits).unwrap(), [&body[..]], 64);
        assert_eq!(result.is_ok(), fits);
        assert!(result.is_ok() || result.unwrap_err().kind() == ErrorKind::Decode);
    }
}

#[test]
fn members_and_frames_follow_each_other_and_nothing_else_does() {
    let (one, two) = (vectors::text(), b"and more".to_vec());
    let both = [one.clone(), two.clone()].concat();
    let members = [gzip(&one), gzip(b""), adorned(&two)].concat();
    assert_eq!(whole("gzip", &members).unwrap(), both);
    let frames = [vectors::bytes(vectors::ZSTD), vectors::bytes(vectors::ZSTD_STREAM)].concat();
    assert_eq!(whole("zstd", &frames).unwrap(), [&one[..], &one].concat());
    for (codings, body) in samples() {
        for garbage in [&b"\0"[..], b"\0\0\0\0", b"x", b"garbage that is longer than a header"] {
            assert_eq!(kind(codings, &[&body[..], garbage].concat()), ErrorKind::Decode, "{codings} {garbage:?}");
        }
    }
    assert_eq!(kind("br, gzip", &gzip([vectors::bytes(vectors::BR), b"x".to_vec()].concat())), ErrorKind::Decode);
}

#[test]
fn a_body_that_is_not_coded_as_it_says_is_damaged() {
    for codings in ["gzip", "deflate", "br", "zstd"] {
        assert_eq!(kind(codings, b"\xff<html>plain text, labelled wrongly</html>"), ErrorKind::Decode, "{codings}");
    }
    let mut dictionary = zlib(b"x");
    dictionary[..2].copy_from_slice(&[0x78, 0x20]);
    assert!(whole("deflate", &dictionary).unwrap_err().to_string().contains("dictionary"));
}

/// RFC 8878 3.1.1.1.1.4.
#[test]
fn a_zstd_header_with_its_reserved_bit_is_refused() {
    // A window of 1 KiB, and one last block without content.
    let frame = |descriptor: u8| [&[0x28, 0xb5, 0x2f, 0xfd, descriptor, 0], &[1, 0, 0][..]].concat();
    assert_eq!(whole("zstd", &frame(0)).unwrap(), b"");
    assert_eq!(kind("zstd", &frame(0x08)), ErrorKind::Decode);
    assert_eq!(whole("zstd", &frame(0x10)).unwrap(), b"", "the other free bit says nothing");
}

#[test]
fn a_changed_zstd_checksum_or_length_is_told() {
    let body = vectors::bytes(vectors::ZSTD);
    for (at, said) in [(body.len() - 1, "checksum"), (5, "length")] {
        let mut damaged = body.clone();
        damaged[at] ^= 1;
        let told = whole("zstd", &damaged).unwrap_err().to_string();
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn a_bomb_is_told_at_its_ratio_and_never_held() {
    let limits = Limits { decoded_floor: 512 * 1024, decoded_ratio: 100, ..Limits::default() };
    let zeros = vec![0; 4 * 1024 * 1024];
    let bombs = [
        ("gzip", gzip(&zeros)),
        ("deflate", zlib(&zeros)),
        ("deflate", raw(&zeros)),
        ("br", vectors::bytes(vectors::BR_BOMB)),
        ("zstd", zstd_bomb(100)),
        ("gzip, gzip", gzip(gzip(&zeros))),
        ("gzip, gzip, gzip", gzip(gzip(gzip(&zeros)))),
        // The content is nothing at all: what lies between is the bomb.
        ("gzip, gzip", gzip(gzip(b"").repeat(50_000))),
    ];
    for (codings, body) in bombs {
        let mut decoder = of(codings, &limits).unwrap();
        decoder.push(body.into());
        decoder.finish();
        let (mut given, mut room) = (0, [0; 1024]);
        let error = loop {
            match decoder.pull(&mut room) {
                Ok(Pulled::Data(n)) => given += n as u64,
                Ok(other) => panic!("{codings}: {other:?}"),
                Err(error) => break error,
            }
            assert!(decoder.stages.iter().all(|stage| stage.buffer.len() <= super::BETWEEN));
        };
        assert_eq!(error.kind(), ErrorKind::Limit, "{codings}");
        assert!(error.to_string().contains("Limits::decoded_ratio"));
        assert!(given <= limits.decoded_floor + decoder.taken * limits.decoded_ratio);
        assert_eq!(decoder.pull(&mut room).unwrap_err().kind(), ErrorKind::Limit, "it fails again");
    }
}

#[test]
fn the_ratio_counts_beyond_its_floor_and_is_exact_there() {
    let body = gzip([0; 10_000]);
    let length = body.len() as u64;
    let ratio = 10_000 / length;
    let decode = |decoded_ratio, decoded_floor| {
        let limits = Limits { decoded_ratio, decoded_floor, ..Limits::default() };
        pieces(of("gzip", &limits).unwrap(), [&body[..]], 20_000).map_err(|error| error.kind())
    };
    assert!(decode(0, 10_000).is_ok());
    assert_eq!(decode(0, 9_999), Err(ErrorKind::Limit));
    assert!(decode(ratio * 2, 0).is_ok());
    assert_eq!(decode(ratio / 2, 0), Err(ErrorKind::Limit));
}

#[test]
fn the_number_of_codings_is_bounded_over_all_lines() {
    let limits = Limits::default();
    let mut headers = coded("gzip, gzip, identity");
    headers.append(CONTENT_ENCODING, HeaderValue::from_static("gzip, gzip, gzip"));
    let decoder = Decoder::of(&headers, Codings::compiled_in(), &limits).unwrap().unwrap();
    assert_eq!(decoder.stages.len(), 5);
    headers.append(CONTENT_ENCODING, HeaderValue::from_static("x-gzip"));
    let error = Decoder::of(&headers, Codings::compiled_in(), &limits).unwrap_err();
    assert_eq!((error.kind(), error.phase(), error.fault()), (ErrorKind::Limit, Phase::Body, Fault::Peer));
    assert_eq!(of(&"gzip, ".repeat(5000), &limits).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn a_zstd_window_is_bounded_at_its_limit_and_one_past_it() {
    let frame = |window: u8| [0x28, 0xb5, 0x2f, 0xfd, 0, window, 1, 0, 0];
    // RFC 8878 3.1.1.1.2: 2^(10 + the upper five bits), and so many eighths of it as the lower three say.
    assert_eq!(whole("zstd", &frame(13 << 3)).unwrap(), b"");
    let error = whole("zstd", &frame((13 << 3) | 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.to_string().contains("Limits::coding_window"), "{error}");
    assert_eq!(kind("zstd", &frame(31 << 3)), ErrorKind::Limit);
}

#[test]
fn brotli_beyond_its_standard_window_is_refused() {
    // The mark of the extension with larger windows, 0x11, and a window of 2^30.
    assert_eq!(kind("br", &[0x11, 0x1e, 0, 0, 0]), ErrorKind::Decode);
}

#[test]
fn an_unknown_coding_or_one_that_is_switched_off_has_no_decoder() {
    let limits = Limits::default();
    for (codings, accepted) in [
        ("compress", Codings::compiled_in()),
        ("compress, gzip", Codings::compiled_in()),
        ("gzip", Codings::NONE),
        ("gzip", Codings::compiled_in().without(Coding::Gzip)),
        ("identity", Codings::compiled_in()),
    ] {
        assert!(Decoder::of(&coded(codings), accepted, &limits).unwrap().is_none(), "{codings}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However the bytes come, whole or damaged: the same content, and the same end.
    #[test]
    fn any_split_gives_the_same(
        which in 0..10_usize,
        cuts in proptest::collection::vec(1..40_usize, 1..20),
        room in 1..300_usize,
        damage in proptest::option::of((0..1000_usize, 1..=255_u8)),
    ) {
        let (codings, mut body) = samples().swap_remove(which);
        if let Some((at, bits)) = damage {
            let at = at % body.len();
            body[at] ^= bits;
        }
        let at_once = whole(codings, &body).map_err(|error| error.kind());
        let mut rest = &body[..];
        let mut split = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            split.push(piece);
            rest = after;
        }
        let decoder = of(codings, &Limits::default()).unwrap();
        prop_assert_eq!(pieces(decoder, split, room).map_err(|error| error.kind()), at_once);
    }
}
