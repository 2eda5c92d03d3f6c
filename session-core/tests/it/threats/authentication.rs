//! AU: challenges and where credentials come from.

use crate::clock::now;
use crate::driver::{Run, answer, first_hop, get, plain_get, redirect, run, sent, text, wire};
use http::{HeaderMap, HeaderName, HeaderValue};
use session_core::auth::challenge::challenges;
use session_core::auth::credentials::Credential;
use session_core::auth::netrc::Netrc;
use session_core::entropy::Entropy;
use session_core::error::ErrorKind;
use session_core::limits::Limits;
use session_core::message::head::ResponseHead;
use session_core::message::host::CanonicalHost;
use session_core::message::proxy::ProxyServer;
use session_core::proxy::select::ProxyConfig;
use session_core::session::Session;
use session_core::session::builder::SessionBuilder;
use session_core::session::request::Request;
use session_core::session::settings::Setting;

fn digest() -> SessionBuilder<Session> {
    Session::builder().auth_for("https://a.test", Credential::digest("u", "p")).entropy(Entropy::from_seed([1; 32]))
}

fn challenge(text: &str) -> ResponseHead {
    answer(401, &[("www-authenticate", text)])
}

const CHALLENGE: &str = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256";

/// Which hops carried an Authorization.
fn proved(run: &Run) -> Vec<bool> {
    run.fields("authorization").iter().map(Option::is_some).collect()
}

/// A parameter of the Authorization of a hop, without quotes.
fn parameter(run: &Run, hop: usize, name: &str) -> Option<String> {
    let field = run.fields("authorization")[hop].clone()?;
    let found = field.strip_prefix("Digest ")?.split(", ").find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    found.map(|value| value.trim_matches('"').to_owned())
}

#[test]
fn au_01_what_is_known_of_digest_is_of_one_origin() {
    let mut session = digest().build().unwrap();
    assert_eq!(proved(&get(&mut session, "https://a.test/", [challenge(CHALLENGE)])), [false, true]);
    assert_eq!(proved(&plain_get(&mut session, "https://a.test/x")), [true]);
    let luring = format!("{CHALLENGE}, domain=\"https://a.test/ https://b.test/\"");
    for other in ["https://b.test/", "https://a.test:8443/", "http://a.test/", "https://w.a.test/"] {
        assert_eq!(proved(&get(&mut session, other, [challenge(&luring)])), [false], "{other}");
        let redirected = get(&mut session, "https://a.test/", [redirect(307, other), challenge(&luring)]);
        assert_eq!(proved(&redirected), [true, false], "{other}");
    }
    // A second credential does not see the first one's nonce.
    session.set_auth_for(crate::driver::origin("https://b.test"), Credential::digest("v", "q"));
    assert_eq!(proved(&plain_get(&mut session, "https://b.test/")), [false]);
    let luring = CHALLENGE.replace("\"n\"", "\"m\"") + ", domain=\"https://a.test/\"";
    assert_eq!(proved(&get(&mut session, "https://b.test/", [challenge(&luring)])), [false, true]);
    let back = plain_get(&mut session, "https://a.test/");
    assert_eq!(
        (parameter(&back, 0, "nonce").as_deref(), parameter(&back, 0, "username").as_deref()),
        (Some("n"), Some("u"))
    );
}

#[test]
fn au_02_a_server_that_always_asks_gets_its_401_delivered() {
    let stale = |nonce: &str| challenge(&format!("Digest realm=\"r\", nonce=\"{nonce}\", qop=\"auth\", stale=true"));
    let fresh = |nonce: &str| challenge(&format!("Digest realm=\"r\", nonce=\"{nonce}\", qop=\"auth\""));
    for (answers, hops) in [
        (vec![fresh("1"); 9], 2),
        ((1..10).map(|n| fresh(&n.to_string())).collect(), 2),
        ((1..10).map(|n| stale(&n.to_string())).collect(), 3),
        (vec![stale("1"); 9], 2),
        (vec![fresh("1"), stale("2"), stale("3"), stale("4")], 3),
        (vec![fresh("1"), fresh("2"), stale("3"), stale("4")], 2),
    ] {
        let run = get(&mut digest().build().unwrap(), "https://a.test/", answers);
        assert_eq!((run.hops.len(), run.delivery().head().status.as_u16()), (hops, 401));
    }
    for credential in [Credential::basic("u", "p"), Credential::bearer("t")] {
        let mut request = Request::get("https://a.test/");
        request.set_auth(Setting::Set(credential));
        let asking = vec![answer(401, &[("www-authenticate", "Basic realm=\"r\"")]); 5];
        let run = run(&mut Session::builder().build().unwrap(), request, asking);
        assert_eq!((run.hops.len(), run.delivery().head().status.as_u16()), (1, 401));
    }
}

