//! Timelines as a user of the transports has them: one exchange and many, over sockets and in virtual time.

use http::Method;
use session_core::retry::policy::RetryPolicy;
use session_core::transport::waterfall::{Alignment, Waterfall};
use session_testkit::Script;
use session_testkit::scripted::blocking::Session;
use std::time::Duration;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn lines(waterfall: &Waterfall) -> Vec<String> {
    waterfall.text(120).lines().map(str::to_owned).collect()
}

#[test]
fn a_redirect_over_sockets_is_two_lines_and_two_rows() {
    let script = Script::new()
        .on(Method::GET, "http://a.test/start")
        .redirect(302, "https://b.test/end")
        .on(Method::GET, "https://b.test/end")
        .reply(200)
        .body(vec![b'x'; 100_000]);
    let server = script.serve().unwrap();
    let session = server.point(transport_blocking::Session::builder()).build().unwrap();
    let mut response = session.get("http://a.test/start").send().unwrap();
    response.copy_to(&mut std::io::sink()).unwrap();
    let mut waterfall = Waterfall::new();
    waterfall.add_with(&response, response.timings());

    let told = lines(&waterfall);
    assert!(told[1].contains("1 GET http://a.test/start") && told[1].contains(" 302 "), "{told:#?}");
    assert!(told[2].contains("↪ GET https://b.test/end") && told[2].contains(" 200 "), "{told:#?}");
    let page = waterfall.html("A redirect");
    assert_eq!(page.matches("<summary>").count(), 2);
    for part in ["Connecting", "TLS", "Waiting", "Body", "redirect followed to https://b.test/end"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn requests_that_are_under_way_together_stand_above_each_other() {
    let script = Script::new().any("http://a.test/*").times(2).reply(204).after(Duration::from_millis(30));
    let server = script.serve().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let waterfall = runtime.block_on(async {
        let session = server.point(transport_tokio::Session::builder()).build().unwrap();
        let [one, two] = ["http://a.test/1", "http://a.test/2"].map(|url| tokio::spawn(session.get(url).send()));
        let mut waterfall = Waterfall::new();
        waterfall.add(&one.await.unwrap().unwrap());
        waterfall.add(&two.await.unwrap().unwrap());
        waterfall
    });
    let told = lines(&waterfall);
    assert!(told[1].starts_with("1 GET http://a.test/1") && told[2].starts_with("2 GET http://a.test/2"), "{told:#?}");
    let together = waterfall.aligned(Alignment::Together);
    let start = |line: &str| line.chars().position(|c| "░▒▓▌─█".contains(c));
    let told = lines(&together);
    assert_eq!(start(&told[1]), start(&told[2]), "{told:#?}");
}

#[test]
fn pauses_and_failures_of_virtual_time_are_told_as_they_would_have_been() {
    let script =
        Script::new().any("/busy").reply(503).header("retry-after", "60").any("/busy").reply(200).after(seconds(30));
    let script = script.any("/gone").refuse();
    let session: Session = script.builder().retry(RetryPolicy::new(1)).build().unwrap();
    let mut waterfall = Waterfall::new();
    waterfall.add(&session.get("http://a.test/busy").send().unwrap());
    let error = session.post("http://a.test/gone").retry(RetryPolicy::new(0)).send().unwrap_err();
    waterfall.add_failure(&error);
    let told = lines(&waterfall);
    assert!(told[1].contains(" 503 ") && told[2].contains("↻ GET /busy") && told[2].contains("30.0 s"), "{told:#?}");
    assert!(told[3].contains(" connect ") && told[3].ends_with('╳'), "{told:#?}");
    assert!(waterfall.html("x").contains("title=\"Pause 60.0 s\""));
}
