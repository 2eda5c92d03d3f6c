//! Where names lead on real sockets: each to the listener of its endpoint, and to a place where nobody listens for a hop whose
//! connection is to be refused. It is asked for each connection, so a hop is refused in its turn, wherever it goes.

use crate::script::endpoint::Endpoint;
use crate::suite::scenario::script::Script;
use std::io;
use std::net::SocketAddr;

/// What the resolvers of all transports answer from.
#[derive(Clone, Debug)]
pub struct Roads {
    script: Script,
    listeners: Vec<(Endpoint, SocketAddr)>,
    nowhere: SocketAddr,
}

impl Roads {
    /// The ways to these listeners, and to `nowhere`, which refuses.
    #[must_use]
    pub fn new(script: Script, listeners: Vec<(Endpoint, SocketAddr)>, nowhere: SocketAddr) -> Self {
        Self { script, listeners, nowhere }
    }

    /// The address for a host and port, as a resolver gives it.
    ///
    /// # Errors
    /// Nobody listens there, and nobody was to be refused there.
    pub fn lead(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let wanted = self.script.next_endpoint();
        let at = |same: fn(&str, &str) -> bool| {
            let found: Vec<_> =
                self.listeners.iter().filter(|(it, _)| it.port() == port && same(it.host(), host)).collect();
            // Several may share a port: the one that the script speaks of goes first.
            found.iter().find(|(it, _)| wanted.as_ref() == Some(it)).or(found.first()).copied()
        };
        let found = at(|one, other| one == other).or_else(|| at(|one, other| undotted(one) == undotted(other)));
        match found {
            Some((endpoint, _)) if self.script.refuse(endpoint) => Ok(vec![self.nowhere]),
            Some((_, address)) => Ok(vec![*address]),
            None => Err(io::Error::new(io::ErrorKind::NotFound, "nobody listens there")),
        }
    }
}

fn undotted(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::Roads;
    use crate::script::endpoint::Endpoint;
    use crate::suite::scenario::model::Hop;
    use crate::suite::scenario::script::Script;
    use serde_json::{Value, from_value, json};
    use std::net::SocketAddr;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn roads(hops: Value) -> Roads {
        let script = Script::new();
        script.play(&from_value::<Vec<Hop>>(hops).unwrap());
        let listener = |url: &str, port| (Endpoint::origin(url).unwrap(), address(port));
        let proxy = (Endpoint::proxy("http://proxy.test:3128").unwrap(), address(5));
        let listeners = vec![
            listener("http://a.test", 1),
            listener("https://a.test", 2),
            listener("http://a.test:8080", 3),
            listener("https://a.test:8080", 4),
            proxy,
        ];
        Roads::new(script, listeners, address(9))
    }

    #[test]
    fn a_name_leads_to_the_listener_at_its_port() {
        let roads = roads(json!([{"expect": {"url": "https://a.test:8080/"}, "respond": {"status": 200}}]));
        for (host, port, led) in [
            ("a.test", 80, Some(1)),
            ("a.test.", 443, Some(2)),
            ("a.test", 8080, Some(4)),
            ("proxy.test", 3128, Some(5)),
            ("b.test", 80, None),
        ] {
            assert_eq!(roads.lead(host, port).ok(), led.map(|port| vec![address(port)]), "{host}:{port}");
        }
    }

    #[test]
    fn a_hop_is_refused_in_its_turn_and_once() {
        let roads = roads(json!([{"respond": {"fail": "refused"}}, {"respond": {"status": 200}}]));
        assert_eq!(roads.lead("a.test", 443).unwrap(), [address(9)]);
        assert_eq!(roads.lead("a.test", 443).unwrap(), [address(2)]);
    }

    #[test]
    fn a_hop_that_names_its_proxy_is_refused_there_alone() {
        let roads = roads(json!([{"expect": {"via": "http://proxy.test:3128"}, "respond": {"fail": "refused"}}]));
        assert_eq!(roads.lead("a.test", 443).unwrap(), [address(2)]);
        assert_eq!(roads.lead("proxy.test", 3128).unwrap(), [address(9)]);
    }
}
