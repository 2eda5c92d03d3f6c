//! The cookies in a file: what comes back, who may read it, and that a save that fails leaves what was there.

use crate::bounded;
use session_core::cookies::load::LoadProblem;
use session_core::error::{ErrorKind, Fault, Phase};
use session_core::limits::Limits;
use session_core::message::target::Target;
use std::fs;
use std::path::Path;
use std::time::SystemTime;
use transport_async_std::Session;

/// A session that was given these Set-Cookie lines by `https://a.test/x/`.
fn holding(lines: &[&str]) -> Session {
    let session = Session::new();
    let target = Target::new("https://a.test/x/".parse().unwrap()).unwrap().0;
    for line in lines {
        session.cookies().edit(|jar| {
            let decision = jar.accept(&target, line.as_bytes(), SystemTime::now());
            assert_eq!(decision.rejection(), None, "{line}");
        });
    }
    session
}

/// All that a Netscape file can hold of each cookie.
fn held(session: &Session) -> Vec<String> {
    let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let cookies = session.cookies().to_vec();
    let all = cookies.iter().map(|cookie| {
        let flags = [cookie.is_secure(), cookie.is_http_only(), cookie.is_host_only()];
        let (name, value, expires) = (cookie.name(), cookie.value(), cookie.expires().map(seconds));
        format!("{name:?} {value:?} {} {} {flags:?} {expires:?}", cookie.domain(), cookie.path())
    });
    all.collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn what_is_saved_is_loaded_again() {
    bounded(|| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.txt");
        let session = holding(&[
            "sid=1; Secure; HttpOnly",
            "lang=de; Max-Age=3600; Domain=a.test; Path=/",
            "nameless",
            "empty=",
            "spaced=a b\"c\u{e4}\"; Path=/y",
        ]);
        assert_eq!(session.save_cookies(&path).await.unwrap(), []);
        let other = Session::new();
        assert_eq!(other.load_cookies(&path).await.unwrap(), []);
        assert_eq!(held(&other), held(&session));
        assert_eq!(held(&other).len(), 5);
        assert_eq!(names(folder.path()), ["cookies.txt"]);
    });
}

#[test]
fn a_file_is_taken_beside_what_is_held_and_wins() {
    bounded(|| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.txt");
        holding(&["a=file; Path=/"]).save_cookies(&path).await.unwrap();
        let session = holding(&["a=held; Path=/", "b=held; Path=/"]);
        assert_eq!(session.load_cookies(&path).await.unwrap(), []);
        let found = session.cookies().to_map();
        assert_eq!((found.len(), found["a"].as_str(), found["b"].as_str()), (2, "file", "held"));
    });
}

#[test]
fn what_the_format_cannot_hold_is_told() {
    bounded(|| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.txt");
        let left_out = holding(&["tab=a\tb", "fine=1"]).save_cookies(&path).await.unwrap();
        assert_eq!(left_out.iter().map(|id| id.name()).collect::<Vec<_>>(), [b"tab"]);
        let other = Session::new();
        assert_eq!(other.load_cookies(&path).await.unwrap(), []);
        assert_eq!(other.cookies().to_map().into_keys().collect::<Vec<_>>(), ["fine"]);
    });
}

#[test]
fn a_closed_session_can_still_be_saved() {
    bounded(|| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.txt");
        let session = holding(&["sid=1"]);
        session.close();
        session.save_cookies(&path).await.unwrap();
        assert!(fs::read_to_string(&path).unwrap().ends_with("sid\t1\n"));
    });
}

#[test]
#[cfg(unix)]
fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    bounded(|| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.txt");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        holding(&["sid=1"]).save_cookies(&path).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    });
}

#[test]
fn a_folder_that_is_missing_is_an_error_that_names_the_file() {
    bounded(|| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing").join("cookies.txt");
        let error = holding(&["sid=hunter2"]).save_cookies(&path).await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Io, Phase::Build));
        assert!(error.to_string().contains(&format!("{path:?} could not be saved")), "{error}");
        assert!(!format!("{error}{error:?}").contains("hunter2"));
        assert!(names(folder.path()).is_empty());
    });
}

#[test]
fn a_save_that_fails_leaves_what_was_there_and_nothing_else() {
    bounded(|| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.txt");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("kept"), "whole").unwrap();
        let error = holding(&["sid=1"]).save_cookies(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().contains(&format!("{path:?} could not be replaced")), "{error}");
        assert_eq!(names(folder.path()), ["cookies.txt"]);
        assert_eq!(fs::read_to_string(path.join("kept")).unwrap(), "whole");
    });
}

#[test]
fn a_line_that_makes_no_cookie_is_told_with_its_number() {
    bounded(|| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.txt");
        let text = "# a comment\na.test\tFALSE\t/\tFALSE\t0\ta\t1\nno cookie\n\n\
                    a.test\tMAYBE\t/\tFALSE\t0\tb\t2\na.test\tFALSE\t/\tFALSE\t1\tc\t3\n";
        fs::write(&path, text).unwrap();
        let session = Session::new();
        let warnings = session.load_cookies(&path).await.unwrap();
        let told: Vec<_> = warnings.iter().map(|warning| (warning.line, warning.problem)).collect();
        assert_eq!(told, [(3, LoadProblem::Fields { found: 1 }), (5, LoadProblem::Flag), (6, LoadProblem::Expired)]);
        assert_eq!(session.cookies().to_map().into_keys().collect::<Vec<_>>(), ["a"]);
    });
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_that_names_it() {
    bounded(|| async {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("missing.txt"), folder.path().to_owned()] {
            let session = holding(&["kept=1"]);
            let error = session.load_cookies(&path).await.unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Io, Phase::Build));
            assert!(error.to_string().contains(&format!("{path:?} could not be read")), "{error}");
            assert_eq!(session.cookies().len(), 1);
        }
    });
}

#[test]
fn a_file_is_read_up_to_its_limit() {
    bounded(|| async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.txt");
        let mut limits = Limits::default();
        (limits.cookies_total, limits.cookie_bytes, limits.cookie_attribute_bytes) = (1, 10, 13);
        // Two lines of 10 for name and value, twice 13 for domain and path, and 64 for the rest.
        for (length, fits) in [(200, true), (201, false)] {
            let session = Session::builder().limits(limits.clone()).build().unwrap();
            let line = "a.test\tFALSE\t/\tFALSE\t0\ta\t1\n";
            fs::write(&path, format!("{line}{}", "#".repeat(length - line.len()))).unwrap();
            match session.load_cookies(&path).await {
                Ok(warnings) => assert_eq!((warnings.len(), fits), (0, true)),
                Err(error) => {
                    assert_eq!((error.kind(), error.fault(), fits), (ErrorKind::Limit, Fault::Caller, false));
                    assert!(error.to_string().contains("at most 200 bytes"), "{error}");
                }
            }
            assert_eq!(session.cookies().len(), usize::from(fits));
        }
    });
}
