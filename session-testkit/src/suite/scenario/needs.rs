//! What a case needs of a driver beyond requests and answers: virtual time, hosts that are addresses. And where a peer on
//! real sockets must listen for it.

use crate::script::endpoint::Endpoint;
use crate::suite::scenario::model::{Respond, Scenario};
use std::time::Duration;

/// Why a case cannot run over real sockets; `None` where it can.
///
/// Time must pass by itself (`at`, `waits`), and every host must be a name that can be resolved to the scripted peer.
#[must_use]
pub fn beyond_sockets(case: &Scenario) -> Option<&'static str> {
    if case.exchanges.iter().any(|exchange| exchange.at.is_some() || exchange.outcome.waits.is_some()) {
        return Some("it needs the virtual clock");
    }
    too_much_for_sockets(&endpoints(case), Duration::ZERO)
}

/// The same of a case that connects to these endpoints and pauses for this long in all, whether it says so or not.
#[must_use]
pub fn too_much_for_sockets(endpoints: &[Endpoint], paused: Duration) -> Option<&'static str> {
    if endpoints.iter().any(is_address) {
        return Some("its hosts are addresses");
    }
    if paused > LONGEST_PAUSE { Some("it needs the virtual clock") } else { None }
}

/// How long the pauses of one case may take in real time.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Where a peer on real sockets must listen: at every origin that a case asks or expects to be asked, and at every proxy.
#[must_use]
pub fn endpoints(case: &Scenario) -> Vec<Endpoint> {
    let asked = case.exchanges.iter().map(|exchange| exchange.request.url.as_str());
    let expected =
        case.exchanges.iter().flat_map(|exchange| &exchange.hops).filter_map(|hop| hop.expect.url.as_deref());
    let located = case.exchanges.iter().flat_map(|exchange| &exchange.hops).flat_map(|hop| locations(&hop.respond));
    let urls = asked.chain(expected).chain(located).chain(case.session.base_url.as_deref());
    let origins = urls.filter_map(Endpoint::origin).filter(|origin| matches!(origin.scheme(), "http" | "https"));
    let mut endpoints: Vec<Endpoint> = origins.chain(proxies(case)).collect();
    endpoints.sort();
    endpoints.dedup();
    endpoints
}

/// The proxies that a case names, in its settings, its environment, or where a request is expected.
fn proxies(case: &Scenario) -> impl Iterator<Item = Endpoint> {
    let set = case.session.proxy.iter().flat_map(|set| [&set.http, &set.https, &set.all]).flatten();
    let variables = case.session.env.iter().flatten();
    let names_one = |name: &str| name.ends_with("_proxy") && name != "no_proxy";
    let named = variables.filter(move |(name, _)| names_one(&name.to_ascii_lowercase())).map(|(_, value)| value);
    let hops = case.exchanges.iter().flat_map(|exchange| &exchange.hops);
    let expected = hops.filter_map(|hop| hop.expect.via.as_ref()).filter(|via| *via != "direct");
    let scheme_or_http = |url: &String| {
        let url = if url.contains("://") { url.clone() } else { format!("http://{url}") };
        Endpoint::proxy(&url)
    };
    set.chain(named).chain(expected).filter_map(scheme_or_http)
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
    use super::{LONGEST_PAUSE, beyond_sockets, endpoints, too_much_for_sockets};
    use crate::script::endpoint::Endpoint;
    use serde_json::{Value, from_value, json};
    use std::time::Duration;

    fn needs(change: impl FnOnce(&mut Value)) -> Option<&'static str> {
        let mut case = json!({"kind": "scenario", "name": "x", "session": {}, "exchanges": [{
            "request": {"url": "http://a.test/"},
            "hops": [{"expect": {"url": "http://a.test/"}, "respond": {"status": 200}}], "outcome": {"status": 200}}]});
        change(&mut case);
        beyond_sockets(&from_value(case).unwrap())
    }

    #[test]
    fn http_between_names_needs_nothing() {
        assert_eq!(needs(|_| {}), None);
    }

    #[test]
    fn each_origin_is_listed_once() {
        let case = json!({"kind": "scenario", "name": "x", "session": {"base_url": "http://c.test/v1/"}, "exchanges": [{
            "request": {"url": "http://u:p@a.test:80/"},
            "hops": [{"expect": {"url": "http://a.test/"}, "respond": {"status": 200}},
                {"expect": {"url": "http://b.test:81/"}, "respond": {"status": 200}}]}, {"request": {"url": "users"}}]});
        let listed: Vec<_> = endpoints(&from_value(case).unwrap()).iter().map(ToString::to_string).collect();
        assert_eq!(listed, ["http://a.test", "http://b.test:81", "http://c.test"]);
    }

    #[test]
    fn each_proxy_is_listed_once_without_its_user() {
        let case = json!({"kind": "scenario", "name": "x", "session": {
            "proxy": {"all": "socks5h://u:p@proxy.test:1080", "no_proxy": "b.test"},
            "env": {"HTTP_PROXY": "second.test:8080", "no_proxy": "c.test:80"}},
            "exchanges": [{"request": {"url": "https://a.test/"}, "hops": [
                {"expect": {"via": "socks5h://proxy.test"}, "respond": {"status": 200}},
                {"expect": {"via": "direct"}, "respond": {"status": 200}}]}]});
        let listed: Vec<_> = endpoints(&from_value(case).unwrap()).iter().map(ToString::to_string).collect();
        assert_eq!(listed, ["http://second.test:8080", "https://a.test", "socks5h://proxy.test"]);
    }

    #[test]
    fn what_is_seen_on_the_core_alone_is_told_as_well() {
        let at = |url: &str| too_much_for_sockets(&[Endpoint::origin(url).unwrap()], Duration::ZERO);
        assert_eq!((at("http://a.test/"), at("http://127.1/")), (None, Some("its hosts are addresses")));
        assert_eq!(too_much_for_sockets(&[], LONGEST_PAUSE), None);
        let longer = LONGEST_PAUSE + Duration::from_millis(1);
        assert_eq!(too_much_for_sockets(&[], longer), Some("it needs the virtual clock"));
    }

    #[test]
    fn what_sockets_cannot_do_is_told() {
        assert_eq!(needs(|case| case["exchanges"][0]["at"] = json!(3)), Some("it needs the virtual clock"));
        assert_eq!(
            needs(|case| case["exchanges"][0]["outcome"]["waits"] = json!([])),
            Some("it needs the virtual clock")
        );
        for url in ["http://127.0.0.1/", "https://[::1]:80/"] {
            assert_eq!(
                needs(|case| case["exchanges"][0]["request"]["url"] = json!(url)),
                Some("its hosts are addresses")
            );
        }
        assert_eq!(needs(|case| case["exchanges"][0]["request"]["url"] = json!("https://a.test/")), None);
        assert_eq!(needs(|case| case["session"]["proxy"] = json!({"all": "http://p.test:1"})), None);
    }
}
