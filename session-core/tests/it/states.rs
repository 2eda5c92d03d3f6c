//! docs/states.md, drawn from the code, and the test that it is current. `UPDATE_DOCS=1 cargo test -p session-core --test
//! it states` writes it anew.
//!
//! The codec's states come from its two tables. The session has no table: its moves are found by playing every sequence of
//! inputs of a small set, so the drawing shows what the verbs do and not what they are said to do. What each state means
//! is read from the documentation of its name in the sources.
#![expect(clippy::disallowed_methods, reason = "this test reads and writes a file; the crate itself does not")]

use crate::clock::now;
use crate::driver::{answer, failure, redirect};
use http::Method;
use session_core::auth::credentials::Credential;
use session_core::h1::state::{REQUEST_MOVES, RESPONSE_MOVES};
use session_core::message::body::{BodySize, RequestBody};
use session_core::message::head::ResponseHead;
use session_core::redirect::policy::RedirectPolicy;
use session_core::retry::failure::{ConnectionAge, FailureKind, Sent};
use session_core::retry::policy::RetryPolicy;
use session_core::session::Session;
use session_core::session::history::History;
use session_core::session::request::Request;
use session_core::session::step::{ExchangeError, Step};
use session_core::time::Now;
use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};
use std::path::Path;
use std::time::Duration;

#[test]
fn the_drawing_of_the_states_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/states.md");
    let expected = document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/states.md is not current: run the tests once with UPDATE_DOCS=1");
}

fn document() -> String {
    let mut text = String::from(
        "# States\n\n\
         Drawn from the code by `session-core/tests/it/states.rs`, which fails where this file is not current:\n\
         `UPDATE_DOCS=1 cargo test -p session-core --test it states` writes it anew.\n\n\
         ## The session\n\n\
         An exchange is owned by the token of its step, and the session keeps no list of exchanges: a token that is dropped\n\
         ends its exchange wherever it stands. The moves below are those that every sequence of a small set of inputs leads\n\
         to; `next_request` is asked of a delivery.\n\n",
    );
    let moves = session_moves();
    let arrows = moves.iter().map(|Move { from, by, ending, to }| {
        let label = if ending.is_empty() { (*by).to_owned() } else { format!("{by} ({ending})") };
        (from.to_string(), label, to.to_string())
    });
    draw(&mut text, "Request", arrows.collect(), &["Delivery", "Error"]);
    text.push_str("| at | verb | how the hop ends | next |\n|---|---|---|---|\n");
    for Move { from, by, ending, to } in &moves {
        let ending = if ending.is_empty() { "" } else { ending };
        writeln!(text, "| {from} | `{by}` | {ending} | {to} |").unwrap();
    }
    text.push_str("\nHow a hop ends:\n\n");
    describe(&mut text, include_str!("../../src/session/history.rs"), "Ending");
    text.push_str("\nWhat a step asks for:\n\n");
    describe(&mut text, include_str!("../../src/session/step.rs"), "Step");

    let states = include_str!("../../src/h1/state.rs");
    text.push_str("\n## A connection: the request\n\nThe codec's own side of one cycle.\n\n");
    draw(&mut text, "Idle", arrows_of(REQUEST_MOVES), &["Done", "Failed"]);
    describe(&mut text, states, "RequestState");
    text.push_str("\nMoves:\n\n");
    describe(&mut text, states, "RequestMove");
    text.push_str("\n## A connection: the response\n\nThe peer's side of one cycle.\n\n");
    draw(&mut text, "Idle", arrows_of(RESPONSE_MOVES), &["Done", "Switched", "Failed"]);
    describe(&mut text, states, "ResponseState");
    text.push_str("\nMoves:\n\n");
    describe(&mut text, states, "ResponseMove");
    text
}

fn arrows_of<S: Display, M: std::fmt::Debug>(moves: &[(S, M, S)]) -> Vec<(String, String, String)> {
    moves.iter().map(|(from, by, to)| (from.to_string(), format!("{by:?}"), to.to_string())).collect()
}