#[test]
fn au_03_hostile_challenges_are_read_in_linear_time_and_hide_no_good_one() {
    let name = HeaderName::from_static("www-authenticate");
    let mut limits = Limits::default();
    limits.challenge_bytes = usize::MAX;
    let length = 128 * 1024;
    let read = |lines: &[&[u8]]| {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&name, HeaderValue::from_bytes(line).unwrap());
        }
        challenges(&headers, &name, &limits)
    };
    for piece in
        [&b"\xa0"[..], b",", b"\"", b"\\\"", b"a=", b"a ", b"=", b" ", b"a=\"", b"Basic ", b"Digest a=b, ", b"x=y,"]
    {
        let junk = piece.repeat(length / piece.len());
        let found = read(&[&junk, CHALLENGE.as_bytes()]);
        assert!(found.last().is_some_and(|last| last.parameters().unwrap().value("nonce") == Some(b"n")), "{piece:?}");
    }
    let many = (0..1000).map(|n| format!("S{n} realm=\"r\"")).collect::<Vec<_>>().join(", ");
    assert_eq!(read(&[many.as_bytes()]).len(), 1000);
    // What is not supported is passed over, wherever it stands.
    let junk = [
        "Digest realm=\"r\", nonce=\"n\", algorithm=MD4",
        "Digest realm=\"r\", nonce=\"n\", qop=\"auth-conf\"",
        "Digest realm=, nonce",
        "Digest",
        "Negotiate",
        "Basic realm=\"r\"",
        "Digest realm=\"unfinished",
    ];
    for at in 0..=junk.len() {
        let mut lines: Vec<(&'static str, &str)> = junk.map(|line| ("www-authenticate", line)).to_vec();
        lines.insert(at, ("www-authenticate", CHALLENGE));
        let run = get(&mut digest().build().unwrap(), "https://a.test/", [answer(401, &lines)]);
        assert_eq!(parameter(&run, 1, "algorithm").as_deref(), Some("SHA-256"), "{at}");
        let only_junk: Vec<_> = junk.map(|line| ("www-authenticate", line)).to_vec();
        assert_eq!(get(&mut digest().build().unwrap(), "https://a.test/", [answer(401, &only_junk)]).hops.len(), 1);
    }
}

#[test]
fn au_04_an_incomplete_netrc_entry_gives_nothing_and_borrows_nothing() {
    let found = |text: &str, host: &str| {
        Netrc::parse(text).0.lookup(&CanonicalHost::parse(host).unwrap()).map(|found| found.authorization().unwrap())
    };
    let alice = Credential::basic("alice", "pw").authorization().unwrap();
    assert_eq!(found("machine a.test login alice password pw", "a.test"), Some(alice));
    for text in [
        "machine a.test login alice\ndefault login d password s-default",
        "machine a.test password s-p\ndefault login d password s-default",
        "machine a.test login alice\nmachine b.test login bob password s-bob",
        "machine a.test\nlogin alice\nmachine b.test password s-bob",
        "default login alice",
        "default password s-default",
        "default",
        "machine b.test login bob password s-bob",
    ] {
        assert_eq!(found(text, "a.test"), None, "{text}");
    }
    // A user in the URL is explicit: the file's password for another one is not added.
    let netrc = Netrc::parse("machine a.test login alice password s-alice\nmachine b.test login bob").0;
    let mut session = Session::builder().netrc(netrc).build().unwrap();
    let run = get(&mut session, "https://carol@a.test/", [redirect(302, "https://b.test/")]);
    assert!(run.everything(0).contains("(carol:)"), "{}", run.everything(0));
    assert!(!run.everything(0).contains("s-alice"));
    assert_eq!(run.fields("authorization")[1], None);
    let plain = get(&mut session, "https://a.test/", [redirect(302, "https://b.test/")]);
    assert!(plain.everything(0).contains("(alice:s-alice)") && plain.fields("authorization")[1].is_none());
}

#[test]
fn au_05_credentials_are_looked_up_by_the_parsed_host() {
    let netrc = Netrc::parse("machine example.com login n password s-netrc").0;
    let mut session = Session::builder()
        .auth_for("http://a.test", Credential::bearer("s-session"))
        .auth_for("http://example.com", Credential::bearer("s-other"))
        .netrc(netrc)
        .build()
        .unwrap();
    for url in ["http://example.com:@evil.test/", "http://a.test:80@evil.test/", "http://example.com@evil.test/"] {
        let run = plain_get(&mut session, url);
        assert_eq!(run.last().origin().host().as_str(), "evil.test", "{url}");
        assert!(!run.everything(0).contains("s-"), "{url}: {}", run.everything(0));
    }
    assert!(plain_get(&mut session, "http://a.test/").everything(0).contains("s-session"));
}

