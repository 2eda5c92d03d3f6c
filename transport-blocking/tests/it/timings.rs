//! How long each stage of a hop took: measured over real sockets, told by the response and its history.

use crate::{LONG, bounded, scripted, server};
use session_testkit::script::answer::{Answer, Deed};
use session_testkit::script::log::Place;
use session_testkit::script::request::Request;
use std::time::{Duration, SystemTime};
use transport_blocking::Session;
use transport_blocking::session_core::time::timings::Stage;

#[test]
fn a_new_connection_is_made_and_a_kept_one_is_not() {
    bounded(|| {
        let server = server(|_| Answer::ok("fine"));
        let session = Session::new();
        let mut first = session.get(server.url("/")).send().unwrap();
        let before = first.timings();
        assert!(before.connect().is_some() && before.send().is_some() && before.wait().is_some());
        assert_eq!((before.queue(), before.tls(), before.body()), (None, None, None));
        assert_eq!(before.end_of(Stage::Head), Some(first.elapsed()));
        while first.chunk().unwrap().is_some() {}
        let after = first.timings();
        assert!(after.body().is_some() && after.ended() >= first.elapsed());
        assert_eq!(after.head(), before.head());

        let second = session.get(server.url("/")).send().unwrap();
        let timings = second.timings();
        assert_eq!((timings.resolve(), timings.connect()), (None, None), "{timings:?}");
        assert!(timings.send().is_some() && timings.wait().is_some() && timings.head().is_some());
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn a_name_is_resolved_and_a_known_address_is_not() {
    bounded(|| {
        let server = server(|_| Answer::ok("fine"));
        let address = crate::address(&server);
        let named = Session::new().get(format!("http://localhost:{}/", address.port())).send().unwrap();
        assert!(named.timings().resolve().is_some());
        let session = Session::builder().resolve("a.test", address).build().unwrap();
        let known = session.get("http://a.test/").send().unwrap();
        assert_eq!(known.timings().resolve(), None);
        assert!(known.timings().connect().is_some());
    });
}

#[test]
fn each_hop_of_a_chain_has_its_own_and_they_stand_on_one_line() {
    bounded(|| {
        let server = server(|request| match request.head.target.as_str() {
            "/a" => Answer::status(302).field("location", "/b"),
            _ => Answer::ok("fine"),
        });
        let began = SystemTime::now();
        let response = Session::new().get(server.url("/a")).send().unwrap();
        let hops = response.history().hops();
        let [first, second] = [0, 1].map(|index| *hops[index].timings());
        assert!(first.connect().is_some() && second.connect().is_none());
        assert!(first.head().is_some() && first.body().is_none());
        assert!(first.ended() <= second.started(), "{first:?} {second:?}");
        assert_eq!(second.end_of(Stage::Head), Some(response.elapsed()));
        assert_eq!(response.timings(), second);
        let (first, second) = (first.wall().unwrap(), second.wall().unwrap());
        assert!(began <= first && first <= second && second <= SystemTime::now());
    });
}

#[test]
fn the_wait_for_an_answer_is_told_apart_from_its_arrival() {
    const PAUSE: Duration = Duration::from_millis(40);
    bounded(|| {
        let server = scripted(|_: &Request, _: &Place| {
            Answer::raw("")
                .then(Deed::Pause(PAUSE))
                .then(Deed::Write("HTTP/1.1 200 OK\r\n".into()))
                .then(Deed::Pause(PAUSE))
                .then(Deed::Write("Content-Length: 4\r\n\r\n".into()))
                .then(Deed::Pause(PAUSE))
                .then(Deed::Write("fine".into()))
        });
        let mut response = Session::new().get(server.url("/")).send().unwrap();
        while response.chunk().unwrap().is_some() {}
        let timings = response.timings();
        for stage in [Stage::Wait, Stage::Head, Stage::Body] {
            let took = timings.took(stage).unwrap();
            // A machine that is busy may make one longer, and so the one after it shorter.
            assert!(took > Duration::ZERO && took < LONG, "{stage}: {took:?}");
        }
        assert!(timings.ended() >= PAUSE * 3, "{timings:?}");
    });
}

#[test]
fn a_hop_that_failed_tells_how_far_it_came_and_when() {
    bounded(|| {
        let mut server = server(|_| Answer::ok("fine"));
        let refused = server.refused_address().unwrap();
        let error = Session::new().get(format!("http://{refused}/")).send().unwrap_err();
        let timings = error.history().hops()[0].timings();
        assert_eq!((timings.connect(), timings.send()), (None, None));
        assert!(timings.ended() > Duration::ZERO && timings.wall().is_some());
    });
}
