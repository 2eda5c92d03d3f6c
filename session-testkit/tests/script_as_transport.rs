//! One program, written once, compiled against each transport and against the scripted session that takes its place: both do the
//! same, the one over sockets and the other without.

use http::Method;
use session_testkit::Script;

/// What the program is sent.
fn script() -> Script {
    Script::new()
        .any("http://a.test/film")
        .always()
        .reply(200)
        .header("content-type", "video/x")
        .body("0123456789")
        .any("http://a.test/log")
        .always()
        .reply(200)
        .body("one\ntwo\n")
        .trailer("x-sum", "7")
        .any("http://a.test/cut")
        .always()
        .reply(200)
        .body("0123456789")
        .cut_after(4)
        .on(Method::HEAD, "http://a.test/film")
        .always()
        .reply(200)
        .any("http://a.test/gone")
        .always()
        .reply(410)
        .body("gone")
}

/// What it made of that, to be the same whatever it ran on.
const MADE: &[&str] = &[
    "copied 10 of Some(10): [(0, Some(10)), (10, Some(10))]",
    "copied 8 of None: [(0, None), (8, None)]",
    "copied 7 of Some(7)",
    "read 10",
    "parts 200 video/x 10 bytes, trailers 0",
    "http 200 HTTP/1.1 length 10, url http://a.test/film, 10 bytes",
    "trailers None then 7",
    "cut 4 Incomplete then Incomplete",
    "body timed: true",
    "gone 410 gone",
    "head 0 of Some(0)",
    "form true 200",
    "2 changed, 0 left out, Io, [(1, true), (1, true), (1, false)], shared 1",
];

