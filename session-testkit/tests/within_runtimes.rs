//! A blocking session used where futures run: it holds up its thread, as everything does that blocks, and neither panics nor
//! hangs. Here and not beside the transport, whose own tests have no runtime.

use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use session_testkit::watchdog::bounded;
use transport_blocking::Session;

/// What a session does: requests, an upload, a name looked up, and its end.
fn use_it(server: &Server) {
    let session = Session::new();
    assert_eq!(session.get(server.url("/")).send().unwrap().text().unwrap(), "fine");
    let response = session.post(server.url("/")).body("x".repeat(100_000)).send().unwrap();
    assert_eq!(response.text().unwrap(), "fine");
    assert_eq!(session.idle_connections(), 1);
    // One response is dropped unread, and the session with a connection that lies idle.
    drop(session.get(server.url("/")).send().unwrap());
    // By name: the system is asked on another thread.
    let url = server.url("/").replace("127.0.0.1", "localhost");
    assert_eq!(session.get(url).send().unwrap().text().unwrap(), "fine");
}

fn server() -> Server {
    Server::answering(|_| Answer::ok("fine")).unwrap()
}

#[test]
fn on_tokio_it_works_in_block_on_in_a_worker_and_on_a_thread_that_may_block() {
    bounded(|| {
        let server = std::sync::Arc::new(server());
        let current = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let several = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        for runtime in [current, several] {
            runtime.block_on(async {
                use_it(&server);
                let (worker, blocking) = (server.clone(), server.clone());
                tokio::spawn(async move { use_it(&worker) }).await.unwrap();
                tokio::task::spawn_blocking(move || use_it(&blocking)).await.unwrap();
            });
        }
        assert!(server.requests().len() >= 6 * 3);
    });
}

#[test]
fn on_async_std_and_smol_it_works_in_block_on_and_in_a_task() {
    bounded(|| {
        let server = std::sync::Arc::new(server());
        async_std::task::block_on(async {
            use_it(&server);
            let task = server.clone();
            async_std::task::spawn(async move { use_it(&task) }).await;
        });
        smol::block_on(async {
            use_it(&server);
            let (task, blocking) = (server.clone(), server.clone());
            smol::spawn(async move { use_it(&task) }).await;
            smol::unblock(move || use_it(&blocking)).await;
        });
        assert!(server.requests().len() >= 5 * 3);
    });
}

#[test]
fn one_that_was_made_elsewhere_may_end_among_futures_and_the_other_way() {
    bounded(|| {
        let server = server();
        let made = || {
            let session = Session::new();
            assert_eq!(session.get(server.url("/")).send().unwrap().text().unwrap(), "fine");
            let response = session.get(server.url("/")).send().unwrap();
            (session, response)
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let outside = made();
        let inside = runtime.block_on(async move {
            drop(outside);
            made()
        });
        drop(inside);
        let outside = made();
        drop(async_std::task::block_on(async {
            drop(outside);
            made()
        }));
        let outside = made();
        drop(smol::block_on(async {
            drop(outside);
            made()
        }));
        assert!(server.wait_for(std::time::Duration::from_secs(20), |log| log.ended == log.connections));
    });
}
