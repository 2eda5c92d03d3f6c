//! What a session takes from the environment, by three switches: handed in as data.

use crate::driver::plain_get;
use session_core::auth::credentials::Credential;
use session_core::auth::netrc::Netrc;
use session_core::error::ErrorKind;
use session_core::message::proxy::ProxyServer;
use session_core::proxy::select::ProxyConfig;
use session_core::session::Session;
use session_core::session::builder::SessionBuilder;
use session_core::session::environment::{Environment, FileRule, TrustEnv};
use session_core::tls::settings::{Certificate, Roots, TlsSettings};
use std::path::PathBuf;

const NETRC: &str = "machine a.test login ann password s-netrc";

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::new(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn builder(trust: TrustEnv) -> SessionBuilder<Session> {
    let given = environment(&[("http_proxy", "http://u:s-proxy@proxy.test:3128"), ("no_proxy", "direct.test")]);
    Session::builder().environment(given.with_netrc(NETRC).with_certificates("-----BEGIN")).trust_env(trust)
}

/// The way, the Authorization, and the roots of a session's first request.
fn seen(builder: SessionBuilder<Session>) -> (String, bool, bool) {
    let mut session = builder.build().unwrap();
    let run = plain_get(&mut session, "http://a.test/");
    let only = *session.tls().next().unwrap().as_ref() != TlsSettings::new();
    (run.last().route().to_string(), run.fields("authorization")[0].is_some(), only)
}

#[test]
fn nothing_is_taken_unless_it_is_trusted_and_each_switch_is_its_own() {
    let direct = "direct".to_owned();
    let proxied = || seen(builder(TrustEnv::nothing().proxies())).0;
    assert_eq!(seen(builder(TrustEnv::nothing())), (direct.clone(), false, false));
    assert!(proxied().contains("proxy.test:3128") && !proxied().contains("s-proxy"), "{}", proxied());
    assert_eq!(seen(builder(TrustEnv::nothing().proxies())), (proxied(), false, false));
    assert_eq!(seen(builder(TrustEnv::nothing().netrc())), (direct.clone(), true, false));
    assert_eq!(seen(builder(TrustEnv::nothing().certificates())), (direct, false, true));
    assert_eq!(seen(builder(TrustEnv::all())), (proxied(), true, true));
}

#[test]
fn the_bare_machine_has_an_environment_only_where_it_is_given_one() {
    assert_eq!(seen(Session::builder().trust_env(TrustEnv::all())), ("direct".to_owned(), false, false));
}

#[test]
fn what_the_builder_is_told_goes_before() {
    let own = ProxyConfig::new().http(ProxyServer::parse("http://own.test:1").unwrap());
    assert!(seen(builder(TrustEnv::all()).proxy(own)).0.contains("own.test"));

    let mut session =
        builder(TrustEnv::all()).netrc(Netrc::parse("machine b.test login b password x").0).build().unwrap();
    assert_eq!(plain_get(&mut session, "http://a.test/").fields("authorization"), [None]);
    let mut session = builder(TrustEnv::all()).auth(Credential::bearer("mine")).build().unwrap();
    assert_eq!(plain_get(&mut session, "http://a.test/").fields("authorization"), [Some("Bearer mine".to_owned())]);

    let trusting = |builder: SessionBuilder<Session>| builder.build().unwrap().tls().next().unwrap().as_ref().clone();
    let (own, env) = (Certificate::der(b"own".to_vec()), Certificate::pem("-----BEGIN"));
    let only = TlsSettings::new().roots(Roots::Only(vec![own.clone()]));
    assert_eq!(trusting(builder(TrustEnv::all()).tls_certs_only([own.clone()])), only);
    let platform = TlsSettings::new().roots(Roots::Platform);
    assert_eq!(trusting(builder(TrustEnv::all()).tls(platform.clone())), platform);
    let both = TlsSettings::new().roots(Roots::Only(vec![env, own.clone()]));
    assert_eq!(trusting(builder(TrustEnv::all()).tls_certs_merge([own])), both);
}

#[test]
fn a_proxy_that_is_none_and_a_file_without_roots_are_errors() {
    let build = |given: Environment| Session::builder().environment(given).trust_env(TrustEnv::all()).build();
    let error = build(environment(&[("https_proxy", "ftp://s-secret@proxy.test")])).unwrap_err();
    assert!(error.to_string().contains("https_proxy") && !format!("{error:?}").contains("s-secret"), "{error:?}");
    assert_eq!(build(Environment::default().with_certificates("")).unwrap_err().kind(), ErrorKind::InvalidSetting);
}

#[test]
fn the_files_are_those_that_the_variables_name() {
    let named = environment(&[("NETRC", "/n"), ("HOME", "/h"), ("CURL_CA_BUNDLE", "/c"), ("SSL_CERT_FILE", " ")]);
    assert_eq!(named.netrc_files(), (vec![PathBuf::from("/n")], FileRule::Required));
    assert_eq!(named.certificates_file(), Some(PathBuf::from("/c")));
    let home = environment(&[("HOME", "/h"), ("SSL_CERT_FILE", "/s"), ("REQUESTS_CA_BUNDLE", "/r")]);
    let files = vec![PathBuf::from("/h").join(".netrc"), PathBuf::from("/h").join("_netrc")];
    assert_eq!(home.netrc_files(), (files, FileRule::Optional));
    assert_eq!(home.certificates_file(), Some(PathBuf::from("/s")));
    assert_eq!(environment(&[]).netrc_files(), (Vec::new(), FileRule::Optional));
    assert_eq!(environment(&[]).certificates_file(), None);
}

#[test]
fn a_snapshot_prints_no_value_and_keeps_what_is_of_use_alone() {
    let given = environment(&[("http_proxy", "http://u:s-1@p.test"), ("AWS_SECRET_ACCESS_KEY", "s-2")]);
    let shown = format!("{:?}", given.with_netrc(NETRC));
    assert!(shown.contains("http_proxy") && !shown.contains("s-") && !shown.contains("AWS"), "{shown}");
}
