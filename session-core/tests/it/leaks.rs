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
use session_core::session::hooks::Hooks;
use session_core::session::step::Hop;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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

    /// A hook that edits every other hop: what it set goes with that hop and no other, and what frames a body stays true.
    #[test]
    fn what_a_hook_sets_goes_with_its_hop_alone(script in script()) {
        let mut session = session(&script);
        let (hops, told_hook) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let number = Arc::clone(&told_hook);
        session.hooks_mut().append(Hooks::new().request(move |sending| {
            let number = number.fetch_add(1, Ordering::Relaxed);
            for name in ["content-length", "transfer-encoding", "trailer"] {
                assert_eq!(sending.insert(name, "1").unwrap_err().kind(), ErrorKind::InvalidHeader);
            }
            if number % 2 == 0 {
                for name in ["authorization", "cookie", "x-api-key", "x-auth-token"] {
                    sending.insert(name, format!("h=s-hook-{number}-"))?;
                }
            }
            Ok(())
        }));
        let mut bound = Bound::of(&script);
        for number in 0..script.exchanges.len() {
            let mut watch = Watch::new(&script, number, bound);
            let run = exchange(&mut session, &script, number, |hop, outcome| {
                let here = hops.fetch_add(1, Ordering::Relaxed);
                let seen = everything(hop);
                let mine = seen.matches(&format!("s-hook-{here}-")).count();
                assert_eq!((mine, seen.matches("s-hook-").count()), if here % 2 == 0 { (4, 4) } else { (0, 0) }, "{seen}");
                assert!(wire(hop).is_ok());
                watch.check(hop);
                watch.learn(hop, outcome);
            });
            let told = told(&run);
            prop_assert!(!told.contains("s-"), "a secret was printed: {}", told);
            bound = watch.after();
        }
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
