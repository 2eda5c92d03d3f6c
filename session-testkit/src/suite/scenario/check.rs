//! Kind "scenario": what came of an exchange is compared with what the case expects. No session is known here.

use crate::script::endpoint::Endpoint;
use crate::suite::scenario::digest;
use crate::suite::scenario::model::{Exchange, Expect, Pause};
use crate::suite::scenario::observe::{Delivered, FieldLines, Given, Seen, SeenRequest, origin_of};
use crate::suite::scenario::settings::{Credential, Settings};
use crate::suite::value::{Fields, Text, check_fields, show};

/// How far two pauses may lie apart and be the same, in seconds.
const SAME_PAUSE: f64 = 0.001;

/// Compares everything of one exchange: the hops that the peer saw, what the peer found wrong with the client's bytes,
/// and what the session gave back. Each difference becomes one line.
#[must_use]
pub fn check(settings: &Settings, exchange: &Exchange, seen: &[Seen], faults: &[String], given: &Given) -> Vec<String> {
    let mut differences = Vec::new();
    for (index, hop) in exchange.hops.iter().enumerate() {
        let mut of_hop = Vec::new();
        match seen.get(index) {
            Some(seen) => {
                check_hop(&hop.expect, seen, &mut of_hop);
                check_no_stray_answer(settings, exchange, &hop.expect, seen, &mut of_hop);
            }
            None => of_hop.push(format!(
                "expected a request{}, got none",
                hop.expect.url.as_deref().map_or(String::new(), |url| format!(" for {url}"))
            )),
        }
        differences.extend(of_hop.into_iter().map(|line| format!("hop {index}: {line}")));
    }
    for seen in seen.iter().skip(exchange.hops.len()) {
        let what = seen.request.as_ref().map_or_else(
            || format!("a connection to {}", seen.origin),
            |request| format!("{} {}", request.method, request.url),
        );
        differences.push(format!("expected no more requests, got {what}"));
    }
    differences.extend(faults.iter().map(|fault| format!("expected proper requests, got a fault: {fault}")));
    check_outcome(exchange, given, &mut differences);
    differences
}

fn check_hop(expect: &Expect, seen: &Seen, differences: &mut Vec<String>) {
    let differ = |what: &str, wanted: &str, came: &str, differences: &mut Vec<String>| {
        if wanted != came {
            differences.push(format!("{what}: expected {wanted}, got {came}"));
        }
    };
    if let Some(via) = &expect.via {
        let wanted = Endpoint::proxy(via).map_or_else(|| via.clone(), |endpoint| endpoint.to_string());
        differ("via", &wanted, &seen.via, differences);
    }
    if let Some(fresh) = expect.fresh
        && fresh != seen.fresh
    {
        let shown = |fresh| if fresh { "a fresh connection" } else { "a reused connection" };
        differences.push(format!("expected {}, got {}", shown(fresh), shown(seen.fresh)));
    }
    if let Some(fields) = &expect.proxy_headers {
        let none = Vec::new();
        let connect = seen.connect.as_ref().unwrap_or(&none);
        check_lines("CONNECT field", fields, connect, differences);
    }
    let Some(request) = &seen.request else {
        // No request was seen: all that is known is where it was to go, and not even that where no proxy was reached.
        let is_known = seen.via == "direct" || seen.connect.is_some() || seen.origin != seen.via;
        // A SOCKS proxy is told host and port, and no scheme.
        let is_there = |url: &str| seen.via.starts_with("socks") && is_same_place(url, &seen.origin);
        if let Some(url) = expect.url.as_ref().filter(|url| is_known && !is_there(url)) {
            differ("origin", &origin_of(url), &seen.origin, differences);
        }
        return;
    };
    if let Some(method) = &expect.method {
        differ("method", method, &request.method, differences);
    }
    if let Some(url) = &expect.url {
        differ("url", url, &request.url, differences);
    }
    check_lines("field", &known_fields(&expect.headers, request), &request.headers, differences);
    if let (Some(wanted), Some(came)) = (&expect.body, &request.body)
        && wanted.as_bytes() != came
    {
        differences.push(format!("body: expected {}, got {}", show(wanted.as_bytes()), show(came)));
    }
    if let Some(expected) = &expect.digest {
        digest::check(expected, seen, request, differences);
    }
}

/// Whether both URLs name the same host and port.
fn is_same_place(one: &str, other: &str) -> bool {
    let place = |url| Endpoint::origin(url).map(|at| (at.host().to_owned(), at.port()));
    place(one).is_some() && place(one) == place(other)
}

