//! Proxies by environment variables, as curl, Python and Go read them. The variables themselves are handed in: the core has
//! no environment.

use crate::error::{Error, Phase};
use crate::message::proxy::ProxyServer;
use crate::proxy::no_proxy::NoProxy;
use crate::proxy::select::ProxyConfig;

/// The configuration that a snapshot of the environment holds: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, each
/// in lower or in upper case.
///
/// Lower case wins, also where it is empty, which switches that proxy off. Of a name that is there twice the first counts.
/// `HTTP_PROXY` in upper case is left out where `REQUEST_METHOD` is set: a CGI program gets a request's `Proxy` field by
/// that name (CVE-2016-5385, CVE-2016-5386).
///
/// # Errors
/// Those of [`ProxyServer::parse`], with the name of the variable.
pub fn from_environment(variables: &[(String, String)]) -> Result<ProxyConfig, Error> {
    let value = |wanted: &str| variables.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.trim());
    let server = |name: &str, value: Option<&str>| -> Result<Option<ProxyServer>, Error> {
        match value {
            None | Some("") => Ok(None),
            Some(url) => ProxyServer::parse(url).map(Some).map_err(|source| {
                let message = format!("the environment variable {name} names no proxy");
                Error::new(source.kind(), Phase::Build, message).with_source(source)
            }),
        }
    };
    let lower_or_upper = |lower: &'static str, upper: &'static str| match value(lower) {
        Some(value) => server(lower, Some(value)),
        None => server(upper, value(upper)),
    };
    let is_cgi = value("REQUEST_METHOD").is_some();
    let upper_http = value("HTTP_PROXY").filter(|value| !value.is_empty());
    let distrusted = is_cgi && value("http_proxy").is_none() && upper_http.is_some();
    let http = if distrusted { None } else { lower_or_upper("http_proxy", "HTTP_PROXY")? };

    let mut config = ProxyConfig::new();
    if distrusted {
        config = config.distrusting();
    }
    if let Some(server) = http {
        config = config.http(server);
    }
    if let Some(server) = lower_or_upper("https_proxy", "HTTPS_PROXY")? {
        config = config.https(server);
    }
    if let Some(server) = lower_or_upper("all_proxy", "ALL_PROXY")? {
        config = config.all(server);
    }
    let no_proxy = value("no_proxy").or_else(|| value("NO_PROXY")).unwrap_or_default();
    Ok(config.no_proxy(NoProxy::parse(no_proxy)))
}

#[cfg(test)]
mod tests {
    use super::from_environment;
    use crate::error::{Error, ErrorKind};
    use crate::message::origin::Origin;
    use crate::proxy::select::ProxyConfig;
    use url::Url;

    fn read(variables: &[(&str, &str)]) -> Result<ProxyConfig, Error> {
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        from_environment(&variables)
    }

    fn route(variables: &[(&str, &str)], url: &str) -> String {
        let origin = Origin::of(&Url::parse(url).unwrap()).unwrap();
        read(variables).unwrap().select(&origin).route().to_string()
    }

    #[test]
    fn each_variable_is_read_in_either_case_and_lower_case_wins() {
        let variables = [
            ("HTTP_PROXY", "http://proxy.test:3128"),
            ("http_proxy", "http://second.test:8080"),
            ("HTTPS_PROXY", " proxy.test:3128 "),
            ("NO_PROXY", "b.test"),
        ];
        assert_eq!(route(&variables, "http://a.test/"), "http://second.test:8080");
        assert_eq!(route(&variables, "https://a.test/"), "http://proxy.test:3128");
        assert_eq!(route(&variables, "http://b.test/"), "direct");
        assert_eq!(route(&[("HTTP_PROXY", "p.test")], "http://a.test/"), "http://p.test");
        assert_eq!(route(&[("https_proxy", "p.test")], "https://a.test/"), "http://p.test");
        for name in ["all_proxy", "ALL_PROXY"] {
            assert_eq!(route(&[(name, "socks5://p.test")], "https://a.test/"), "socks5://p.test:1080");
        }
        let both = [("NO_PROXY", "a.test"), ("no_proxy", "b.test"), ("all_proxy", "p.test")];
        assert_eq!(route(&both, "http://a.test/"), "http://p.test");
        assert_eq!(route(&both, "http://b.test/"), "direct");
    }

    #[test]
    fn other_spellings_are_not_read() {
        assert_eq!(
            route(&[("Http_Proxy", "p.test"), ("HTTP-PROXY", "p.test"), ("PROXY", "p.test")], "http://a.test/"),
            "direct"
        );
        assert!(read(&[]).unwrap().is_empty());
    }

    #[test]
    fn an_empty_variable_switches_its_proxy_off() {
        assert_eq!(route(&[("http_proxy", ""), ("HTTP_PROXY", "p.test")], "http://a.test/"), "direct");
        assert_eq!(route(&[("HTTP_PROXY", " ")], "http://a.test/"), "direct");
    }

    #[test]
    fn of_a_name_that_is_there_twice_the_first_counts() {
        assert_eq!(route(&[("http_proxy", "p.test"), ("http_proxy", "q.test")], "http://a.test/"), "http://p.test");
    }

    /// Threat PX-04 (CVE-2016-5385, CVE-2016-5386).
    #[test]
    fn where_a_request_may_set_it_http_proxy_is_not_trusted() {
        let cgi = ("REQUEST_METHOD", "GET");
        let evil = ("HTTP_PROXY", "http://evil.test");
        assert_eq!(route(&[cgi, evil], "http://a.test/"), "direct");
        assert_eq!(route(&[("REQUEST_METHOD", ""), evil], "http://a.test/"), "direct");
        assert_eq!(route(&[cgi, ("HTTP_PROXY", "not a URL")], "http://a.test/"), "direct");
        assert_eq!(route(&[cgi, evil, ("http_proxy", "p.test")], "http://a.test/"), "http://p.test");
        assert_eq!(route(&[cgi, evil, ("ALL_PROXY", "p.test")], "http://a.test/"), "http://p.test");
        assert_eq!(route(&[cgi, ("HTTPS_PROXY", "p.test")], "https://a.test/"), "http://p.test");
        assert_eq!(route(&[evil], "http://a.test/"), "http://evil.test");
    }

    #[test]
    fn a_bad_value_is_told_by_its_name_alone() {
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            let error = read(&[(name, "ftp://u:hunter2@p.test")]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidUrl);
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(name) && !shown.contains("hunter2"), "{shown}");
        }
    }
}