/// A diagram; the moves from one state to another share an arrow.
fn draw(text: &mut String, first: &str, arrows: Vec<(String, String, String)>, last: &[&str]) {
    text.push_str("```mermaid\nstateDiagram-v2\n");
    writeln!(text, "    [*] --> {first}").unwrap();
    let mut drawn: Vec<(String, String, Vec<String>)> = Vec::new();
    for (from, by, to) in arrows {
        match drawn.iter_mut().find(|(one, other, _)| *one == from && *other == to) {
            Some((_, _, moves)) => moves.push(by),
            None => drawn.push((from, to, vec![by])),
        }
    }
    for (from, to, moves) in drawn {
        writeln!(text, "    {from} --> {to}: {}", moves.join(", ")).unwrap();
    }
    for state in last {
        writeln!(text, "    {state} --> [*]").unwrap();
    }
    text.push_str("```\n\n");
}

/// The variants of an enum with their documentation.
fn describe(text: &mut String, source: &str, name: &str) {
    let variants = variants(source, name);
    assert!(!variants.is_empty(), "no enum {name} in the source");
    for (variant, meaning) in variants {
        writeln!(text, "- **{variant}**: {meaning}").unwrap();
    }
}

fn variants(source: &str, name: &str) -> Vec<(String, String)> {
    let opening = format!("pub enum {name} {{");
    let lines = source.lines().skip_while(|line| *line != opening).skip(1).take_while(|line| *line != "}");
    let (mut variants, mut meaning) = (Vec::new(), Vec::new());
    for line in lines.map(str::trim) {
        if let Some(more) = line.strip_prefix("/// ") {
            meaning.push(more);
        } else if let Some(end) = line.find(|c: char| !c.is_alphanumeric()).filter(|end| *end > 0) {
            variants.push((line[..end].to_owned(), std::mem::take(&mut meaning).join(" ")));
        }
    }
    variants
}

/// A move of the session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Move {
    from: Place,
    by: &'static str,
    /// How the hop ended; empty where none did.
    ending: String,
    to: Place,
}

/// Where an exchange stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Request,
    Hop,
    Pause,
    Delivery,
    Error,
}

impl Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

/// What happens at a hop, or at a pause.
#[derive(Clone, Debug)]
enum Input {
    Answer(ResponseHead),
    Failure(FailureKind, Sent, ConnectionAge),
    /// Too early at a pause; a plain answer at a hop.
    Early,
    /// After the deadline of the exchange: a redirect at a hop.
    Late,
}

