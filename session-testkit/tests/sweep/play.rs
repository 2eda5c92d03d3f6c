//! Playing an exchange: once as it should be, and with a fault.

use crate::exchange::{Exchange, Seen, Way, Written, request, seen, start};
use session_core::error::{ErrorKind, Phase};
use session_testkit::memory::fault::{Fault, Trouble};
use session_testkit::memory::network::Marks;
use session_testkit::memory::transport::client::Reply;
use std::time::Duration;

/// How a request came out.
pub(crate) type Outcome = Result<Reply, (ErrorKind, Phase)>;

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Harm {
    Nothing,
    /// With what the peers write.
    Fault(Fault),
    /// With the call of this number.
    Trouble(u64, Trouble),
}

/// What became of an exchange.
pub(crate) struct Played {
    pub(crate) outcomes: Vec<Outcome>,
    /// How long each request took.
    pub(crate) took: Vec<Duration>,
    /// The requests that the peers saw of each.
    pub(crate) seen: Vec<Vec<Seen>>,
    pub(crate) written: Vec<Written>,
    /// How many responses were written before each request began.
    pub(crate) before: Vec<usize>,
    pub(crate) marks: Vec<Marks>,
    pub(crate) faults: Vec<String>,
    /// How many calls of its system the client made.
    pub(crate) calls: u64,
}

/// Plays it. The session must be whole at its end: one more request succeeds.
pub(crate) fn play(exchange: &Exchange, way: Way, harm: Harm) -> Result<Played, String> {
    let (mut client, network, peers) = start(way);
    match harm {
        Harm::Nothing => {}
        Harm::Fault(fault) => network.set_fault(Some(fault)),
        Harm::Trouble(call, trouble) => network.set_trouble(Some((call, trouble))),
    }
    let mut played = Played {
        outcomes: Vec::new(),
        took: Vec::new(),
        seen: Vec::new(),
        written: Vec::new(),
        before: Vec::new(),
        marks: Vec::new(),
        faults: Vec::new(),
        calls: 0,
    };
    for ask in &exchange.asks {
        let (asked, body) = request(way, ask);
        let (started, before) = (network.clock().elapsed(), seen(&network).len());
        played.before.push(peers.written().len());
        let outcome = client.ask(asked, body).map_err(|error| (error.kind(), error.phase()));
        played.outcomes.push(outcome);
        played.took.push(network.clock().elapsed() - started);
        played.seen.push(seen(&network).split_off(before));
    }
    (played.written, played.marks) = (peers.written(), network.marks());
    played.calls = network.calls();
    // What broke off is over.
    network.set_fault(None);
    network.set_trouble(None);
    let before = seen(&network).len();
    let (asked, body) = request(way, &(http::Method::GET, "/after", None));
    match client.ask(asked, body) {
        Ok(reply) if reply.status == 200 && reply.body == "fine" => {}
        other => return Err(format!("the next request: {other:?}")),
    }
    let after = seen(&network).len() - before;
    if after != 1 {
        return Err(format!("the next request was seen {after} times"));
    }
    let idle = client.idle_connections();
    let log = network.log();
    drop(client);
    let end = network.log();
    if end.ended != end.connections || log.connections - log.ended != idle as u64 {
        return Err(format!("{} connections, {} ended, {idle} idle", log.connections, log.ended));
    }
    // A request that broke off is a fault of the client's only where nothing broke it.
    played.faults = log.faults.into_iter().filter(|fault| !fault.contains("ended within a request")).collect();
    Ok(played)
}
