//! What has to become of an exchange whose peer breaks off at a byte: rows 19 to 26, 98 and 100 to 103 of the fault matrix,
//! read off what the peer had written by then.

use crate::exchange::{CONNECT, DRAIN, Exchange, HEAD, IDLE, Way};
use crate::play::{Outcome, Played};
use session_core::error::{ErrorKind, Phase};
use session_testkit::memory::fault::{Cut, Fault};
use session_testkit::memory::network::Marks;
use std::time::Duration;

/// What an exchange takes at most whose bytes come one by one.
const DRIPPED: Duration = Duration::from_secs(5);

/// Where a cut falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the answer of a proxy.
    Tunnel,
    /// In a TLS handshake.
    Handshake,
    /// In the response of this number on the connection: before a byte of it can be read, within its head, within its body.
    Before(usize),
    Head(usize),
    Body(usize),
    /// After a response, before anything of what comes next: the connection lies idle.
    Idle,
}

/// What has to come of a request.
#[derive(Clone, Debug)]
enum Expected {
    Same,
    /// Its body, as far as it came: nobody can know that it was cut.
    Prefix,
    Failed(&'static [ErrorKind], &'static [Phase]),
}

/// Where on its connection a cut falls.
pub(crate) fn place(clean: &Played, way: Way, marks: &Marks, fault: Fault) -> Place {
    let Fault { connection, at, cut } = fault;
    let over = |end: Option<&u64>| end.is_some_and(|end| at >= *end);
    if way.has_proxy_tls() && !over(marks.handshakes.first()) {
        return Place::Handshake;
    }
    if way.has_tunnel() && (marks.tunnel == 0 || at < marks.tunnel) {
        return Place::Tunnel;
    }
    if way.has_origin_tls() && !over(marks.handshakes.get(usize::from(way.has_proxy_tls()))) {
        return Place::Handshake;
    }
    let came = marks.plaintext_at(at);
    let mut start = 0;
    for (number, written) in clean.written.iter().filter(|it| it.connection == connection).enumerate() {
        let end = start + written.whole;
        // The end of the last record of what was said before: only then nothing was asked yet.
        let is_idle = number > 0 && (marks.is_clear || marks.records.iter().any(|(wire, _)| *wire == at));
        let is_late = matches!(cut, Cut::LateFin | Cut::LateRst | Cut::Stall);
        match came {
            came if came == start && is_idle && !is_late => return Place::Idle,
            came if came == start => return Place::Before(number),
            came if came < start + written.head => return Place::Head(number),
            came if came < end => return Place::Body(number),
            // TLS says that it ends, or the end of the connection is that of the body.
            _ if written.until_end && marks.is_clear && !ends(cut) => return Place::Body(number),
            _ if written.until_end && !marks.is_clear && marks.farewell.is_none_or(|farewell| at < farewell) => {
                return Place::Body(number);
            }
            _ => start = end,
        }
    }
    Place::Idle
}

fn ends(cut: Cut) -> bool {
    matches!(cut, Cut::Fin | Cut::LateFin | Cut::LateRst)
}

