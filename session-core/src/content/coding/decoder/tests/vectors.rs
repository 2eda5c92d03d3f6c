//! Coded bytes that the tests have no encoder for. They were made by the Python packages brotli 1.2.0 and zstandard 0.25.0.

/// What the short vectors hold.
pub(super) fn text() -> Vec<u8> {
    (0..40).flat_map(|n| format!("line {n} of a text that repeats itself, and a bit more.\n").into_bytes()).collect()
}

/// `brotli.compress(text, quality=11)`.
pub(super) const BR: &str = "\
    1b8d08009c07762c9808ba18b2c92f4bc543d20136a7cfb04b85b4b704319b4b10173a0adc01d81f66de026b918489e431d6\
    b74586cd641ff1ce39085d39cee64faff39be38eb247cf5ebdfbecabef7efafd81827c000081804182020da6df010c004020\
    6090a04083e9778002001008182428d060d205";

/// 64 MiB of zero bytes at quality 9.
pub(super) const BR_BOMB: &str = "\
    cbffff3f002400e2b14072effff8ffff078004401c1680eefd1fffffff00900088c302d0bdffe3ffff1f001200715800baf7\
    7ffcffff034002200e0b40f7fe8fffff7f004800c46101e8defff1ffff0f000980382c00ddfb3ffeffff012001108705a07b\
    ff37";

/// `ZstdCompressor(level=19, write_checksum=True).compress(text)`: one segment of known length.
pub(super) const ZSTD: &str = "\
    28b52ffd648e07e50300f2051311907de0d840a46adc5d09fd2066606c11336ca9848e296418b65442c714320a5b2aa1630a\
    216ca9848e290408986ff59fce9b3fdb3c440af54fd7df2086d9bfc9f7dff0bd79bc3e1cda490328a811c0b7ff77e035cb01\
    113404ffff3fc30f6ddb3663a76d73dbc96ab36d07d31b414812a944ef826540560187c79c12";

/// The same by `compressobj` at level 3: a window, and no length.
pub(super) const ZSTD_STREAM: &str = "\
    28b52ffd04584d050012461318902b1d604942c4bd1a0a84003363a36d6b295d70d7a7c005ffffffbf6ddbb6ddb66ddb04e2\
    602810eeb28e1980a094a4c13305898b430c20a696332e47e52885478ce33dea4844120e58c74c272080338a0f46b2f3f664\
    3b65cedbc9f6949d3727db2973de4e36a7ecbc9d6c4fd97973b29db2cf5b0a4f36149eb2139e37139e6c253c65243c6f233c\
    d94478ca42780241384f279353749e9c4ca7c8793a99d82958f98c5087c79c12";

/// The bytes of hexadecimal digits.
pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        hex.chars().filter_map(|c| c.to_digit(16)).map(|digit| u8::try_from(digit).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}
