//! A short soak of each transport. Descriptors and threads are those of the whole process: it is one test.

use session_testkit::hostile::async_std::{AsyncStd, On, Smol};
use session_testkit::hostile::blocking::Blocking;
use session_testkit::hostile::tokio::Tokio;
use session_testkit::soak::run::run;
use session_testkit::watchdog::bounded;

const REQUESTS: usize = 2000;

#[test]
fn no_request_is_lost_or_doubled_and_nothing_is_left_open() {
    bounded(|| {
        let runs = [run::<Blocking>, run::<Tokio>, run::<On<AsyncStd>>, run::<On<Smol>>];
        for told in runs.map(|run| run(REQUESTS)) {
            let told = told.unwrap_or_else(|what| panic!("{what}"));
            assert_eq!(told.answered + told.failed, REQUESTS, "{told}");
            assert!(told.ended > REQUESTS / 10 && told.repeated > 0, "{told}");
        }
    });
}
