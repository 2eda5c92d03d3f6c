//! What a case needs of a driver beyond requests and answers: virtual time, TLS, a proxy, hosts that are addresses.

use crate::script::endpoint::Endpoint;
use crate::suite::scenario::model::{Fail, Hop, Respond, Scenario};

/// Why a case cannot run over real sockets with clear text alone; `None` where it can.
///
/// Time must pass by itself (`at`, `waits`), every host must be a name that can be resolved to the scripted peer, and
/// every hop must be plain http without a proxy.
#[must_use]
pub fn beyond_plain_sockets(case: &Scenario) -> Option<&'static str> {
    let exchanges = &case.exchanges;
    if exchanges.iter().any(|exchange| exchange.at.is_some() || exchange.outcome.waits.is_some()) {
        return Some("it needs the virtual clock");
    }
    if case.session.proxy.is_some() || case.session.env.is_some() {
        return Some("it needs a proxy");
    }
    let endpoints = origins(case);
    let fails_tls = |hop: &Hop| matches!(hop.respond, Respond::Fail(Fail::Tls));
    if endpoints.iter().any(|endpoint| endpoint.scheme() == "https")
        || exchanges.iter().flat_map(|exchange| &exchange.hops).any(fails_tls)
    {
        return Some("it needs TLS");
    }
    if endpoints.iter().any(is_address) {
        return Some("its hosts are addresses");
    }
    None
}

/// Every origin that a case asks or expects to be asked: where a peer on real sockets must listen.
#[must_use]
pub fn origins(case: &Scenario) -> Vec<Endpoint> {
    let asked = case.exchanges.iter().map(|exchange| exchange.request.url.as_str());
    let expected =
        case.exchanges.iter().flat_map(|exchange| &exchange.hops).filter_map(|hop| hop.expect.url.as_deref());
    let located = case.exchanges.iter().flat_map(|exchange| &exchange.hops).flat_map(|hop| locations(&hop.respond));
    let urls = asked.chain(expected).chain(located).chain(case.session.base_url.as_deref());
    let mut origins: Vec<Endpoint> = urls.filter_map(Endpoint::origin).collect();
    origins.sort();
    origins.dedup();
    origins
}

/// Where an answer leads, as far as that is written out.
fn locations(respond: &Respond) -> impl Iterator<Item = &str> {
    let fields = if let Respond::Response { headers, .. } = respond { headers.as_slice() } else { &[] };
    fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("location")).map(|(_, value)| value.as_str())
}

fn is_address(endpoint: &Endpoint) -> bool {
    endpoint.host().starts_with('[') || endpoint.host().parse::<std::net::Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::{beyond_plain_sockets, origins};
    use serde_json::{Value, from_value, json};

    fn needs(change: impl FnOnce(&mut Value)) -> Option<&'static str> {
        let mut case = json!({"kind": "scenario", "name": "x", "session": {}, "exchanges": [{
            "request": {"url": "http://a.test/"},
            "hops": [{"expect": {"url": "http://a.test/"}, "respond": {"status": 200}}], "outcome": {"status": 200}}]});
        change(&mut case);
        beyond_plain_sockets(&from_value(case).unwrap())
    }

    #[test]
    fn plain_http_between_names_needs_nothing() {
        assert_eq!(needs(|_| {}), None);
    }

    #[test]
    fn each_origin_is_listed_once() {
        let case = json!({"kind": "scenario", "name": "x", "session": {"base_url": "http://c.test/v1/"}, "exchanges": [{
            "request": {"url": "http://u:p@a.test:80/"},
            "hops": [{"expect": {"url": "http://a.test/"}, "respond": {"status": 200}},
                {"expect": {"url": "http://b.test:81/"}, "respond": {"status": 200}}]}, {"request": {"url": "users"}}]});
        let listed: Vec<_> = origins(&from_value(case).unwrap()).iter().map(ToString::to_string).collect();
        assert_eq!(listed, ["http://a.test", "http://b.test:81", "http://c.test"]);
    }

    #[test]
    fn what_sockets_cannot_do_is_told() {
        assert_eq!(needs(|case| case["exchanges"][0]["at"] = json!(3)), Some("it needs the virtual clock"));
        assert_eq!(
            needs(|case| case["exchanges"][0]["outcome"]["waits"] = json!([])),
            Some("it needs the virtual clock")
        );
        assert_eq!(needs(|case| case["session"]["proxy"] = json!({})), Some("it needs a proxy"));
        assert_eq!(
            needs(|case| case["exchanges"][0]["request"]["url"] = json!("https://a.test/")),
            Some("it needs TLS")
        );
        assert_eq!(
            needs(|case| case["exchanges"][0]["hops"][0]["expect"]["url"] = json!("https://a.test/")),
            Some("it needs TLS")
        );
        for url in ["http://127.0.0.1/", "http://[::1]:80/"] {
            assert_eq!(
                needs(|case| case["exchanges"][0]["request"]["url"] = json!(url)),
                Some("its hosts are addresses")
            );
        }
    }
}
