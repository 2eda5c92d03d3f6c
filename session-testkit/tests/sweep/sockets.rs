//! A part of the sweep over real sockets, on each transport: what the system makes of an end and a reset may be told a
//! little otherwise, and is never taken for a whole response.

use crate::clean;
use crate::exchange::{Exchange, Peers, Way, authority, exchanges};
use crate::oracle::{Place, place};
use crate::play::Played;
use session_core::error::{ErrorKind, Phase};
use session_core::message::proxy::ProxyServer;
use session_core::proxy::select::ProxyConfig;
use session_core::session::builder::SessionBuilder;
use session_core::tls::settings::Certificate;
use session_testkit::hostile::async_std::{AsyncStd, On, Smol};
use session_testkit::hostile::blocking::Blocking;
use session_testkit::hostile::client::{Ask, Client, Failed, Reply};
use session_testkit::hostile::cutting::Cutting;
use session_testkit::hostile::tokio::Tokio;
use session_testkit::memory::fault::{Cut, Fault};
use session_testkit::script::endpoint::Endpoint;
use session_testkit::script::log::Place as SeenAt;
use session_testkit::script::request::Request;
use session_testkit::watchdog::bounded;
use std::time::{Duration, Instant};

/// The bounds of a session, which no request comes near to, and what none takes at all.
const BOUND: Duration = Duration::from_secs(10);
const LONG: Duration = Duration::from_secs(20);

/// Sweeps an exchange over a transport: `cuts` in turn, at every byte of this distance. Gives how many runs that were.
fn sweep<C: Client>(
    client: &C,
    exchange: &Exchange,
    way: Way,
    cuts: &[Cut],
    every: usize,
    stall: Option<Duration>,
) -> usize {
    let clean = clean(exchange, way);
    let mut runs = 0;
    for at in (0..=clean.marks[0].written).step_by(every) {
        let fault = Fault { connection: 0, at, cut: cuts[runs % cuts.len()] };
        if let Err(what) = play(client, exchange, way, &clean, fault, stall) {
            panic!("{}, {way:?}, on {}, {fault:?}: {what}", exchange.name, C::NAME);
        }
        runs += 1;
    }
    runs
}

fn play<C: Client>(
    client: &C,
    exchange: &Exchange,
    way: Way,
    clean: &Played,
    fault: Fault,
    within: Option<Duration>,
) -> Result<(), String> {
    let peers = Peers::default();
    let answer = move |request: &Request, place: &SeenAt| peers.answer(request, place);
    let endpoint = match way.proxy() {
        Some(proxy) => Endpoint::proxy(proxy),
        None => Endpoint::origin(&format!("{}://a.test", way.scheme())),
    };
    let server = Cutting::start(endpoint.unwrap(), answer, authority(), Some(fault)).map_err(|it| it.to_string())?;
    let mut builder = SessionBuilder::<C::Session>::new().resolve("a.test", server.address());
    builder = builder.connect_timeout(BOUND).head_timeout(BOUND).read_timeout(BOUND);
    if let Some(proxy) = way.proxy() {
        let proxies = ProxyConfig::new().all(ProxyServer::parse(proxy).unwrap());
        builder = builder.resolve("proxy.test", server.address()).proxy(proxies);
    }
    if way.scheme() == "https" {
        builder = builder.tls_certs_only([Certificate::der(authority().ca().certificate_der())]);
    }
    let session = builder.build().map_err(|error| error.to_string())?;
    let mut results = Vec::new();
    for (method, path, body) in &exchange.asks {
        let mut ask = Ask::new(method.clone(), format!("{}://a.test{path}", way.scheme())).without_credential();
        if let Some(body) = body {
            ask.content = session_testkit::hostile::client::Content::Bytes(body.clone());
        }
        if let Some(within) = within {
            ask = ask.within(within);
        }
        let started = Instant::now();
        results.push(client.ask(&session, ask));
        if started.elapsed() > LONG {
            return Err(format!("it took {:?}", started.elapsed()));
        }
    }
    let (seen, marks) = (server.log(), server.marks());
    server.heal();
    let after = client.ask(&session, Ask::get(format!("{}://a.test/after", way.scheme())));
    if !after.as_ref().is_ok_and(|reply| reply.status == 200 && reply.body == b"fine") {
        return Err(format!("the next request: {after:?}"));
    }
    let Some(marks) = marks.first() else {
        // The time was up before the server had taken the connection.
        return if fault.cut == Cut::Stall { Ok(()) } else { Err("nobody connected".to_owned()) };
    };
    let place = place(clean, way, marks, fault);
    judge(exchange, clean, &results, place, fault.cut)?;
    let requests = seen.requests.iter().filter(|it| it.request.head.method != "CONNECT");
    let posts = requests.clone().filter(|it| it.request.head.method == "POST").count();
    let asked = exchange.asks.len();
    let most = if posts > 0 || asked == 1 { asked } else { asked + 1 };
    if requests.clone().count() > most {
        return Err(format!("{} requests were seen", requests.count()));
    }
    if seen.faults.iter().any(|fault| !fault.contains("ended within a request")) {
        return Err(format!("the server complains: {:?}", seen.faults));
    }
    Ok(())
}

