//! Every call of the system fails once: a careful client loses nothing by what is harmless, and by anything else no more
//! than the exchange that met it.

use crate::clean;
use crate::exchange::{Exchange, Way, exchanges};
use crate::play::{Harm, Played, play};
use session_core::error::ErrorKind;
use session_testkit::memory::fault::Trouble;
use std::time::Duration;

/// The time that calls which are made again may take.
const SOON: Duration = Duration::from_secs(1);

/// Plays an exchange once for each of its calls and each trouble. Gives how often that was.
fn torture(exchange: &Exchange, way: Way, every: u64) -> usize {
    let clean = clean(exchange, way);
    let mut runs = 0;
    for trouble in Trouble::ALL {
        for call in (0..clean.calls).filter(|call| call % every == 0) {
            let judged = play(exchange, way, Harm::Trouble(call, trouble))
                .and_then(|played| judge(exchange, &clean, &played, trouble));
            if let Err(what) = judged {
                panic!("{} {way:?}, {trouble:?} at the call {call} of {}: {what}", exchange.name, clean.calls);
            }
            runs += 1;
        }
    }
    runs
}

fn judge(exchange: &Exchange, clean: &Played, played: &Played, trouble: Trouble) -> Result<(), String> {
    let mut failed = 0;
    for (ask, (method, ..)) in exchange.asks.iter().enumerate() {
        let (expected, came) = (&clean.seen[ask], &played.seen[ask]);
        match (&clean.outcomes[ask], &played.outcomes[ask]) {
            (clean, played) if clean == played => {}
            (_, Err((ErrorKind::Incomplete | ErrorKind::Io | ErrorKind::Tls | ErrorKind::Connect, _)))
                if !trouble.is_harmless() =>
            {
                failed += 1;
            }
            (clean, played) => return Err(format!("expected {clean:?}, got {played:?}")),
        }
        // A used connection that turned out to be closed is replaced, and what was asked is asked again.
        let may_repeat = method.is_idempotent() && !trouble.is_harmless();
        let twice = usize::from(may_repeat && (ask > 0 || expected.len() > 1));
        let least = if played.outcomes[ask].is_ok() { expected.len() } else { 0 };
        if !(least..=expected.len() + twice).contains(&came.len()) || came.iter().any(|it| !expected.contains(it)) {
            return Err(format!("expected the requests {expected:?}, the peers saw {came:?}"));
        }
        if played.took[ask] > SOON {
            return Err(format!("it took {:?}", played.took[ask]));
        }
    }
    if failed > 1 {
        return Err(format!("{failed} requests failed by one call: {:?}", played.outcomes));
    }
    if played.faults.is_empty() { Ok(()) } else { Err(format!("the peers complain: {:?}", played.faults)) }
}

#[test]
fn in_clear_text_any_call_may_fail() {
    let mut runs = 0;
    for way in [Way::Plain, Way::Forward, Way::Socks] {
        runs += exchanges().iter().map(|exchange| torture(exchange, way, 1)).sum::<usize>();
    }
    assert!(runs > 1500, "{runs}");
}

#[test]
fn behind_tls_any_call_may_fail() {
    for way in [Way::Tls, Way::Tunnel, Way::TlsTunnel, Way::SocksTls] {
        let every = if way == Way::Tls { 1 } else { 4 };
        for exchange in exchanges() {
            assert!(torture(&exchange, way, every) > 12);
        }
    }
}