/// The program. `$wait` is `.await` or nothing, `$read` how a reader is read.
macro_rules! program {
    ($module:ident, $transport:path, [$($wait:tt)*], [$($asynchronous:tt)*], $read_to_end:path) => {
        mod $module {
            use $transport::{Error, Request, RequestBuilder, Response, ResponseBody, Result, Session, SharedJar, multipart::{Form, Part}};
            use http::Version;
            use session_core::error::ErrorKind;
            use std::fmt::Write;
            use std::path::Path;
            use url::Url;

            fn ask<'a>(session: &'a Session, path: &str) -> RequestBuilder<'a> {
                session.get(format!("http://a.test{path}"))
            }

            $($asynchronous)* fn copy(session: &Session, path: &str) -> Result<String> {
                let (mut to, mut told) = (Vec::new(), Vec::new());
                let mut response: Response = ask(session, path).send()$($wait)*?.error_for_status()?;
                let total = response.content_length();
                let copied = response.copy_to_with(&mut to, |done, all| told.push((done, all)))$($wait)*?;
                assert_eq!(usize::try_from(copied), Ok(to.len()));
                let (first, last) = (told[0], told[told.len() - 1]);
                Ok(format!("copied {copied} of {total:?}: {:?}", [first, last]))
            }

            $($asynchronous)* fn copy_rest(session: &Session) -> Result<String> {
                let mut response = ask(session, "/film").send()$($wait)*?;
                let mut start = [0; 3];
                read_exact(&mut response, &mut start)$($wait)*;
                let (mut to, mut told) = (Vec::new(), None);
                let copied = response.copy_to_with(&mut to, |_, all| told = all)$($wait)*?;
                assert_eq!((&start, &to[..]), (b"012", &b"3456789"[..]));
                Ok(format!("copied {copied} of {told:?}"))
            }

            use $read_to_end as readers;
            $($asynchronous)* fn read_exact(response: &mut Response, start: &mut [u8]) {
                readers::exactly(response, start)$($wait)*
            }

            $($asynchronous)* fn parts(session: &Session) -> Result<String> {
                let (info, mut body): (_, ResponseBody) = ask(session, "/film").send()$($wait)*?.into_parts();
                let mut length = 0;
                while let Some(piece) = body.chunk()$($wait)*? {
                    length += piece.len();
                }
                let (kind, trailers) = (info.headers()["content-type"].to_str().unwrap(), body.trailers().unwrap().len());
                Ok(format!("parts {} {kind} {length} bytes, trailers {trailers}", info.status().as_u16()))
            }

            $($asynchronous)* fn into_http(session: &Session) -> Result<String> {
                let request: Request = http::Request::get("http://a.test/film").body(()).unwrap().into();
                let response = http::Response::from(session.execute(request)$($wait)*?);
                assert_eq!(response.version(), Version::HTTP_11);
                let url = response.extensions().get::<Url>().unwrap().clone();
                let (head, body) = response.into_parts();
                let length = head.headers["content-length"].to_str().unwrap().to_owned();
                let bytes = body.bytes()$($wait)*?;
                Ok(format!("http {} {:?} length {length}, url {url}, {} bytes", head.status.as_u16(), head.version, bytes.len()))
            }

            $($asynchronous)* fn trailers(session: &Session) -> Result<String> {
                let mut response = ask(session, "/log").send()$($wait)*?;
                let before = response.trailers().cloned();
                while response.chunk()$($wait)*?.is_some() {}
                let sum = response.trailers().unwrap()["x-sum"].to_str().unwrap().to_owned();
                Ok(format!("trailers {before:?} then {sum}"))
            }

            $($asynchronous)* fn cut(session: &Session) -> Result<String> {
                let mut response = ask(session, "/cut").send()$($wait)*?;
                let came = response.chunk()$($wait)*?.unwrap().len();
                let error: Error = response.chunk()$($wait)*.unwrap_err();
                let again = response.chunk()$($wait)*.unwrap_err();
                assert_eq!(error.url().map(Url::as_str), Some("http://a.test/cut"));
                Ok(format!("cut {came} {:?} then {:?}", error.kind(), again.kind()))
            }

            $($asynchronous)* fn refused(session: &Session) -> Result<String> {
                let refused = ask(session, "/gone").send()$($wait)*?.error_for_status().unwrap_err();
                assert_eq!((refused.kind(), refused.status().unwrap().as_u16()), (ErrorKind::Status, 410));
                Ok(format!("gone 410 {}", refused.into_response().unwrap().text()$($wait)*?))
            }

            $($asynchronous)* fn form(session: &Session) -> Result<String> {
                let form = Form::new().text("name", "Ada").part("text", Part::text("x").file_name("x.txt"));
                let again = ask(session, "/film").multipart(form).try_clone().is_some();
                let form = Form::new().part("a", Part::bytes(vec![1, 2, 3]));
                let response = session.post("http://a.test/film").multipart(form).send()$($wait)*?;
                Ok(format!("form {again} {}", response.status().as_u16()))
            }

            $($asynchronous)* fn head(session: &Session) -> Result<String> {
                let (mut to, mut told) = (Vec::new(), None);
                let mut response = session.head("http://a.test/film").send()$($wait)*?;
                let copied = response.copy_to_with(&mut to, |_, all| told = all)$($wait)*?;
                Ok(format!("head {copied} of {told:?}"))
            }

            /// What a session knows: told, kept in files, taken from there, shared.
            $($asynchronous)* fn known(session: &Session, folder: &Path) -> Result<String> {
                let earlier = session.snapshot();
                session.cookies().set("http://a.test/", "lang", "de")?;
                session.headers_mut().set("x-app", "demo")?;
                let changed = session.diff(&earlier).len();

                let (whole, cookies) = (folder.join("session.json"), folder.join("cookies.txt"));
                session.save(&whole)$($wait)*?;
                let left_out = session.save_cookies(&cookies)$($wait)*?.len();
                let named = session.save_named(folder, "a.test:8080", "work")$($wait)*?;
                assert!(named.ends_with("a.test_8080/work.json"), "{named:?}");
                let missing = session.load_cookies(folder.join("none"))$($wait)*.unwrap_err().kind();

                let loaded = Session::builder().load(&whole).build()?;
                let by_name = Session::builder().load_named(folder, "a.test:8080", "work").build()?;
                let other = Session::new();
                other.load_cookies(&cookies)$($wait)*?;
                let told = [&loaded, &by_name, &other].map(|session| (session.cookies().len(), session.headers().get("x-app").is_some()));

                let jar = SharedJar::default();
                loaded.share_cookies(&jar);
                other.share_cookies(&jar);
                loaded.cookies().set("http://a.test/", "shared", "1")?;
                other.close();
                other.close_expired();
                assert!(other.is_closed() && other.idle_connections() == 0 && !loaded.is_closed());
                Ok(format!("{changed} changed, {left_out} left out, {missing:?}, {told:?}, shared {}", other.cookies().len()))
            }

            /// All of it, and what it made of each part.
            pub(super) $($asynchronous)* fn run(session: &Session) -> Result<String> {
                let mut made = String::new();
                let folder = tempfile::tempdir().unwrap();
                writeln!(made, "{}", copy(session, "/film")$($wait)*?).unwrap();
                writeln!(made, "{}", copy(session, "/log")$($wait)*?).unwrap();
                writeln!(made, "{}", copy_rest(session)$($wait)*?).unwrap();
                let mut response = ask(session, "/film").send()$($wait)*?;
                writeln!(made, "read {}", readers::all(&mut response)$($wait)*.unwrap()).unwrap();
                let is_timed = response.timings().body().is_some();
                writeln!(made, "{}", parts(session)$($wait)*?).unwrap();
                writeln!(made, "{}", into_http(session)$($wait)*?).unwrap();
                writeln!(made, "{}", trailers(session)$($wait)*?).unwrap();
                writeln!(made, "{}", cut(session)$($wait)*?).unwrap();
                writeln!(made, "body timed: {is_timed}").unwrap();
                writeln!(made, "{}", refused(session)$($wait)*?).unwrap();
                writeln!(made, "{}", head(session)$($wait)*?).unwrap();
                writeln!(made, "{}", form(session)$($wait)*?).unwrap();
                writeln!(made, "{}", known(session, folder.path())$($wait)*?).unwrap();
                Ok(made)
            }
        }
    };
}

