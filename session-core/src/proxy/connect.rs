//! The request that opens a tunnel (RFC 9110 9.3.6): it carries Host, User-Agent and what is meant for the proxy, and
//! nothing of the request that will go through the tunnel.

use crate::error::{Error, ErrorKind, Phase};
use crate::message::origin::Origin;
use crate::message::proxy::ProxyServer;
use http::header::{HOST, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Method, Request, Uri};

/// The head of the CONNECT for a tunnel to `origin`. Its URI is host and port, the port always written.
///
/// # Errors
/// [`ErrorKind::InvalidUrl`] for a host that cannot stand in a request.
pub fn head(proxy: &ProxyServer, origin: &Origin, user_agent: Option<&HeaderValue>) -> Result<Request<()>, Error> {
    let authority = format!("{}:{}", origin.host(), origin.port());
    let invalid = || Error::new(ErrorKind::InvalidUrl, Phase::Tunnel, "the host cannot stand in a CONNECT");
    let mut head = Request::new(());
    *head.method_mut() = Method::CONNECT;
    *head.uri_mut() = Uri::try_from(authority.as_str()).map_err(|source| invalid().with_source(source))?;
    let fields = head.headers_mut();
    fields.insert(HOST, HeaderValue::try_from(authority).map_err(|source| invalid().with_source(source))?);
    if let Some(user_agent) = user_agent {
        fields.insert(USER_AGENT, user_agent.clone());
    }
    if let Some(authorization) = proxy.authorization() {
        fields.insert(PROXY_AUTHORIZATION, authorization.clone());
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::head;
    use crate::message::origin::Origin;
    use crate::message::proxy::ProxyServer;
    use http::HeaderValue;

    /// PX-02: CONNECT carries Host, User-Agent and Proxy-Authorization, and nothing else.
    #[test]
    fn a_connect_names_host_and_port_and_proves_itself_to_the_proxy() {
        let proxy = ProxyServer::parse("http://pu:pp@proxy.test:3128").unwrap();
        for (origin, authority) in [("https://a.test", "a.test:443"), ("https://[::1]:8443", "[::1]:8443")] {
            let head = head(&proxy, &Origin::parse(origin).unwrap(), Some(&HeaderValue::from_static("ua"))).unwrap();
            assert_eq!((head.method().as_str(), head.uri().to_string().as_str()), ("CONNECT", authority));
            assert_eq!(head.headers()["host"], authority);
            assert_eq!(head.headers()["proxy-authorization"], "Basic cHU6cHA=");
            assert_eq!(head.headers().len(), 3);
        }
    }
}
