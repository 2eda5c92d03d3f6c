//! Records of proxies, and of routes, which lead through one: what comes back brings along what a proxy has from where it is read.

use crate::message::host::CanonicalHost;
use crate::message::proxy::{ProxyScheme, ProxyServer};
use crate::message::record::{required, text};
use crate::message::route::Route;
use crate::message::sensitive::Secret;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The way to an origin.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Route", rename_all = "snake_case")]
pub(crate) enum RouteRecord {
    Direct,
    Via(#[serde(with = "server")] Arc<ProxyServer>),
}

/// For `#[serde(with = "server")]`: a proxy with its credential.
pub(crate) mod server {
    use super::{Arc, ProxyServer, Secret, ServerRecord, UserRecord};
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(server: &ProxyServer, serializer: S) -> Result<S::Ok, S::Error> {
        let user_info = server
            .user_info()
            .map(|info| UserRecord { user: info.user.clone(), password: info.password.expose().clone() });
        ServerRecord { scheme: server.scheme(), host: server.host().clone(), port: server.port(), user_info }
            .serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<ProxyServer>, D::Error> {
        let ServerRecord { scheme, host, port, user_info } = ServerRecord::deserialize(deserializer)?;
        let server =
            ProxyServer::parse(&format!("{}://{host}:{port}", scheme.as_str())).and_then(|server| match user_info {
                Some(UserRecord { user, password }) => server.with_credential(user, Secret::new(password)),
                None => Ok(server),
            });
        server.map(Arc::new).map_err(|_| D::Error::custom("expected a proxy and a credential that can be sent to it"))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerRecord {
    #[serde(with = "text")]
    scheme: ProxyScheme,
    #[serde(with = "text")]
    host: CanonicalHost,
    port: u16,
    #[serde(deserialize_with = "required")]
    user_info: Option<UserRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserRecord {
    user: String,
    password: String,
}

#[cfg(test)]
mod tests {
    use super::{RouteRecord, server};
    use crate::message::proxy::ProxyServer;
    use crate::message::route::Route;
    use serde::{Deserialize, Serialize};
    use std::sync::Arc;

    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Held(#[serde(with = "RouteRecord")] Route);

    #[test]
    fn a_proxy_comes_back_with_its_port_and_credential() {
        for url in [
            "http://proxy.test",
            "http://proxy.test:443",
            "https://u:p%40@proxy.test:80",
            "socks5://u:p@[::1]:80",
            "socks4a://u@127.0.0.1:1",
        ] {
            let route = Held(Route::Via(Arc::new(ProxyServer::parse(url).unwrap())));
            let text = serde_json::to_string(&route).unwrap();
            assert_eq!(serde_json::from_str::<Held>(&text).unwrap(), route, "{url}");
        }
    }

    #[test]
    fn what_a_proxy_cannot_be_sent_is_refused_and_not_shown() {
        let text = r#"{"scheme":"socks5","host":"p.test","port":1,"user_info":{"user":"","password":"hunter2"}}"#;
        let error = server::deserialize(&mut serde_json::Deserializer::from_str(text)).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}
