//! Sessions over a script that stand already: what is changed while they do holds from the next request on, as in the transports.

use http::header::AUTHORIZATION;
use session_core::auth::credentials::Credential;
use session_core::handle::Access;
use session_core::handle::auth::Auth;
use session_core::handle::hooks::SessionHooks;
use session_core::session::hooks::Hooks;
use session_testkit::Script;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

fn script() -> Script {
    Script::new()
        .any("http://a.test/open")
        .without_header(AUTHORIZATION)
        .reply(200)
        .any("http://a.test/kept")
        .with_header(AUTHORIZATION, "Bearer key")
        .with_header("x-seen", "1")
        .reply(200)
}

/// The same for both kinds of session.
fn change<A: Access>(auth: &Auth<'_, A>, hooks: &SessionHooks<'_, A>) {
    auth.set_for("http://a.test", Credential::bearer("key")).unwrap();
    hooks.add(Hooks::new().request(|sending| Ok(sending.insert("x-seen", "1")?)));
    assert_eq!((auth.origins().len(), hooks.len()), (1, 1));
}

#[test]
fn credentials_and_hooks_of_a_blocking_session_can_be_changed() {
    let script = script();
    let session = script.session();
    session.get("http://a.test/open").send().unwrap();
    change(&session.auth(), &session.hooks());
    session.get("http://a.test/kept").send().unwrap();
    script.verify().unwrap();
}

#[test]
fn credentials_and_hooks_of_an_asynchronous_session_can_be_changed() {
    let script = script();
    let mut done = pin!(async {
        let session = script.async_session();
        session.get("http://a.test/open").send().await.unwrap();
        change(&session.auth(), &session.hooks());
        session.get("http://a.test/kept").send().await.unwrap();
    });
    let finished = (0..100).any(|_| done.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(()));
    assert!(finished, "it took more than 100 polls");
    script.verify().unwrap();
}

#[test]
fn a_request_says_what_it_is_authenticated_by_and_another_that_it_is_not() {
    let challenge = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256";
    let script = Script::new()
        .any("http://a.test/basic")
        .with_header(AUTHORIZATION, "Basic ZGFuOnNlY3JldA==")
        .reply(200)
        .any("http://a.test/digest")
        .without_header(AUTHORIZATION)
        .reply(401)
        .header("www-authenticate", challenge)
        .any("http://a.test/digest")
        .when(|asked| asked.header("authorization").is_some_and(|value| value.starts_with("Digest username=\"eve\"")))
        .reply(200)
        .any("http://a.test/none")
        .without_header(AUTHORIZATION)
        .reply(200);
    let session = script.session();
    session.auth().set_for("http://a.test", Credential::bearer("key")).unwrap();
    session.get("http://a.test/basic").basic_auth("dan", Some("secret")).send().unwrap();
    assert_eq!(session.get("http://a.test/digest").digest_auth("eve", "hunter2").send().unwrap().status(), 200);
    session.get("http://a.test/none").no_auth().send().unwrap();
    script.verify().unwrap();
}
