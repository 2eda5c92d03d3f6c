//! What the transports do not do yet, refused before a connection is taken or opened, and what a session's TLS settings
//! come to before it sends anything.

use crate::error::{Error, ErrorKind, Phase};
use crate::message::route::Route;
use crate::retry::failure::{Failure, FailureKind};
use crate::session::Session;
use crate::session::step::Hop;
use crate::session::transport::ConnectSettings;
use crate::tls::config::{MakePlatform, TlsConfig, TlsConfigs};
use crate::tls::settings::TlsSettings;
use std::sync::Arc;

/// Refuses a hop that cannot be: one that would take a proxy where every connection is made to a unix socket.
///
/// # Errors
/// [`ErrorKind::Unsupported`]; nothing was sent, and the hop is not tried again.
pub fn check_supported(hop: &Hop, settings: &ConnectSettings) -> Result<(), Failure> {
    let unsupported = |phase, message: &str| Error::new(ErrorKind::Unsupported, phase, message);
    match hop.route() {
        Route::Via(_) if settings.unix_socket.is_some() => {
            let error = unsupported(Phase::Connect, "a request over a unix socket takes no proxy");
            Err(Failure::before_sending(FailureKind::Proxy, error.with_expected("no proxy for this URL")))
        }
        Route::Direct | Route::Via(_) => Ok(()),
    }
}

/// What a session's TLS connections are begun with. Settings that are all at their defaults hold in every build, also in
/// one that has no TLS: there it is a hop to an https origin that fails. `platform` makes the platform's verifier, where
/// the transport has one.
///
/// # Errors
/// [`TlsConfigs::config`]: settings that cannot hold, or that this build cannot meet.
pub fn tls_configs(session: &Session, platform: Option<MakePlatform>) -> Result<TlsConfigs, Error> {
    let configs = TlsConfigs::new(session.limits());
    let mut configs = match platform {
        Some(make) => configs.with_platform(make),
        None => configs,
    };
    let changed = session.tls().filter(|settings| ***settings != TlsSettings::default());
    changed.into_iter().try_for_each(|settings| configs.config(settings).map(drop))?;
    Ok(configs)
}

/// What the TLS connections on the way of a hop are begun with.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct HopTls {
    /// That with an https proxy.
    pub proxy: Option<TlsConfig>,
    /// That with an https origin.
    pub origin: Option<TlsConfig>,
}

/// What the TLS connections on the way of a hop are begun with.
///
/// # Errors
/// [`TlsConfigs::config`]. Nothing was sent, and the hop is not tried again.
pub fn hop_tls(configs: &mut TlsConfigs, hop: &Hop) -> Result<HopTls, Failure> {
    let mut config = |settings: Option<&Arc<TlsSettings>>| {
        let config = settings.map(|settings| configs.config(settings)).transpose();
        config.map_err(|error| Failure::before_sending(FailureKind::Tls, error))
    };
    let path = hop.tls();
    Ok(HopTls { proxy: config(path.proxy.as_ref())?, origin: config(path.origin.as_ref())? })
}

#[cfg(test)]
mod tests {
    use super::check_supported;
    use crate::error::{ErrorKind, Fault, Phase};
    use crate::message::proxy::ProxyServer;
    use crate::proxy::no_proxy::NoProxy;
    use crate::proxy::select::ProxyConfig;
    use crate::retry::failure::FailureKind;
    use crate::session::Session;
    use crate::session::builder::SessionBuilder;
    use crate::session::request::Request;
    use crate::session::step::Step;
    use crate::session::transport::ConnectSettings;
    use crate::time::Now;
    use std::path::Path;
    use std::time::{Instant, SystemTime};

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
        Instant::now()
    }

    fn checked(url: &str, fields: &[(&str, &str)]) -> Result<(), (FailureKind, Phase)> {
        let mut request = Request::get(url);
        for (name, value) in fields {
            request.append_header(*name, *value).unwrap();
        }
        let now = Now::new(start(), SystemTime::UNIX_EPOCH);
        checked_by(Session::builder(), request, now, &ConnectSettings::default())
    }

    fn checked_by(
        builder: SessionBuilder<Session>,
        request: Request,
        now: Now,
        settings: &ConnectSettings,
    ) -> Result<(), (FailureKind, Phase)> {
        let Ok(Step::Send(hop)) = builder.build().unwrap().begin(request, now) else { panic!("no hop") };
        check_supported(&hop, settings).map_err(|failure| {
            assert!(!failure.may_have_been_seen());
            assert_eq!((failure.error().kind(), failure.error().fault()), (ErrorKind::Unsupported, Fault::Caller));
            (failure.kind(), failure.error().phase())
        })
    }

    #[test]
    fn neither_https_nor_an_expectation_nor_an_upgrade_is_refused() {
        assert_eq!(checked("http://a.test/", &[]), Ok(()));
        assert_eq!(checked("http://a.test/", &[("expect", "100-continue")]), Ok(()));
        assert_eq!(checked("https://a.test/", &[]), Ok(()));
        let upgrade = [("connection", "upgrade"), ("upgrade", "websocket")];
        assert_eq!(checked("http://a.test/", &upgrade), Ok(()));
    }

    #[test]
    fn a_proxy_is_refused_where_it_cannot_be_reached() {
        let now = Now::new(start(), SystemTime::UNIX_EPOCH);
        let through = |proxy: &str, url: &str, settings: &ConnectSettings| {
            let proxies = ProxyConfig::new().all(ProxyServer::parse(proxy).unwrap()).no_proxy(NoProxy::parse("b.test"));
            checked_by(Session::builder().proxy(proxies), Request::get(url), now, settings)
        };
        let refused = Err((FailureKind::Proxy, Phase::Connect));
        let tcp = ConnectSettings::default();
        let unix = ConnectSettings { unix_socket: Some(Path::new("/a").into()), ..ConnectSettings::default() };
        for proxy in ["http://p.test", "https://p.test", "socks5://p.test", "socks5h://p.test", "socks4a://p.test"] {
            assert_eq!(through(proxy, "http://a.test/", &tcp), Ok(()));
            assert_eq!(through(proxy, "https://a.test/", &tcp), Ok(()));
            assert_eq!(through(proxy, "http://a.test/", &unix), refused);
            assert_eq!(through(proxy, "http://b.test/", &unix), Ok(()));
        }
    }
}