/// All of what was asked came as it should, but for the one request that met the cut, which failed in its way.
fn judge(
    exchange: &Exchange,
    clean: &Played,
    results: &[Result<Reply, Failed>],
    place: Place,
    cut: Cut,
) -> Result<(), String> {
    let met = match place {
        Place::Before(number) | Place::Head(number) | Place::Body(number) => Some(number),
        Place::Tunnel | Place::Handshake => Some(0),
        Place::Idle => None,
    };
    for (number, result) in results.iter().enumerate() {
        let is_same = match (result, &clean.outcomes[number]) {
            (Ok(reply), Ok(clean)) => reply.status == clean.status && reply.body == clean.body,
            _ => false,
        };
        let may_repeat = exchange.asks[number].0.is_idempotent();
        let is_right = match result {
            _ if cut.loses_nothing() => is_same,
            Ok(_) if met != Some(number) => is_same,
            // Only a request on a used connection is made again.
            Ok(_) => is_same && number > 0 && may_repeat && place == Place::Before(number),
            Err(failed) => is_expected(failed, place, cut, met, number),
        };
        if !is_right {
            return Err(format!("{place:?}: the request {number} gave {result:?}"));
        }
    }
    Ok(())
}

fn is_expected(failed: &Failed, place: Place, cut: Cut, met: Option<usize>, number: usize) -> bool {
    let Failed { kind, phase, .. } = failed;
    let resets = matches!(cut, Cut::Rst | Cut::LateRst);
    // A reset may overtake what was said before it, and what was said in answer.
    let is_met = met == Some(number) || (resets && met.is_none_or(|met| met == number + 1));
    let stalls = cut == Cut::Stall;
    let wanted = if stalls { ErrorKind::Timeout } else { ErrorKind::Incomplete };
    is_met
        && match place {
            // On a busy machine the time may be over before: which phase it is, the sweep in memory says.
            _ if stalls => *kind == wanted,
            Place::Tunnel => (*kind, *phase) == (wanted, Phase::Tunnel),
            // The last word of the handshake may have been said, and the answer to it not been heard.
            Place::Handshake if resets => {
                matches!(phase, Phase::Tls | Phase::Tunnel)
                    || (*kind == wanted && matches!(phase, Phase::Head | Phase::Send))
            }
            Place::Handshake => (*kind, *phase) == (ErrorKind::Tls, Phase::Tls),
            Place::Before(_) | Place::Head(_) | Place::Body(_) | Place::Idle if resets => {
                matches!(kind, ErrorKind::Incomplete | ErrorKind::Tls)
            }
            Place::Before(_) => *kind == wanted && matches!(phase, Phase::Head | Phase::Send),
            Place::Head(_) => (*kind, *phase) == (wanted, Phase::Head),
            Place::Body(_) => (*kind, *phase) == (wanted, Phase::Body),
            Place::Idle => false,
        }
}

fn all<C: Client>() {
    bounded(|| {
        let client = C::start().unwrap();
        let all = exchanges();
        let cuts = [Cut::Fin, Cut::Rst, Cut::Bytewise, Cut::LateFin];
        let mut runs = 0;
        for exchange in [&all[0], &all[1], &all[4], &all[7]] {
            runs += sweep(&client, exchange, Way::Plain, &cuts, 7, None);
            runs += sweep(&client, exchange, Way::Tls, &cuts, 43, None);
        }
        for way in [Way::Forward, Way::Tunnel, Way::TlsTunnel, Way::Socks] {
            runs += sweep(&client, &all[7], way, &cuts, 31, None);
        }
        assert!(runs > 200, "{runs}");
        // Silence costs time.
        let short = Some(Duration::from_millis(250));
        for way in [Way::Plain, Way::Tunnel] {
            sweep(&client, &all[1], way, &[Cut::Stall], 61, short);
        }
    });
}

#[test]
fn blocking() {
    all::<Blocking>();
}

#[test]
fn async_std() {
    all::<On<AsyncStd>>();
}

#[test]
fn smol() {
    all::<On<Smol>>();
}

#[test]
fn tokio() {
    all::<Tokio>();
}
