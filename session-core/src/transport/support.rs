//! What the transports do not do yet, refused before a connection is taken or opened, and what a session's TLS settings
//! come to before it sends anything.

use crate::error::{Error, ErrorKind, Phase};
use crate::message::route::Route;
use crate::retry::failure::{Failure, FailureKind};
use crate::session::Session;
use crate::session::step::Hop;
use crate::tls::config::{PlatformVerifier, TlsConfig, TlsConfigs};
use crate::tls::settings::TlsSettings;
use http::header::UPGRADE;

/// Refuses a hop that needs what no transport does: a proxy, or another protocol after the response.
///
/// # Errors
/// [`ErrorKind::Unsupported`]; nothing was sent, and the hop is not tried again.
pub fn check_supported(hop: &Hop) -> Result<(), Failure> {
    let unsupported = |phase, message: &str| Error::new(ErrorKind::Unsupported, phase, message);
    if hop.head().headers().contains_key(UPGRADE) {
        let error = unsupported(Phase::Build, "an upgrade to another protocol is not supported yet")
            .with_expected("a request without Upgrade");
        return Err(Failure::before_sending(FailureKind::Request, error));
    }
    match hop.route() {
        Route::Direct => Ok(()),
        Route::Via(_) => {
            let error =
                unsupported(Phase::Connect, "proxies are not supported yet").with_expected("no proxy for this URL");
            Err(Failure::before_sending(FailureKind::Proxy, error))
        }
    }
}

/// What a session's TLS connections are begun with. Settings that are all at their defaults hold in every build, also in
/// one that has no TLS: there it is a hop to an https origin that fails. `platform` makes the platform's verifier, where
/// the transport has one.
///
/// # Errors
/// [`TlsConfigs::config`]: settings that cannot hold, or that this build cannot meet.
pub fn tls_configs(
    session: &Session,
    platform: Option<fn() -> Result<PlatformVerifier, Error>>,
) -> Result<TlsConfigs, Error> {
    let configs = TlsConfigs::new(session.limits());
    let mut configs = match platform {
        Some(make) => configs.with_platform(make),
        None => configs,
    };
    let changed = session.tls().filter(|settings| ***settings != TlsSettings::default());
    changed.into_iter().try_for_each(|settings| configs.config(settings).map(drop))?;
    Ok(configs)
}

/// What the connection to a hop's origin is begun with, where it is an https one.
///
/// # Errors
/// [`TlsConfigs::config`]. Nothing was sent, and the hop is not tried again.
pub fn tls_config(configs: &mut TlsConfigs, hop: &Hop) -> Result<Option<TlsConfig>, Failure> {
    let config = hop.tls().origin.as_ref().map(|settings| configs.config(settings)).transpose();
    config.map_err(|error| Failure::before_sending(FailureKind::Tls, error))
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
    use crate::time::Now;
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
        checked_by(Session::builder(), request, now)
    }

    fn checked_by(builder: SessionBuilder<Session>, request: Request, now: Now) -> Result<(), (FailureKind, Phase)> {
        let Ok(Step::Send(hop)) = builder.build().unwrap().begin(request, now) else { panic!("no hop") };
        check_supported(&hop).map_err(|failure| {
            assert!(!failure.may_have_been_seen());
            assert_eq!((failure.error().kind(), failure.error().fault()), (ErrorKind::Unsupported, Fault::Caller));
            (failure.kind(), failure.error().phase())
        })
    }

    #[test]
    fn upgrades_are_refused_and_neither_https_nor_an_expectation_is() {
        assert_eq!(checked("http://a.test/", &[]), Ok(()));
        assert_eq!(checked("http://a.test/", &[("expect", "100-continue")]), Ok(()));
        assert_eq!(checked("https://a.test/", &[]), Ok(()));
        let upgrade = [("connection", "upgrade"), ("upgrade", "websocket")];
        assert_eq!(checked("http://a.test/", &upgrade), Err((FailureKind::Request, Phase::Build)));
        assert_eq!(checked("http://a.test/", &upgrade[1..]), Err((FailureKind::Request, Phase::Build)));
    }

    #[test]
    fn a_proxy_is_refused_for_the_urls_that_would_take_it() {
        let proxies = || ProxyConfig::new().http(ProxyServer::parse("http://proxy.test:3128").unwrap());
        let now = Now::new(start(), SystemTime::UNIX_EPOCH);
        let through = |config| checked_by(Session::builder().proxy(config), Request::get("http://a.test/"), now);
        assert_eq!(through(proxies()), Err((FailureKind::Proxy, Phase::Connect)));
        assert_eq!(through(proxies().no_proxy(NoProxy::parse("a.test"))), Ok(()));
    }
}
