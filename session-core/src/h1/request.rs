//! The request head on the wire: request line, Host, fields, framing (RFC 9112 sections 3 and 6).
//!
//! The last place where a request is checked before it becomes bytes. Which fields a request has is decided elsewhere;
//! Host is derived here where it is not given, and the framing fields are written here alone.

use crate::h1::error::{LocalError, LocalErrorKind};
use crate::message::body::Framing;
use crate::message::grammar::{decimal, is_same_word, is_token, trim_blanks};
use crate::message::origin::Scheme;
use bytes::BytesMut;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};
use std::fmt::Write as _;

/// How the target stands on the request line (RFC 9112 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 9112 knows four forms, and one of them in two ways")]
pub enum TargetForm {
    /// `path?query`: to the origin itself, also through a tunnel.
    Origin,
    /// The whole URI: to a proxy that is no tunnel.
    Absolute,
    /// `host:port`, for CONNECT and for nothing else.
    Authority,
    /// `*`, for OPTIONS alone: the server as a whole.
    Asterisk,
    /// Scheme and host without a path, for OPTIONS alone: the same asked through a proxy that is no tunnel (RFC 9112 3.2.4).
    AbsoluteServer,
}

/// Writes the head into `out`. On an error `out` is as before.
pub(super) fn write_head(
    head: &Request<()>,
    form: TargetForm,
    framing: Framing,
    out: &mut BytesMut,
) -> Result<(), LocalError> {
    let start = out.len();
    let written = write(head, form, framing, out);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn write(head: &Request<()>, form: TargetForm, framing: Framing, out: &mut BytesMut) -> Result<(), LocalError> {
    check_method(head.method(), form, framing)?;
    check_version(head.version(), framing)?;
    out.reserve(ESTIMATE);
    out.extend_from_slice(head.method().as_str().as_bytes());
    out.extend_from_slice(b" ");
    let target_start = out.len();
    write_target(head.uri(), form, out)?;
    // Nothing that ends the target early or opens another line, and no byte that is to be percent-encoded.
    if !out.get(target_start..).unwrap_or_default().iter().all(|byte| matches!(byte, b'!'..=b'~') && *byte != b'#') {
        return Err(LocalError::new(LocalErrorKind::Target, "the request target holds a byte that it must not"));
    }
    out.extend_from_slice(match head.version() {
        Version::HTTP_10 => b" HTTP/1.0\r\nhost: ",
        _ => b" HTTP/1.1\r\nhost: ",
    });
    write_host(head, form, out)?;
    out.extend_from_slice(b"\r\n");
    for (name, value) in head.headers() {
        if *name == HOST {
            continue;
        }
        if *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING {
            let error = LocalError::new(LocalErrorKind::Field, "the codec alone writes the framing fields");
            return Err(error.with_detail(name.as_str()));
        }
        if !is_line(value.as_bytes()) {
            let error = LocalError::new(LocalErrorKind::Field, "a field value holds a line end or a NUL");
            return Err(error.with_detail(name.as_str()));
        }
        write_field(name, value, out);
    }
    match framing {
        Framing::None => {}
        Framing::Length(length) => write_text(out, format_args!("content-length: {length}\r\n"))?,
        Framing::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// Whether a field value stays on its line.
pub(super) fn is_line(value: &[u8]) -> bool {
    memchr::memchr3(b'\r', b'\n', 0, value).is_none()
}

/// Writes field lines whose values are lines.
pub(super) fn write_fields(fields: &HeaderMap, out: &mut BytesMut) {
    fields.iter().for_each(|(name, value)| write_field(name, value, out));
}

fn write_field(name: &HeaderName, value: &HeaderValue, out: &mut BytesMut) {
    for part in [name.as_str().as_bytes(), b": ", trim_blanks(value.as_bytes()), b"\r\n"] {
        out.extend_from_slice(part);
    }
}

/// What most heads fit in.
const ESTIMATE: usize = 512;

fn check_method(method: &Method, form: TargetForm, framing: Framing) -> Result<(), LocalError> {
    let target = |message| Err(LocalError::new(LocalErrorKind::Target, message));
    if !is_token(method.as_str().as_bytes()) {
        return Err(LocalError::new(LocalErrorKind::Field, "the method is no token"));
    }
    if (*method == Method::CONNECT) != (form == TargetForm::Authority) {
        return target("CONNECT, and nothing else, is sent with host and port as its target");
    }
    if matches!(form, TargetForm::Asterisk | TargetForm::AbsoluteServer) && *method != Method::OPTIONS {
        return target("only OPTIONS is sent to a server as a whole");
    }
    let has_body = !matches!(framing, Framing::None | Framing::Length(0));
    if (*method == Method::CONNECT && framing != Framing::None) || (*method == Method::TRACE && has_body) {
        return Err(LocalError::new(LocalErrorKind::Field, "neither CONNECT nor TRACE has a body"));
    }
    Ok(())
}

/// HTTP/1.0 has no chunks; of what stands above 1.1 nothing is written here.
fn check_version(version: Version, framing: Framing) -> Result<(), LocalError> {
    match (version, framing) {
        (Version::HTTP_10, Framing::Chunked) => {
            Err(LocalError::new(LocalErrorKind::Field, "HTTP/1.0 has no chunked body"))
        }
        (Version::HTTP_10 | Version::HTTP_11, _) => Ok(()),
        _ => Err(LocalError::new(LocalErrorKind::Field, "the version is neither HTTP/1.1 nor HTTP/1.0")),
    }
}

fn write_target(uri: &Uri, form: TargetForm, out: &mut BytesMut) -> Result<(), LocalError> {
    match form {
        TargetForm::Origin => write_path(uri, out),
        TargetForm::Absolute => {
            write_server(uri, out)?;
            write_path(uri, out);
        }
        TargetForm::AbsoluteServer => write_server(uri, out)?,
        TargetForm::Authority => write_authority(uri, Port::Always, out)?,
        TargetForm::Asterisk => out.extend_from_slice(b"*"),
    }
    Ok(())
}

/// Scheme and authority.
fn write_server(uri: &Uri, out: &mut BytesMut) -> Result<(), LocalError> {
    let scheme = uri.scheme_str().ok_or_else(|| no_part("a scheme"))?;
    out.extend_from_slice(scheme.as_bytes());
    out.extend_from_slice(b"://");
    write_authority(uri, Port::UnlessDefault, out)
}

fn write_path(uri: &Uri, out: &mut BytesMut) {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    if !path.starts_with('/') {
        out.extend_from_slice(b"/");
    }
    out.extend_from_slice(path.as_bytes());
}

/// Whether the port is told where the scheme implies it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Port {
    Always,
    UnlessDefault,
}

/// Host and port, never user information.
fn write_authority(uri: &Uri, port: Port, out: &mut BytesMut) -> Result<(), LocalError> {
    let authority = uri.authority().ok_or_else(|| no_part("a host"))?;
    let (host, told) = host_and_port(authority).ok_or_else(|| no_part("a host, or a port from 1 to 65535"))?;
    let implied = uri.scheme_str().and_then(Scheme::named).map(Scheme::default_port);
    out.extend_from_slice(host.as_bytes());
    match (told.or(implied), port) {
        (None, Port::Always) => Err(no_part("a port")),
        (None, Port::UnlessDefault) => Ok(()),
        (told, Port::UnlessDefault) if told == implied => Ok(()),
        (Some(told), _) => write_text(out, format_args!(":{told}")),
    }
}

/// Host, and the port where it is told. `None` where the host is empty or the port is none.
fn host_and_port(authority: &Authority) -> Option<(&str, Option<u16>)> {
    let host = authority.host();
    let text = authority.as_str();
    let text = match memchr::memrchr(b'@', text.as_bytes()) {
        Some(at) => text.get(at.saturating_add(1)..)?,
        None => text,
    };
    let port = match text.strip_prefix(host)? {
        "" => None,
        rest => {
            let digits = rest.strip_prefix(':')?.as_bytes();
            Some(decimal(digits).and_then(|port| u16::try_from(port).ok()).filter(|&port| port > 0)?)
        }
    };
    (!host.is_empty()).then_some((host, port))
}

fn no_part(part: &'static str) -> LocalError {
    LocalError::new(LocalErrorKind::Target, "the request's URI lacks a part").with_detail(part)
}

/// The one Host line: as the head has it, else as the target tells (RFC 9112 3.2).
fn write_host(head: &Request<()>, form: TargetForm, out: &mut BytesMut) -> Result<(), LocalError> {
    let port = if form == TargetForm::Authority { Port::Always } else { Port::UnlessDefault };
    let start = out.len();
    let (host, has_more) = host_lines(head.headers());
    let Some(host) = host else {
        return write_authority(head.uri(), port, out);
    };
    let refused = |message| Err(LocalError::new(LocalErrorKind::Field, message).with_detail("host"));
    if has_more {
        return refused("a request has one Host line");
    }
    if !is_host(host, head.uri().authority()) {
        return refused("a Host is a host and perhaps a port");
    }
    let host = trim_blanks(host.as_bytes());
    if form == TargetForm::Authority {
        write_authority(head.uri(), port, out)?;
        if !is_same_word(out.get(start..).unwrap_or_default(), host) {
            return refused("the Host of CONNECT is its target");
        }
    } else {
        out.extend_from_slice(host);
    }
    Ok(())
}

/// The first Host line, and whether there are more. It is mostly the first of all lines, and the lines of one name come together.
fn host_lines(fields: &HeaderMap) -> (Option<&HeaderValue>, bool) {
    let mut lines = fields.iter();
    match (lines.next(), lines.next()) {
        (Some((&HOST, host)), next) => (Some(host), next.is_some_and(|(name, _)| *name == HOST)),
        _ => {
            let mut given = fields.get_all(HOST).iter();
            (given.next(), given.next().is_some())
        }
    }
}

/// Whether a Host field is `host` or `host:port` and nothing else. Mostly it is the target's, which is parsed already.
fn is_host(value: &HeaderValue, target: Option<&Authority>) -> bool {
    let text = trim_blanks(value.as_bytes());
    if is_plain_host(text) {
        return true;
    }
    if let Some(target) = target.filter(|target| target.as_str().as_bytes() == text) {
        return memchr::memchr(b'@', text).is_none() && host_and_port(target).is_some();
    }
    text.iter().all(|&byte| matches!(byte, b'!'..=b'~') && byte != b'@')
        && Authority::try_from(text).is_ok_and(|authority| host_and_port(&authority).is_some())
}

/// Whether it is a name or an IPv4 address and perhaps a port, as most are. What it does not know may be a host all the same.
fn is_plain_host(text: &[u8]) -> bool {
    const LONGEST: usize = 253 + ":65535".len();
    if text.len() > LONGEST {
        return false;
    }
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let name = text.iter().position(|byte| !is_of_name(byte)).unwrap_or(text.len());
    match text.split_at_checked(name) {
        Some(([_, ..], [])) => true,
        Some(([_, ..], [b':', digits @ ..])) => decimal(digits).is_some_and(|port| (1..=65535).contains(&port)),
        _ => false,
    }
}

fn write_text(out: &mut BytesMut, text: std::fmt::Arguments<'_>) -> Result<(), LocalError> {
    // Writing into a growing buffer does not fail; should it ever, the head is not sent.
    out.write_fmt(text).map_err(|_| LocalError::new(LocalErrorKind::State, "the head could not be written"))
}

#[cfg(test)]
mod tests {
    use super::{TargetForm, write_head};
    use crate::h1::error::LocalErrorKind;
    use crate::message::body::Framing;
    use bytes::BytesMut;
    use http::{Request, Version};

    fn written(
        method: &str,
        uri: &str,
        form: TargetForm,
        fields: &[(&str, &str)],
        framing: Framing,
    ) -> Result<String, LocalErrorKind> {
        let mut builder = Request::builder().method(method).uri(uri);
        for (name, value) in fields {
            builder = builder.header(*name, *value);
        }
        let mut out = BytesMut::from("before");
        match write_head(&builder.body(()).unwrap(), form, framing, &mut out) {
            Ok(()) => Ok(String::from_utf8(out[6..].to_vec()).unwrap()),
            Err(error) => {
                assert_eq!(out, "before", "nothing may be left of a refused head");
                Err(error.kind())
            }
        }
    }

    fn get(uri: &str, form: TargetForm, fields: &[(&str, &str)]) -> Result<String, LocalErrorKind> {
        written("GET", uri, form, fields, Framing::None)
    }

    #[test]
    fn version_1_0_is_said_where_it_can_carry_the_body() {
        let written = |version, framing| {
            let head = Request::builder().version(version).uri("http://a.test/").body(()).unwrap();
            let mut out = BytesMut::new();
            write_head(&head, TargetForm::Origin, framing, &mut out).map_err(|error| error.kind())?;
            Ok(String::from_utf8(out.to_vec()).unwrap().split("\r\n").next().unwrap().to_owned())
        };
        assert_eq!(written(Version::HTTP_10, Framing::Length(1)), Ok("GET / HTTP/1.0".to_owned()));
        assert_eq!(written(Version::HTTP_11, Framing::Chunked), Ok("GET / HTTP/1.1".to_owned()));
        for (version, framing) in [
            (Version::HTTP_10, Framing::Chunked),
            (Version::HTTP_09, Framing::None),
            (Version::HTTP_2, Framing::None),
            (Version::HTTP_3, Framing::None),
        ] {
            assert_eq!(written(version, framing), Err(LocalErrorKind::Field), "{version:?}");
        }
    }

    #[test]
    fn each_form_of_the_target() {
        let first_two = |method: &str, uri: &str, form| {
            written(method, uri, form, &[], Framing::None)
                .unwrap()
                .split("\r\n")
                .take(2)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        for (method, uri, form, line, host) in [
            ("GET", "http://a.test", TargetForm::Origin, "GET / HTTP/1.1", "host: a.test"),
            ("GET", "http://a.test?x=1", TargetForm::Origin, "GET /?x=1 HTTP/1.1", "host: a.test"),
            ("GET", "https://a.test:443/a%20b?c", TargetForm::Origin, "GET /a%20b?c HTTP/1.1", "host: a.test"),
            ("GET", "http://a.test:443/", TargetForm::Origin, "GET / HTTP/1.1", "host: a.test:443"),
            ("GET", "http://[::1]:80/", TargetForm::Origin, "GET / HTTP/1.1", "host: [::1]"),
            ("GET", "http://u:p@a.test/", TargetForm::Origin, "GET / HTTP/1.1", "host: a.test"),
            (
                "GET",
                "http://u:p@a.test:8080?q",
                TargetForm::Absolute,
                "GET http://a.test:8080/?q HTTP/1.1",
                "host: a.test:8080",
            ),
            ("GET", "http://a.test:80/x", TargetForm::Absolute, "GET http://a.test/x HTTP/1.1", "host: a.test"),
            ("CONNECT", "https://a.test/x", TargetForm::Authority, "CONNECT a.test:443 HTTP/1.1", "host: a.test:443"),
            ("CONNECT", "a.test:8443", TargetForm::Authority, "CONNECT a.test:8443 HTTP/1.1", "host: a.test:8443"),
            ("CONNECT", "http://[::1]/", TargetForm::Authority, "CONNECT [::1]:80 HTTP/1.1", "host: [::1]:80"),
            ("OPTIONS", "http://a.test/", TargetForm::Asterisk, "OPTIONS * HTTP/1.1", "host: a.test"),
        ] {
            assert_eq!(first_two(method, uri, form), [line, host], "{uri}");
        }
    }

    #[test]
    fn a_form_that_does_not_fit_the_method_is_refused() {
        for (method, form) in [
            ("GET", TargetForm::Authority),
            ("CONNECT", TargetForm::Origin),
            ("CONNECT", TargetForm::Absolute),
            ("GET", TargetForm::Asterisk),
        ] {
            assert_eq!(
                written(method, "http://a.test/", form, &[], Framing::None),
                Err(LocalErrorKind::Target),
                "{method}"
            );
        }
        for (uri, form) in [
            ("/x", TargetForm::Origin),
            ("/x", TargetForm::Absolute),
            ("*", TargetForm::Origin),
            ("http://a.test:99999/", TargetForm::Origin),
            ("http://a.test:0/", TargetForm::Absolute),
        ] {
            assert_eq!(get(uri, form, &[]), Err(LocalErrorKind::Target), "{uri}");
        }
        assert_eq!(
            written("CONNECT", "a.test:1", TargetForm::Authority, &[], Framing::Length(0)),
            Err(LocalErrorKind::Field)
        );
        let trace = |framing| written("TRACE", "http://a.test/", TargetForm::Origin, &[], framing);
        assert_eq!(trace(Framing::Chunked), Err(LocalErrorKind::Field));
        assert!(trace(Framing::None).is_ok());
    }

    #[test]
    fn a_target_beyond_ascii_is_refused() {
        assert_eq!(get("http://a.test/\u{e9}", TargetForm::Origin, &[]), Err(LocalErrorKind::Target));
    }

    #[test]
    fn host_is_first_and_once() {
        let head = get("http://a.test/", TargetForm::Origin, &[("x", "1"), ("host", "b.test:8080")]).unwrap();
        assert_eq!(head, "GET / HTTP/1.1\r\nhost: b.test:8080\r\nx: 1\r\n\r\n");
        assert_eq!(
            get("http://a.test/", TargetForm::Origin, &[("host", "a"), ("host", "a")]),
            Err(LocalErrorKind::Field)
        );
        for good in ["a.test", "a.test.", "a_b", "127.0.0.1:1", "[::1]", "[::1]:8080", "a.test:65535"] {
            assert!(get("http://a.test/", TargetForm::Origin, &[("host", good)]).is_ok(), "{good}");
        }
        for bad in
            ["", " ", "a.test/evil", "u@a.test", "a b", "a.test:", "a.test:0", "a.test:65536", "a:b", "a?b", "a#b"]
        {
            assert_eq!(
                get("http://a.test/", TargetForm::Origin, &[("host", bad)]),
                Err(LocalErrorKind::Field),
                "{bad:?}"
            );
        }
        let connect = |host| written("CONNECT", "a.test:443", TargetForm::Authority, &[("host", host)], Framing::None);
        assert!(connect("A.test:443").is_ok());
        assert_eq!(connect("b.test:443"), Err(LocalErrorKind::Field));
    }

    #[test]
    fn a_plain_host_is_one_by_the_long_way_too() {
        use super::{host_and_port, is_plain_host};
        use http::uri::Authority;
        for text in ["a", "a.test", "a_b-c.", "A.Test:8443", "127.0.0.1:1", "a.test:00080", "a:65535"] {
            assert!(is_plain_host(text.as_bytes()), "{text}");
            assert!(Authority::try_from(text).is_ok_and(|authority| host_and_port(&authority).is_some()), "{text}");
        }
        for text in ["", ":1", "a:", "a:0", "a:65536", "a:b", "a b", "a/b", "u@a", "[::1]", "a?", "a:1:2"] {
            assert!(!is_plain_host(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn the_framing_is_the_codecs() {
        let post =
            |fields: &[(&str, &str)], framing| written("POST", "http://a.test/", TargetForm::Origin, fields, framing);
        assert_eq!(
            post(&[], Framing::Length(0)).unwrap(),
            "POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 0\r\n\r\n"
        );
        assert_eq!(
            post(&[("x", "1")], Framing::Chunked).unwrap(),
            "POST / HTTP/1.1\r\nhost: a.test\r\nx: 1\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        for name in ["content-length", "Transfer-Encoding"] {
            assert_eq!(post(&[(name, "5")], Framing::Length(5)), Err(LocalErrorKind::Field));
        }
    }

    #[test]
    fn values_are_trimmed() {
        let head = get("http://a.test/", TargetForm::Origin, &[("x", " \ta b\t "), ("y", "")]).unwrap();
        assert_eq!(head, "GET / HTTP/1.1\r\nhost: a.test\r\nx: a b\r\ny: \r\n\r\n");
    }
}