fn inputs() -> Vec<Input> {
    let challenge = ("www-authenticate", "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"");
    vec![
        Input::Answer(answer(200, &[])),
        Input::Answer(redirect(307, "/next")),
        Input::Answer(redirect(302, "ftp://a.test/")),
        Input::Answer(answer(401, &[challenge])),
        Input::Answer(answer(421, &[])),
        Input::Answer(answer(503, &[])),
        Input::Failure(FailureKind::Closed, Sent::All, ConnectionAge::Reused),
        Input::Failure(FailureKind::Connect, Sent::Nothing, ConnectionAge::Fresh),
        Input::Failure(FailureKind::Tls, Sent::Nothing, ConnectionAge::Fresh),
        Input::Early,
        Input::Late,
    ]
}

fn sessions() -> Vec<Session> {
    let new = || Session::builder().timeout(Duration::from_secs(3600)).auth(Credential::digest("u", "p"));
    let retry = RetryPolicy::new(2).backoff(Duration::from_secs(1), Duration::from_secs(2));
    let mut closed = new().build().unwrap();
    closed.close();
    vec![
        new().build().unwrap(),
        new().retry(retry).build().unwrap(),
        new().redirect(RedirectPolicy::none()).build().unwrap(),
        closed,
    ]
}

fn requests() -> Vec<Request> {
    let body = |body| {
        let mut request = Request::new(Method::PUT, "http://a.test/");
        request.set_body(body);
        request
    };
    vec![
        Request::get("http://a.test/"),
        body(RequestBody::replayable(BodySize::Sized(3))),
        body(RequestBody::once(BodySize::Streaming)),
        Request::get("not a url"),
    ]
}

/// Every move that two inputs and a plain end lead to, in the order of their places.
fn session_moves() -> Vec<Move> {
    let mut moves = BTreeSet::new();
    let inputs = inputs();
    for at in 0..sessions().len() * requests().len() {
        for first in &inputs {
            for second in &inputs {
                let session = sessions().swap_remove(at / requests().len());
                let request = requests().swap_remove(at % requests().len());
                play(session, request, [first, second], &mut moves);
            }
        }
    }
    moves.into_iter().collect()
}

/// Plays one sequence. How each hop ended is known at the end alone, from the history.
fn play(mut session: Session, request: Request, inputs: [&Input; 2], moves: &mut BTreeSet<Move>) {
    let start = now();
    let mut at = start;
    let mut path: Vec<(Place, &'static str, Place)> = Vec::new();
    let mut step = session.begin(request, at);
    path.push((Place::Request, "begin", place(&step)));
    let mut inputs = inputs.into_iter();
    let (history, delivery) = loop {
        let input = inputs.next();
        let from = place(&step);
        let (by, next) = match step {
            Ok(Step::Send(hop)) => match input {
                Some(Input::Answer(head)) => ("handle_response", session.handle_response(hop, head.clone(), at)),
                Some(Input::Failure(kind, sent, age)) => {
                    ("handle_failure", session.handle_failure(hop, failure(*kind, *sent, *age), at))
                }
                Some(Input::Late) => {
                    ("handle_response", session.handle_response(hop, redirect(307, "/late"), after_the_end(start)))
                }
                Some(Input::Early) | None => ("handle_response", session.handle_response(hop, answer(200, &[]), at)),
            },
            Ok(Step::Wait(pause)) => {
                at = match input {
                    Some(Input::Early) => at,
                    Some(Input::Late) => after_the_end(start),
                    _ => at.advanced(pause.until().saturating_duration_since(at.instant())),
                };
                ("handle_timeout", session.handle_timeout(pause, at))
            }
            Ok(Step::Done(delivery)) => break (delivery.history().clone(), Some(delivery)),
            Err(error) => break (error.history().clone(), None),
        };
        path.push((from, by, place(&next)));
        step = next;
    };
    record(&path, &history, moves);
    if let Some(next) = delivery.and_then(|delivery| delivery.next_request()) {
        let to = if next.is_ok() { Place::Request } else { Place::Error };
        moves.insert(Move { from: Place::Delivery, by: "next_request", ending: String::new(), to });
    }
}

fn after_the_end(start: Now) -> Now {
    start.advanced(Duration::from_secs(3601))
}

fn place(step: &Result<Step, ExchangeError>) -> Place {
    match step {
        Ok(Step::Send(_)) => Place::Hop,
        Ok(Step::Wait(_)) => Place::Pause,
        Ok(Step::Done(_)) => Place::Delivery,
        Err(_) => Place::Error,
    }
}

fn record(path: &[(Place, &'static str, Place)], history: &History, moves: &mut BTreeSet<Move>) {
    let mut hops = history.hops().iter();
    for (from, by, to) in path.iter().copied() {
        let ending = match from {
            Place::Hop => format!("{:?}", hops.next().expect("a hop that is over is told").ending()),
            _ => String::new(),
        };
        moves.insert(Move { from, by, ending, to });
    }
    assert!(hops.next().is_none(), "a hop is told that was not sent");
}

#[test]
fn every_way_a_hop_ends_is_drawn() {
    let moves = session_moves();
    for (ending, _) in variants(include_str!("../../src/session/history.rs"), "Ending") {
        assert!(moves.iter().any(|found| found.ending == ending), "{ending}");
    }
    for place in [Place::Hop, Place::Pause, Place::Delivery, Place::Error] {
        assert!(moves.iter().any(|found| found.to == place), "{place}");
    }
}