/// Through a plain proxy the `uri` is path and query too, as the origin gets to see them: there the request line is
/// absolute-form, and ends with them.
#[test]
fn au_06_the_digest_uri_is_what_stands_on_the_wire() {
    let proxied = || ProxyConfig::new().all(ProxyServer::parse("http://p.test").unwrap());
    for path in ["/", "/x?q=1", "/a%20b/%2F?x=%7E&y=\"", "/\u{e9}?\u{2603}", "/x/../y//z", "/?", "/x#frag"] {
        for (scheme, proxies) in [("https", ProxyConfig::new()), ("http", proxied()), ("https", proxied())] {
            let builder = Session::builder().auth_for(&format!("{scheme}://a.test"), Credential::digest("u", "p"));
            let mut session = builder.proxy(proxies).build().unwrap();
            let run = get(&mut session, &format!("{scheme}://a.test{path}"), [challenge(CHALLENGE)]);
            let wire = wire(run.last()).unwrap();
            let request_target = wire.split(' ').nth(1).unwrap();
            let uri = parameter(&run, 1, "uri").unwrap().replace("\\\"", "\"");
            let seen = request_target.strip_prefix("http://a.test").unwrap_or(request_target);
            assert_eq!(uri, seen, "{path}");
            assert!(!uri.contains('#'));
        }
    }
    for algorithm in ["SHA-256", "sha-256", "MD5", "mD5", "SHA-512-256", "MD5-sess"] {
        let challenged = challenge(&CHALLENGE.replace("SHA-256", algorithm));
        let run = get(&mut digest().build().unwrap(), "https://a.test/", [challenged]);
        assert_eq!(parameter(&run, 1, "algorithm").as_deref(), Some(algorithm));
    }
    let unnamed =
        get(&mut digest().build().unwrap(), "https://a.test/", [challenge("Digest realm=\"r\", nonce=\"n\"")]);
    assert_eq!(parameter(&unnamed, 1, "algorithm"), None);
}

#[test]
fn au_07_a_wrong_proof_of_the_server_is_an_error() {
    for info in [
        "rspauth=\"00000000000000000000000000000000\"",
        "rspauth=\"\"",
        "rspauth=x, qop=auth",
        "qop=auth, rspauth=\"a\"",
    ] {
        let answers = [challenge(CHALLENGE), answer(200, &[("authentication-info", info)])];
        let run = get(&mut digest().build().unwrap(), "https://a.test/", answers);
        assert_eq!(run.error(), ErrorKind::Protocol, "{info}");
    }
    let answers = [challenge(CHALLENGE), answer(200, &[("authentication-info", "nextnonce=\"m\"")])];
    let mut session = digest().build().unwrap();
    assert_eq!(get(&mut session, "https://a.test/", answers).delivery().head().status, 200);
    assert_eq!(parameter(&plain_get(&mut session, "https://a.test/"), 0, "nonce").as_deref(), Some("m"));
}

#[test]
fn au_08_counts_rise_and_client_nonces_are_drawn() {
    let mut session = digest().build().unwrap();
    let first = get(&mut session, "https://a.test/", [challenge(CHALLENGE)]);
    let mut counts = vec![parameter(&first, 1, "nc").unwrap()];
    let mut nonces = vec![parameter(&first, 1, "cnonce").unwrap()];
    // Several exchanges under way at once: none is answered before the last has begun.
    let open: Vec<_> = (0..20).map(|_| first_hop(&mut session, Request::get("https://a.test/"))).collect();
    for hop in open {
        let field = text(&hop, "authorization").unwrap();
        let value = |name: &str| {
            let (_, rest) = field.split_once(&format!(" {name}=")).unwrap();
            rest.split(", ").next().unwrap().trim_matches('"').to_owned()
        };
        counts.push(value("nc"));
        nonces.push(value("cnonce"));
        let _ = sent(session.handle_response(hop, redirect(302, "/again"), now()).unwrap());
    }
    let expected: Vec<String> = (1..=21).map(|count| format!("{count:08x}")).collect();
    assert_eq!(counts, expected);
    assert!(nonces.iter().all(|nonce| nonce.len() >= 32));
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 21);
    let mut other = digest().entropy(Entropy::from_seed([2; 32])).build().unwrap();
    let run = get(&mut other, "https://a.test/", [challenge(CHALLENGE)]);
    assert!(!nonces.contains(&parameter(&run, 1, "cnonce").unwrap()), "it comes from the seed");
}