/// Reading by each family's trait. Whatever reads is handed on by it, so a program's own adapters do as well.
mod std_io {
    use std::io::{self, Read};

    pub(super) fn exactly(reader: &mut impl Read, start: &mut [u8]) {
        reader.read_exact(start).unwrap();
    }

    pub(super) fn all(reader: &mut impl Read) -> io::Result<usize> {
        reader.read_to_end(&mut Vec::new())
    }
}

mod tokio_io {
    use std::io;
    use tokio::io::{AsyncRead, AsyncReadExt};

    pub(super) async fn exactly(reader: &mut (impl AsyncRead + Unpin), start: &mut [u8]) {
        reader.read_exact(start).await.unwrap();
    }

    pub(super) async fn all(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
        reader.read_to_end(&mut Vec::new()).await
    }
}

mod futures_io {
    use async_std::io::{Read, ReadExt};
    use std::io;

    pub(super) async fn exactly(reader: &mut (impl Read + Unpin), start: &mut [u8]) {
        reader.read_exact(start).await.unwrap();
    }

    pub(super) async fn all(reader: &mut (impl Read + Unpin)) -> io::Result<usize> {
        reader.read_to_end(&mut Vec::new()).await
    }
}

program!(blocking, transport_blocking, [], [], super::std_io);
program!(blocking_scripted, session_testkit::scripted::blocking, [], [], super::std_io);
program!(tokio_transport, transport_tokio, [.await], [async], super::tokio_io);
program!(tokio_scripted, session_testkit::scripted::tokio, [.await], [async], super::tokio_io);
program!(async_std_transport, transport_async_std, [.await], [async], super::futures_io);
program!(async_std_scripted, session_testkit::scripted::asynchronous, [.await], [async], super::futures_io);

fn check(made: &str) {
    assert_eq!(made.lines().collect::<Vec<_>>(), MADE);
}

#[test]
fn a_program_on_the_blocking_transport_runs_on_a_script() {
    let (script, served) = (script(), script());
    let server = served.serve().unwrap();
    check(&blocking::run(&server.point(transport_blocking::Session::builder()).build().unwrap()).unwrap());
    check(&blocking_scripted::run(&script.session()).unwrap());
}

#[test]
fn a_program_on_tokio_runs_on_a_script() {
    let (script, served) = (script(), script());
    let server = served.serve().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let session = server.point(transport_tokio::Session::builder()).build().unwrap();
        check(&tokio_transport::run(&session).await.unwrap());
        check(&tokio_scripted::run(&script.tokio_session()).await.unwrap());
    });
}

#[test]
fn a_program_on_async_std_runs_on_a_script() {
    let (script, served) = (script(), script());
    let server = served.serve().unwrap();
    async_std::task::block_on(async {
        let session = server.point(transport_async_std::Session::builder()).build().unwrap();
        check(&async_std_transport::run(&session).await.unwrap());
        check(&async_std_scripted::run(&script.async_session()).await.unwrap());
    });
}