/// Compares what became of an exchange to what had to.
pub(crate) fn judge(
    exchange: &Exchange,
    way: Way,
    clean: &Played,
    played: &Played,
    fault: Fault,
) -> Result<(), String> {
    let Some(marks) = played.marks.get(fault.connection) else {
        return Err(format!("there was no connection {}", fault.connection));
    };
    let place = place(clean, way, marks, fault);
    let told = |what: String| Err(format!("{place:?}: {what}"));
    // Which of all requests it was that met the cut: the one whose response it is, or that opened the connection.
    let number = match place {
        Place::Before(number) | Place::Head(number) | Place::Body(number) => Some(number),
        Place::Tunnel | Place::Handshake => Some(0),
        Place::Idle => None,
    };
    let on_it: Vec<_> = (0..clean.written.len()).filter(|i| clean.written[*i].connection == fault.connection).collect();
    let met = number.and_then(|number| on_it.get(number).copied());
    let met_ask = met.map(|met| clean.before.iter().rposition(|before| *before <= met).unwrap_or(0));
    for (ask, (method, ..)) in exchange.asks.iter().enumerate() {
        let mut requests = clean.seen[ask].clone();
        let (mut expected, mut time) = (Expected::Same, Duration::ZERO);
        if let (Some(met), true) = (met, met_ask == Some(ask)) {
            let nth = met - clean.before[ask];
            let is_last = nth + 1 == requests.len();
            (expected, time) =
                of(way, place, fault.cut, method.is_idempotent(), is_last && is_until_end(clean, met), is_last);
            match (&expected, place) {
                (Expected::Same, Place::Before(_)) if !fault.cut.loses_nothing() => {
                    requests.insert(nth, requests[nth].clone());
                }
                (Expected::Failed(..), Place::Tunnel | Place::Handshake) => requests.truncate(nth),
                (Expected::Failed(..), _) => requests.truncate(nth + 1),
                _ => {}
            }
        }
        check(&expected, &clean.outcomes[ask], &played.outcomes[ask]).or_else(told)?;
        // What broke off while its body was being written may have been seen in part, which is not seen.
        let in_part = matches!(place, Place::Before(_)) && met_ask == Some(ask) && !method.is_idempotent();
        let fewer = requests.split_last().is_some_and(|(_, fewer)| in_part && played.seen[ask] == fewer);
        if played.seen[ask] != requests && !fewer {
            return told(format!("expected the requests {requests:?}, the peers saw {:?}", played.seen[ask]));
        }
        let took = played.took[ask];
        if took < time || took > time + DRIPPED {
            return told(format!("expected it to take {time:?}, it took {took:?}"));
        }
    }
    if played.faults.is_empty() { Ok(()) } else { told(format!("the peers complain: {:?}", played.faults)) }
}

fn is_until_end(clean: &Played, met: usize) -> bool {
    clean.written[met].until_end
}

/// What has to come of the request that met the cut, and how long it takes.
fn of(way: Way, place: Place, cut: Cut, may_repeat: bool, until_end: bool, wanted: bool) -> (Expected, Duration) {
    const INCOMPLETE: &[ErrorKind] = &[ErrorKind::Incomplete];
    const TIMEOUT: &[ErrorKind] = &[ErrorKind::Timeout];
    let failed = |kinds, phases| (Expected::Failed(kinds, phases), Duration::ZERO);
    let late = |phases, time| (Expected::Failed(TIMEOUT, phases), time);
    let is_clear = !way.has_origin_tls();
    match (place, cut) {
        (Place::Idle, _) | (_, Cut::Split | Cut::Bytewise) => (Expected::Same, Duration::ZERO),
        (Place::Tunnel, Cut::Stall) => late(&[Phase::Tunnel], CONNECT),
        (Place::Tunnel, _) => failed(INCOMPLETE, &[Phase::Tunnel]),
        (Place::Handshake, Cut::Stall) => late(&[Phase::Tls], CONNECT),
        (Place::Handshake, _) => failed(&[ErrorKind::Tls], &[Phase::Tls]),
        (Place::Before(_) | Place::Head(_), Cut::Stall) => late(&[Phase::Head], HEAD),
        (Place::Before(1..), _) if may_repeat => (Expected::Same, Duration::ZERO),
        // While a body is sent, the end of the connection may be found in writing it.
        (Place::Before(_), _) if !may_repeat => failed(INCOMPLETE, &[Phase::Head, Phase::Send]),
        (Place::Before(_) | Place::Head(_), _) => failed(INCOMPLETE, &[Phase::Head]),
        (Place::Body(_), Cut::Stall) if !wanted => (Expected::Same, DRAIN),
        (Place::Body(_), _) if !wanted => (Expected::Same, Duration::ZERO),
        (Place::Body(_), Cut::Stall) => late(&[Phase::Body], IDLE),
        (Place::Body(_), Cut::Fin | Cut::LateFin) if until_end && is_clear => (Expected::Prefix, Duration::ZERO),
        (Place::Body(_), _) => failed(INCOMPLETE, &[Phase::Body]),
    }
}

fn check(expected: &Expected, clean: &Outcome, played: &Outcome) -> Result<(), String> {
    let is_so = match (expected, clean, played) {
        (Expected::Same, clean, played) => clean == played,
        (Expected::Prefix, Ok(clean), Ok(played)) => {
            clean.status == played.status && clean.headers == played.headers && clean.body.starts_with(&played.body)
        }
        (Expected::Failed(kinds, phases), _, Err((kind, phase))) => kinds.contains(kind) && phases.contains(phase),
        _ => false,
    };
    if is_so { Ok(()) } else { Err(format!("expected {expected:?} of {clean:?}, got {played:?}")) }
}
