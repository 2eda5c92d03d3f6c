//! TV: what of TLS the core decides, which is the name.

use crate::driver::{get, plain_get, redirect, setting};
use session_core::session::Session;

/// One name for everything: the origin, the URI, the Host field, the pool, cookies and HSTS.
#[test]
fn tv_07_a_host_has_one_canonical_name() {
    for (spelling, canonical) in [
        ("A.Test", "a.test"),
        ("a\u{3002}test", "a.test"),
        ("a\u{ff0e}test", "a.test"),
        ("a%2Etest", "a.test"),
        ("\u{ff21}.test", "a.test"),
        ("b\u{fc}cher.test", "xn--bcher-kva.test"),
        ("0x7f.1", "127.0.0.1"),
        ("a.test.", "a.test."),
    ] {
        let mut session = Session::builder().build().unwrap();
        get(&mut session, &format!("https://{canonical}/"), [setting(&["c=1"])]);
        let direct = plain_get(&mut session, &format!("https://{spelling}/"));
        let redirected = get(&mut session, "https://start.test/", [redirect(302, &format!("https://{spelling}/"))]);
        for hop in [direct.last(), redirected.last()] {
            assert_eq!(hop.origin().host().as_str(), canonical, "{spelling}");
            assert_eq!(hop.head().uri().host(), Some(canonical));
            assert_eq!(hop.head().headers()["host"], canonical);
            assert_eq!(hop.pool_key().origin().host().as_str(), canonical);
            assert_eq!(hop.head().headers()["cookie"], "c=1", "{spelling}");
        }
    }
    for bad in ["a\0.test", "a%00.test", "a..test", ".a.test", "a\u{3002}\u{3002}test"] {
        assert!(
            plain_get(&mut Session::builder().build().unwrap(), &format!("https://{bad}/")).outcome.is_err(),
            "{bad:?}"
        );
    }
}
