//! Section H: bodies that are coded.

use crate::hostile::client::Client;
use crate::hostile::row::{Row, not_yet};

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    let why = "content codings";
    vec![
        not_yet("80", "gzip that is cut", why),
        not_yet("81", "gzip with a bad sum, size, head or flags", why),
        not_yet("82", "gzip with garbage behind, and two members", why),
        not_yet("83", "labels that are wrong", why),
        not_yet("84", "bombs", why),
        not_yet("85", "deflate with and without its wrapping", why),
        not_yet("86", "the largest windows of br and zstd", why),
        not_yet("87", "read byte by byte", why),
    ]
}
