//! Section J: TLS.

use crate::hostile::client::Client;
use crate::hostile::row::{Row, not_yet};

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    let why = "TLS";
    vec![
        not_yet("96", "certificates that must not be trusted", why),
        not_yet("97", "http on a TLS port, TLS on an http port", why),
        not_yet("98", "a handshake that stalls at each byte", why),
        not_yet("99", "a fatal alert in the handshake", why),
        not_yet("100", "the end in the handshake", why),
        not_yet("101", "a fatal alert within a body", why),
        not_yet("102", "close_notify within a body of known length", why),
        not_yet("103", "the end without close_notify after a whole body", why),
        not_yet("104", "a record that was changed", why),
        not_yet("105", "TLS 1.1, no common suite, another protocol", why),
        not_yet("106", "a client certificate that is not there", why),
        not_yet("107", "resumption after a change of trust", why),
        not_yet("108", "key updates without end", why),
        not_yet("109", "records of one byte", why),
        not_yet("110", "a dot at the end of a name, an address as a name", why),
    ]
}
