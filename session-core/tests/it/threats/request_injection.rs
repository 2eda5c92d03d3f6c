//! RI: a request is one request.

use crate::clock::now;
use crate::driver::{assert_one_request, first_hop, get, redirect, wire};
use bytes::BytesMut;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method};
use session_core::auth::credentials::Credential;
use session_core::auth::netrc::Netrc;
use session_core::error::ErrorKind;
use session_core::h1::{Connection, LocalErrorKind, TargetForm};
use session_core::limits::Limits;
use session_core::message::body::{BodySize, Framing, RequestBody};
use session_core::message::host::CanonicalHost;
use session_core::message::proxy::ProxyServer;
use session_core::session::Session;
use session_core::session::request::{Request, field, method};
use session_core::session::settings::Setting;

fn new() -> Session {
    Session::builder().build().unwrap()
}

#[test]
fn ri_01_a_method_is_a_token() {
    for bad in ["GET / HTTP/1.1\r\nX:", "", "GE T", "G\u{c9}T", "GET\0", "GET\t", "(GET)", "GET\n"] {
        assert_eq!(method(bad.as_bytes()).unwrap_err().kind(), ErrorKind::InvalidHeader, "{bad:?}");
    }
    for good in ["GET", "get", "M-SEARCH", "!#$%&'*+-.^_`|~9"] {
        let hop = first_hop(&mut new(), Request::new(method(good.as_bytes()).unwrap(), "http://a.test/"));
        assert_one_request(&wire(&hop).unwrap(), good);
    }
}

#[test]
fn ri_02_no_byte_of_a_url_ends_the_request_line() {
    let bytes =
        ["\r", "\n", "\t", " ", "\0", "\u{7f}", "\u{e9}", "\u{2603}", "\r\nX: y\r\n\r\nGET /", "%0d%0a", "\u{2028}"];
    for bad in bytes {
        for url in [
            format!("http://a.test/x{bad}y"),
            format!("http://a.test/?x{bad}y"),
            format!("http://a{bad}b.test/"),
            format!("http://u{bad}v:p{bad}q@a.test/"),
            format!("http://a.test/#x{bad}y"),
            format!("http://a.test:8{bad}0/"),
            format!("ht{bad}tp://a.test/"),
        ] {
            let mut head = redirect(302, "/");
            let mut runs = vec![get(&mut new(), &url, [redirect(302, "/next")])];
            if let Ok(location) = HeaderValue::from_bytes(url.as_bytes()) {
                head.headers.insert("location", location);
                runs.push(get(&mut new(), "http://start.test/", [head]));
            }
            for run in runs {
                for hop in &run.hops {
                    assert_one_request(&wire(hop).unwrap(), "GET");
                }
                if let Err(error) = &run.outcome {
                    let kinds = [ErrorKind::InvalidUrl, ErrorKind::InvalidHeader, ErrorKind::RedirectRefused];
                    assert!(kinds.contains(&error.kind()), "{url:?}: {error:?}");
                }
            }
        }
    }
}

