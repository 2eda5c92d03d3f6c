//! The environment of a process, read where a session is told to: in a process of its own, which is this test once more.

use crate::{bounded, server};
use session_testkit::script::answer::Answer;
use std::path::Path;
use std::process::Command;
use transport_tokio::Session;
use transport_tokio::session_core::error::ErrorKind;
use transport_tokio::session_core::session::environment::TrustEnv;

/// Which part the process plays; none in the one that the tests begin in.
const PART: &str = "SESSION_TEST_PART";

/// Runs one of the tests below again, in a process with these variables alone, as the child.
fn again(test: &str, variables: &[(&str, &str)]) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("environment::{test}"), "--nocapture"])
        .env_clear()
        .env(PART, "child")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stdout).into_owned() + &String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && told.contains("1 passed"), "{told}");
}

fn is_child() -> bool {
    std::env::var_os(PART).is_some()
}

fn write(path: &Path, text: &str, mode: u32) -> String {
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    path.to_str().unwrap().to_owned()
}

#[test]
fn proxy_and_netrc_of_the_process_are_used_where_they_are_trusted() {
    if is_child() {
        return bounded(|| async {
            let session = Session::builder().trust_env(TrustEnv::nothing().proxies().netrc()).build().unwrap();
            assert_eq!(session.get("http://a.test/x").send().await.unwrap().text().await.unwrap(), "proxied");
            let careful = Session::builder().resolve("a.test", ([127, 0, 0, 1], 1).into()).build().unwrap();
            assert_eq!(careful.get("http://a.test/x").send().await.unwrap_err().kind(), ErrorKind::Connect);
        });
    }
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join(".netrc"), "machine a.test login ann password pw", 0o600);
    let server = server(|request| {
        let (target, credential) = (request.head.target.as_str(), request.head.text("authorization"));
        match (target, credential) {
            ("http://a.test/x", Some("Basic YW5uOnB3")) => Answer::ok("proxied"),
            _ => Answer::status(400),
        }
    });
    let home = folder.path().to_str().unwrap();
    again(
        "proxy_and_netrc_of_the_process_are_used_where_they_are_trusted",
        &[("http_proxy", &server.url("/")), ("HOME", home)],
    );
    assert!(!server.requests().is_empty());
}

#[test]
fn a_file_that_cannot_be_had_is_an_error_that_names_it() {
    if is_child() {
        let error = Session::builder().trust_env(TrustEnv::all()).build().unwrap_err();
        let expected = if std::env::var_os("HOME").is_some() { ErrorKind::InvalidSetting } else { ErrorKind::Io };
        assert_eq!(error.kind(), expected, "{error}");
        assert!(error.to_string().contains("netrc") || error.to_string().contains("roots.pem"), "{error}");
        return;
    }
    let test = "a_file_that_cannot_be_had_is_an_error_that_names_it";
    let folder = tempfile::tempdir().unwrap();
    let absent = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    again(test, &[("NETRC", &absent("netrc"))]);
    again(test, &[("SSL_CERT_FILE", &absent("roots.pem"))]);
    if cfg!(unix) {
        write(&folder.path().join(".netrc"), "machine a.test login ann password pw", 0o644);
        again(test, &[("HOME", folder.path().to_str().unwrap())]);
    }
}

#[cfg(feature = "tls")]
#[test]
fn roots_of_the_process_are_trusted_where_that_is_asked_for() {
    use session_testkit::ca::TestCa;
    use session_testkit::tls::{ClientCertificate, TlsServer, server_config};
    if is_child() {
        return bounded(|| async {
            let url = std::env::var("SESSION_TEST_URL").unwrap();
            let trusting = Session::builder().trust_env(TrustEnv::nothing().certificates()).build().unwrap();
            assert_eq!(trusting.get(url.as_str()).send().await.unwrap().text().await.unwrap(), "ok");
            assert_eq!(Session::new().get(url.as_str()).send().await.unwrap_err().kind(), ErrorKind::Tls);
        });
    }
    let ca = TestCa::new();
    let server = TlsServer::start(server_config(&ca.issue(&["localhost"]), ClientCertificate::None, &[]), |peer| {
        peer.answer_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    });
    let folder = tempfile::tempdir().unwrap();
    let roots = write(&folder.path().join("roots.pem"), &ca.pem(), 0o644);
    let url = format!("https://localhost:{}/", server.address().port());
    again(
        "roots_of_the_process_are_trusted_where_that_is_asked_for",
        &[("SSL_CERT_FILE", &roots), ("SESSION_TEST_URL", &url)],
    );
}