/// The expected fields that can be known: a request that was never sent was never framed.
fn known_fields(expected: &Fields, request: &SeenRequest) -> Fields {
    let is_framing =
        |name: &str| name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding");
    let known = |name: &str| request.body.is_some() || !is_framing(name);
    expected.iter().filter(|(name, _)| known(name)).map(|(name, lines)| (name.clone(), lines.clone())).collect()
}

/// Where a Digest credential is set, an Authorization that the case does not speak of is none that may be there.
fn check_no_stray_answer(
    settings: &Settings,
    exchange: &Exchange,
    expect: &Expect,
    seen: &Seen,
    differences: &mut Vec<String>,
) {
    let has_digest = [&settings.auth, &exchange.request.auth]
        .into_iter()
        .flatten()
        .any(|auth| matches!(auth.credential, Credential::Digest(..)));
    let spoken_of =
        expect.digest.is_some() || expect.headers.keys().any(|name| name.eq_ignore_ascii_case("authorization"));
    let carries = seen.request.as_ref().is_some_and(|request| !request.values("authorization").is_empty());
    if has_digest && !spoken_of && carries {
        differences.push("field authorization: expected none before a challenge, got one".to_owned());
    }
}

fn check_outcome(exchange: &Exchange, given: &Given, differences: &mut Vec<String>) {
    let outcome = &exchange.outcome;
    match (&given.result, outcome.error) {
        (Ok(delivered), None) => check_delivered(exchange, delivered, differences),
        (Err(failure), Some(error)) if failure.name == error.as_str() => {}
        (Err(failure), Some(error)) => differences.push(format!(
            "expected the error {}, got the error {}: {}",
            error.as_str(),
            failure.name,
            failure.message
        )),
        (Ok(delivered), Some(error)) => {
            differences.push(format!("expected the error {}, got the status {}", error.as_str(), delivered.status));
        }
        (Err(failure), None) => {
            let wanted =
                outcome.status.map_or_else(|| "a response".to_owned(), |status| format!("the status {status}"));
            differences.push(format!("expected {wanted}, got the error {}: {}", failure.name, failure.message));
        }
    }
    if let Some(waits) = &outcome.waits {
        let right = waits.len() == given.waits.len()
            && waits.iter().zip(&given.waits).all(|(wanted, &came)| match *wanted {
                Pause::Exactly(seconds) => (came - seconds).abs() <= SAME_PAUSE,
                Pause::Between(min, max) => (min - SAME_PAUSE..=max + SAME_PAUSE).contains(&came),
            });
        if !right {
            differences.push(format!("waits: expected {waits:?}, got {:?}", given.waits));
        }
    }
    if let Some(jar) = &exchange.jar {
        let sorted = |mut lines: Vec<String>| {
            lines.sort();
            lines
        };
        let wanted = sorted(jar.clone());
        match given.jar.clone().map(sorted) {
            Some(came) if came == wanted => {}
            Some(came) => differences.push(format!("jar: expected {wanted:?}, got {came:?}")),
            None => differences.push(format!("jar: expected {wanted:?}, and the driver did not look")),
        }
    }
}

fn check_delivered(exchange: &Exchange, delivered: &Delivered, differences: &mut Vec<String>) {
    let outcome = &exchange.outcome;
    if let Some(status) = outcome.status
        && status != delivered.status
    {
        differences.push(format!("status: expected {status}, got {}", delivered.status));
    }
    if let Some(url) = &outcome.url
        && *url != delivered.url
    {
        differences.push(format!("outcome url: expected {url}, got {}", delivered.url));
    }
    if let Some(body) = &outcome.body
        && body.as_bytes() != delivered.body
    {
        let (wanted, came) = (show(body.as_bytes()), show(&delivered.body));
        differences.push(format!("outcome body: expected {wanted}, got {came}"));
    }
    check_lines("outcome field", &outcome.headers, &delivered.headers, differences);
    if let Some(history) = &outcome.history
        && *history != delivered.history
    {
        differences.push(format!("history: expected {history:?}, got {:?}", delivered.history));
    }
}

fn check_lines(what: &str, expected: &Fields, came: &FieldLines, differences: &mut Vec<String>) {
    check_fields(what, expected, Text::Utf8, |name| crate::script::request::values(came, name), differences);
}

#[cfg(test)]
mod tests;