#[test]
fn ri_03_no_setter_takes_a_line_end_or_a_nul() {
    for bad in ["\rx", "x\ry", "x\n", "x\r\nX: y", "\0", "x\0", "\nx"] {
        let mut request = Request::get("http://a.test/");
        for name in ["x-own", "content-type", "upgrade", "host", "user-agent", "range", "cookie"] {
            assert!(request.append_header(name, bad).is_err(), "{name} {bad:?}");
        }
        assert!(request.append_header(format!("x{bad}"), "1").is_err() && request.append_header(bad, "1").is_err());
        assert!(HeaderValue::from_bytes(bad.as_bytes()).is_err() && HeaderName::from_bytes(bad.as_bytes()).is_err());
        assert!(field("x", bad).is_err());
        assert!(Session::builder().default_header("x", bad).build().is_err());
        assert!(Session::builder().user_agent(bad).build().is_err());
        request.add_cookie("c", bad);
        assert_eq!(new().begin(request, now()).unwrap_err().kind(), ErrorKind::InvalidHeader);
        let mut request = Request::get("http://a.test/");
        request.add_cookie(bad, "1");
        assert_eq!(new().begin(request, now()).unwrap_err().kind(), ErrorKind::InvalidHeader);
        for credential in [Credential::basic(bad, "p"), Credential::basic("u", bad), Credential::bearer(bad)] {
            let mut request = Request::get("http://a.test/");
            request.set_auth(Setting::Set(credential));
            assert_eq!(new().begin(request, now()).unwrap_err().kind(), ErrorKind::InvalidHeader, "{bad:?}");
        }
        let mut session = Session::builder().auth(Credential::digest(bad, bad)).build().unwrap();
        let challenge = [("www-authenticate", "Digest realm=\"r\", nonce=\"n\"")];
        let run = get(&mut session, "http://a.test/", [crate::driver::answer(401, &challenge)]);
        assert_eq!((run.error(), run.hops.len()), (ErrorKind::InvalidHeader, 1));
        let user = bad.replace('\r', "%0D").replace('\n', "%0A").replace('\0', "%00");
        let run = get(&mut new(), &format!("http://{user}:p@a.test/"), [redirect(302, "/")]);
        assert_eq!((run.error(), run.hops.len()), (ErrorKind::InvalidHeader, 0), "{user}");
        assert!(ProxyServer::parse(&format!("http://{user}:p@p.test")).is_err());
        let netrc = Netrc::parse(&format!(
            "machine a.test login \"{}\" password p",
            bad.replace('\n', "\\n").replace('\r', "\\r")
        ))
        .0;
        assert!(netrc.lookup(&CanonicalHost::parse("a.test").unwrap()).is_none(), "{bad:?}");
    }
}

#[test]
fn ri_04_a_host_of_ones_own_is_a_host_and_stands_there_once() {
    for bad in
        ["a.test/evil", "u@a.test", "", " ", "a b", "a.test:", "a.test:x", "a\\b", "a.test?x", "a.test#x", "%61.test"]
    {
        let mut request = Request::get("http://a.test/");
        request.append_header("host", bad).unwrap();
        assert_eq!(new().begin(request, now()).unwrap_err().kind(), ErrorKind::InvalidHeader, "{bad:?}");
        assert!(Session::builder().default_header("HOST", bad).build().is_err(), "{bad:?}");
    }
    let mut twice = Request::get("http://a.test/");
    twice.append_header("Host", "b.test").unwrap();
    twice.append_header("hOST", "c.test").unwrap();
    assert_eq!(new().begin(twice, now()).unwrap_err().kind(), ErrorKind::InvalidHeader);
    let mut own = Request::get("http://a.test/");
    own.append_header("hOsT", "b.test:81").unwrap();
    let mut session = Session::builder().default_header("Host", "c.test").build().unwrap();
    for (request, expected) in [(own, "b.test:81"), (Request::get("http://a.test/"), "c.test")] {
        let wire = wire(&first_hop(&mut session, request)).unwrap();
        assert_one_request(&wire, "GET");
        assert!(wire.contains(&format!("\r\nhost: {expected}\r\n")), "{wire}");
    }
    // One that came into the defaults later refuses each request.
    for bad in ["a.test/evil", "u@a.test", ""] {
        let mut session = new();
        session.headers_mut().insert(HOST, HeaderValue::from_static(bad));
        let refused = session.begin(Request::get("http://a.test/"), now()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidHeader, "{bad:?}");
    }
}

