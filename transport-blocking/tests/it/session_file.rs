//! Whole sessions in files: by a path, and by a host and a name as HTTPie keeps them.

use crate::{address, bounded, fetch, server};
use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use std::fs;
use transport_blocking::session_core::auth::credentials::Credential;
use transport_blocking::session_core::error::ErrorKind;
use transport_blocking::session_core::limits::Limits;
use transport_blocking::{Session, SessionBuilder};

/// A server that lets in at `/login`, and tells elsewhere what it was sent.
fn site() -> Server {
    server(|request| match request.head.target.as_str() {
        "/login" => Answer::ok("in").field("set-cookie", "sid=s3cret; Path=/; HttpOnly"),
        _ => {
            let told =
                ["cookie", "authorization", "x-app"].map(|name| request.head.text(name).unwrap_or("-").to_owned());
            Answer::ok(told.join(" "))
        }
    })
}

fn settings(server: &Server) -> SessionBuilder {
    Session::builder().resolve("a.test", address(server)).base_url("http://a.test")
}

#[test]
fn a_session_that_was_saved_goes_on_in_another_process() {
    bounded(|| {
        let (server, folder) = (site(), tempfile::tempdir().unwrap());
        let path = folder.path().join("session.json");
        let session = settings(&server).default_header("x-app", "demo").build().unwrap();
        session.auth().set_for("http://a.test", Credential::bearer("t0k3n")).unwrap();
        fetch(&session, "/login").unwrap();
        session.close();
        session.save(&path).unwrap();

        let later = settings(&server).load(&path).build().unwrap();
        assert_eq!(fetch(&later, "/").unwrap(), "sid=s3cret Bearer t0k3n demo", "also where it was closed before");
        later.save(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
    });
}

#[test]
fn a_named_session_begins_empty_and_each_host_has_its_own() {
    bounded(|| {
        let (server, folder) = (site(), tempfile::tempdir().unwrap());
        let folder = folder.path().join("sessions");
        let named = |host: &str| settings(&server).load_named(&folder, host, "work").build().unwrap();
        let session = named("a.test");
        assert_eq!(fetch(&session, "/").unwrap(), "- - -");
        fetch(&session, "/login").unwrap();
        let path = session.save_named(&folder, "A.test", "work").unwrap();
        assert_eq!(path, folder.join("a.test").join("work.json"));
        assert_eq!(fetch(&named("http://a.test"), "/").unwrap(), "sid=s3cret - -");
        assert_eq!(fetch(&named("b.test"), "/").unwrap(), "- - -");

        let error = session.save_named(&folder, "a.test", "../work").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSetting);
        let error = Session::builder().load_named(&folder, "a/b", "..").build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSetting);
    });
}

#[cfg(unix)]
#[test]
fn files_and_folders_are_for_their_owner_alone() {
    bounded(|| {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = tempfile::tempdir().unwrap();
        let open = folder.path().join("open.json");
        fs::write(&open, "{}").unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
        Session::new().save(&open).unwrap();
        assert_eq!(mode(&open), 0o600);
        let path = Session::new().save_named(folder.path().join("new"), "a.test", "work").unwrap();
        assert_eq!(
            (mode(&path), mode(path.parent().unwrap()), mode(&folder.path().join("new"))),
            (0o600, 0o700, 0o700)
        );
    });
}

#[test]
fn what_is_no_session_file_is_refused_and_no_secret_of_it_is_told() {
    bounded(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        let load = || Session::builder().load(&path).build().unwrap_err();
        assert_eq!(load().kind(), ErrorKind::Io, "it is not there");
        for (text, expected) in [
            ("{\"version\":2,\"session_state\":\"s3cret\"}", "version 1"),
            ("{\"version\":1,\"session_state\":\"s3cret\"}", "whole"),
            ("s3cret", "whole"),
            ("", "whole"),
        ] {
            fs::write(&path, text).unwrap();
            let error = load();
            let told = format!("{error}{error:?}");
            assert_eq!(error.kind(), ErrorKind::InvalidSetting, "{told}");
            assert!(told.contains(expected) && told.contains("session.json") && !told.contains("s3cret"), "{told}");
        }
        let error = Session::new().save(folder.path().join("absent").join("x.json")).unwrap_err();
        assert!(error.kind() == ErrorKind::Io && error.to_string().contains("x.json"), "{error}");
    });
}

#[test]
fn a_file_may_be_as_long_as_the_limit_and_no_longer() {
    bounded(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        Session::new().save(&path).unwrap();
        let length = fs::metadata(&path).unwrap().len();
        let load = |session_file: u64| {
            let mut limits = Limits::default();
            limits.session_file = session_file;
            Session::builder().load(&path).limits(limits).build()
        };
        assert!(load(length).is_ok());
        let error = load(length - 1).unwrap_err();
        assert!(error.kind() == ErrorKind::Limit && format!("{error:?}").contains("session_file"), "{error:?}");
    });
}

/// A save that fails leaves what was there.
#[test]
fn a_save_that_fails_leaves_the_file_as_it_was() {
    bounded(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.json");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("kept"), "kept").unwrap();
        assert_eq!(Session::new().save(&path).unwrap_err().kind(), ErrorKind::Io);
        assert_eq!(fs::read_to_string(path.join("kept")).unwrap(), "kept");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    });
}
