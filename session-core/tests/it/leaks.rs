//! Random scripts of requests and answers over several origins, by the rules of each preset: no secret reaches an origin it is not bound to, the same
//! inputs give the same steps, and every reason is true of what was sent.
//!
//! Every secret is a text of its own, so that finding it in a hop tells where it came from. The rules checked here are
//! those of semantics.md "Ours", written down a second time and plainly: not what the session does, but what must hold.

mod reasons;
mod script;
mod watch;

use crate::clock::now;
use crate::driver::{Outcome, Run, connect, everything, play, wire};
use proptest::prelude::*;
use script::{Script, answer, request, script, session};
use session_core::error::ErrorKind;
use session_core::redirect::policy::RedirectPolicy;
use session_core::session::Session;
use session_core::session::step::Hop;
use watch::{Bound, Watch};

/// Runs one exchange of a script.
fn exchange(session: &mut Session, script: &Script, number: usize, mut see: impl FnMut(&Hop, &Outcome)) -> Run {
    let asked = &script.exchanges[number];
    let mut answers = asked.answers.iter();
    play(session, request(asked, number), |hop| {
        let outcome = answers.next().map(|given| answer(hop, given));
        let outcome = outcome.unwrap_or_else(|| Outcome::Answer(crate::driver::answer(200, &[])));
        see(hop, &outcome);
        outcome
    })
}

/// All that a caller gets to see of a run.
fn told(run: &Run) -> String {
    match &run.outcome {
        Ok(delivery) => format!("{delivery:?}{}", delivery.history()),
        Err(error) => format!("{error:?}{error}{}", error.history()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_reaches_an_origin_it_is_not_bound_to(script in script()) {
        let mut session = session(&script);
        let mut bound = Bound::of(&script);
        for number in 0..script.exchanges.len() {
            let mut watch = Watch::new(&script, number, bound);
            let run = exchange(&mut session, &script, number, |hop, outcome| {
                watch.check(hop);
                watch.learn(hop, outcome);
            });
            if let Err(error) = &run.outcome {
                prop_assert!(matches!(error.kind(), ErrorKind::TooManyRedirects | ErrorKind::Incomplete), "{:?}", error);
            }
            let told = told(&run);
            prop_assert!(!told.contains("s-"), "a secret was printed: {}", told);
            bound = watch.after();
        }
        let shown = format!("{session:?}");
        prop_assert!(!shown.contains("s-"), "a secret was printed: {}", shown);
    }

    #[test]
    fn the_same_inputs_give_the_same_steps(script in script()) {
        let log = || {
            let mut session = session(&script);
            let mut log = Vec::new();
            for number in 0..script.exchanges.len() {
                let run = exchange(&mut session, &script, number, |_, _| {});
                for hop in &run.hops {
                    log.push(format!(
                        "{} {} {} {} {:?} {} {:?}",
                        wire(hop).unwrap(), everything(hop), connect(hop), hop.route(), hop.body(), hop.number(), hop.fresh_connection()
                    ));
                }
                log.push(told(&run));
            }
            log
        };
        prop_assert_eq!(log(), log());
    }

    #[test]
    fn a_preview_is_what_is_sent(script in script()) {
        let mut session = session(&script);
        for number in 0..script.exchanges.len() {
            let preview = session.preview(request(&script.exchanges[number], number), now());
            let run = exchange(&mut session, &script, number, |_, _| {});
            let (preview, sent) = (preview.unwrap().head, run.hops[0].head());
            prop_assert_eq!((preview.method(), preview.uri()), (sent.method(), sent.uri()));
            prop_assert_eq!(preview.headers(), sent.headers());
        }
    }

    /// Whoever answers, and however long: a redirect is followed as often as allowed, each of its hops is tried again once
    /// for a stale connection and once for a 421, its challenges are answered once and once more, and the retries are those
    /// of the whole exchange.
    #[test]
    fn every_exchange_ends_within_its_budget(script in script(), redirects in 0..4_u32) {
        const RETRIES: usize = 2;
        let mut session = session(&script);
        let most = (redirects as usize + 1) * 3 * 3 + RETRIES;
        for (number, asked) in script.exchanges.iter().enumerate() {
            let mut request = request(asked, number);
            request.set_redirect(RedirectPolicy::limited(redirects));
            let mut answers = asked.answers.iter().cycle();
            let run = play(&mut session, request, |hop| answer(hop, answers.next().expect("they go on for ever")));
            prop_assert!(run.hops.len() <= most, "{} of {}", run.hops.len(), most);
        }
    }

    #[test]
    fn every_reason_is_true_of_what_was_sent(script in script()) {
        let mut session = session(&script);
        for number in 0..script.exchanges.len() {
            let run = exchange(&mut session, &script, number, |_, _| {});
            reasons::check(&run, number);
        }
    }
}