#[test]
fn ri_05_one_framing_or_an_error() {
    let sizes = [BodySize::Empty, BodySize::Sized(3), BodySize::Streaming];
    let fields: [&[(&str, &str)]; 10] = [
        &[],
        &[("CONTENT-length", "3")],
        &[("content-length", "4")],
        &[("Content-Length", "3"), ("content-length", "3")],
        &[("content-length", "3"), ("content-length", "5")],
        &[("transfer-encoding", "chunked")],
        &[("transfer-encoding", "chunked"), ("content-length", "3")],
        &[("transfer-encoding", "identity")],
        &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
        &[("content-length", "+3")],
    ];
    for name in ["GET", "HEAD", "DELETE", "POST", "PUT"] {
        for size in sizes {
            for fields in fields {
                let mut request = Request::new(method(name.as_bytes()).unwrap(), "http://a.test/");
                request.set_body(RequestBody::replayable(size));
                for (field, value) in fields {
                    request.append_header(*field, *value).unwrap();
                }
                let hop = match new().begin(request, now()) {
                    Ok(step) => crate::driver::sent(step),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::InvalidHeader);
                        assert!(!fields.is_empty(), "{name} {size:?}");
                        continue;
                    }
                };
                let wire = wire(&hop).unwrap();
                assert_one_request(&wire, name);
                assert_eq!(
                    size == BodySize::Empty,
                    matches!(hop.framing(), Framing::None | Framing::Length(0)),
                    "{wire}"
                );
                assert_eq!(wire.contains("content-length: 3\r\n"), hop.framing() == Framing::Length(3), "{wire}");
                assert_eq!(
                    wire.contains("transfer-encoding: chunked\r\n"),
                    hop.framing() == Framing::Chunked,
                    "{wire}"
                );
            }
        }
    }
    // The body is as long as was said, or the connection is not used again.
    for (said, given) in [(3, 4), (3, 2), (0, 1)] {
        let mut connection = Connection::new(&Limits::default());
        let head = http::Request::post("http://a.test/").body(()).unwrap();
        let mut out = BytesMut::new();
        connection.send_head(&head, TargetForm::Origin, Framing::Length(said), &mut out).unwrap();
        let data = connection.send_data(given).map(|_| ());
        let end = connection.send_end(&mut out);
        assert!(data.is_err() || end.is_err(), "{said} {given}");
        assert_ne!(connection.reuse(&session_core::h1::RecvBuffer::new()), session_core::h1::Reuse::Keep);
    }
    // A default that would frame does not get past the serializer.
    for name in ["content-length", "transfer-encoding"] {
        let mut session = Session::builder().default_header(name, "5").build().unwrap();
        let mut request = Request::new(Method::POST, "http://a.test/");
        request.set_body(RequestBody::replayable(BodySize::Sized(3)));
        let hop = session.begin(request, now()).map(crate::driver::sent);
        assert!(hop.is_err() || wire(&hop.unwrap()).is_err(), "{name}");
    }
}

#[test]
fn ri_07_what_is_changed_later_is_checked_again() {
    let mut request = Request::get("http://a.test/");
    request.append_header("x", "1").unwrap();
    assert!(new().begin(request.clone(), now()).is_ok());
    for (name, value) in
        [(HOST, "a.test/evil"), (http::header::CONTENT_LENGTH, "5"), (http::header::TRANSFER_ENCODING, "gzip")]
    {
        let mut changed = request.clone();
        changed.headers_mut().insert(name.clone(), HeaderValue::from_static(value));
        assert_eq!(new().begin(changed, now()).unwrap_err().kind(), ErrorKind::InvalidHeader, "{name}");
    }
    // The head that the session made, changed by an embedder before it is written.
    let hop = first_hop(&mut new(), request);
    let written = |head: &http::Request<()>, form| {
        let mut out = BytesMut::new();
        Connection::new(&Limits::default()).send_head(head, form, Framing::None, &mut out).map_err(|error| error.kind())
    };
    assert_eq!(written(hop.head(), TargetForm::Origin), Ok(()));
    let changed = |change: &dyn Fn(&mut http::Request<()>)| {
        let mut head = hop.head().clone();
        change(&mut head);
        written(&head, TargetForm::Origin)
    };
    assert_eq!(changed(&|head| *head.method_mut() = Method::CONNECT), Err(LocalErrorKind::Target));
    for (name, value) in
        [(HOST, "u@a.test"), (http::header::CONTENT_LENGTH, "5"), (http::header::TRANSFER_ENCODING, "chunked")]
    {
        let outcome = changed(&|head| {
            head.headers_mut().insert(name.clone(), HeaderValue::from_static(value));
        });
        assert_eq!(outcome, Err(LocalErrorKind::Field), "{name}");
    }
    let two = changed(&|head| {
        head.headers_mut().append(HOST, HeaderValue::from_static("b.test"));
    });
    assert_eq!(two, Err(LocalErrorKind::Field));
    let typed = changed(&|head| {
        head.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    });
    assert_eq!(typed, Ok(()));
}
