//! Every exchange cut at every byte of what its peers write: by the end, a reset and silence, and written in pieces. In
//! memory, in virtual time, with everything that a transport runs: the session, the codec, TLS, proxies, deadlines, retries.

mod exchange;
mod oracle;
mod play;
mod sockets;
mod torture;

use exchange::{Exchange, Way, exchanges, has_trailer};
use play::{Harm, Played, play};
use session_testkit::memory::fault::{Cut, Fault};

const ALL: [Cut; 7] = [Cut::Fin, Cut::LateFin, Cut::Rst, Cut::LateRst, Cut::Stall, Cut::Split, Cut::Bytewise];

/// An exchange as it should be.
fn clean(exchange: &Exchange, way: Way) -> Played {
    let played = play(exchange, way, Harm::Nothing).unwrap_or_else(|what| panic!("{} {way:?}: {what}", exchange.name));
    for outcome in &played.outcomes {
        assert!(outcome.as_ref().is_ok_and(|reply| reply.status < 300), "{} {way:?}: {outcome:?}", exchange.name);
    }
    assert!(played.faults.is_empty(), "{:?}", played.faults);
    played
}

/// Sweeps an exchange: each of `cuts` at each byte that `picks`, of each connection. Gives how many runs that were.
fn sweep(exchange: &Exchange, way: Way, cuts: &[Cut], picks: impl Fn(&Played, usize, u64) -> bool) -> usize {
    let clean = clean(exchange, way);
    let mut runs = 0;
    let mut wrong = Vec::new();
    for (connection, marks) in clean.marks.iter().enumerate() {
        for at in (0..=marks.written).filter(|at| picks(&clean, connection, *at)) {
            for cut in cuts {
                let fault = Fault { connection, at, cut: *cut };
                let judged = play(exchange, way, Harm::Fault(fault))
                    .and_then(|played| oracle::judge(exchange, way, &clean, &played, fault));
                if let Err(what) = judged {
                    wrong.push(format!("{} {way:?} {fault:?}: {what}", exchange.name));
                }
                runs += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {runs} runs:\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
    runs
}

#[test]
fn the_exchanges_are_what_they_are_meant_to_be() {
    let exchanges = exchanges();
    let played: Vec<_> = exchanges.iter().map(|exchange| clean(exchange, Way::Plain)).collect();
    let reply = |exchange: usize| played[exchange].outcomes.last().unwrap().as_ref().unwrap();
    assert!(has_trailer(&reply(1).trailers) && reply(1).body == "0123456789a");
    assert_eq!((reply(3).history.as_slice(), played[3].marks.len()), (&[302, 302][..], 2));
    assert_eq!((reply(4).status, reply(4).body.len()), (201, 100));
    assert_eq!(reply(5).body, "you");
    assert_eq!(reply(6).body.len(), 440);
    assert_eq!((played[7].marks.len(), played[8].marks.len()), (1, 1));
}

#[test]
fn in_clear_text_every_byte_is_a_place_to_end_at() {
    let runs: usize = exchanges().iter().map(|exchange| sweep(exchange, Way::Plain, &ALL, |_, _, _| true)).sum();
    assert!(runs > 9_000, "{runs}");
}

#[test]
fn proxies_in_clear_text_are_no_other() {
    for way in [Way::Forward, Way::Socks] {
        for exchange in exchanges() {
            sweep(&exchange, way, &ALL, |_, _, at| at % 3 == 0 || at < 12);
        }
    }
}

/// Where TLS begins to carry what the origin says, as far as that is known: a signature may be a byte or two longer.
fn is_beyond_handshakes(clean: &Played, connection: usize, at: u64) -> bool {
    clean.marks[connection].handshakes.last().is_some_and(|end| at + 3 > *end)
}

/// Whether it is the turn of the cut of this index: of every so many bytes each meets another.
fn is_turn(at: u64, every: u64, index: usize) -> bool {
    at.is_multiple_of(every) && (at / every) as usize % ALL.len() == index
}

#[test]
fn a_handshake_and_a_tunnel_may_end_at_any_byte() {
    let exchange = &exchanges()[0];
    for way in [Way::Tls, Way::Tunnel, Way::TlsTunnel, Way::SocksTls] {
        // The rest of TLS within TLS is the same once more.
        let every = if way == Way::TlsTunnel { 11 } else { 5 };
        for (index, cut) in ALL.into_iter().enumerate() {
            let own = |at: u64| is_turn(at, every, index);
            sweep(exchange, way, &[cut], |clean, connection, at| {
                own(at) && !is_beyond_handshakes(clean, connection, at)
            });
        }
    }
}

#[test]
fn behind_tls_every_exchange_may_end_at_any_byte() {
    for exchange in exchanges() {
        for (index, cut) in ALL.into_iter().enumerate() {
            let own = |at: u64| is_turn(at, 3, index);
            sweep(&exchange, Way::Tls, &[cut], |clean, connection, at| {
                own(at) && is_beyond_handshakes(clean, connection, at)
            });
        }
    }
}

#[test]
fn behind_a_proxy_and_tls_they_are_no_other() {
    for way in [Way::Tunnel, Way::TlsTunnel, Way::SocksTls] {
        for exchange in exchanges() {
            for (index, cut) in ALL.into_iter().enumerate() {
                let own = |at: u64| is_turn(at, 19, index);
                sweep(&exchange, way, &[cut], |clean, connection, at| {
                    own(at) && is_beyond_handshakes(clean, connection, at)
                });
            }
        }
    }
}
