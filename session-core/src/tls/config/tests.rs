//! Sessions are resumed under equal settings and under no others, and what is kept is bounded.

use super::{FurtherRoots, PlatformVerifier, TlsConfigs};
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::message::host::CanonicalHost;
use crate::time::Now;
use crate::tls::client::Tls;
use crate::tls::settings::{Certificate, Identity, Roots, TlsSettings, Verification};
use bytes::BytesMut;
use rustls::client::WebPkiServerVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use session_testkit::ca::TestCa;
use session_testkit::tls::{ClientCertificate, server_config};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

fn now() -> Now {
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
    Now::new(Instant::now(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

/// Whether a connection under these settings goes on with an earlier session.
fn resumes(configs: &mut TlsConfigs, settings: &TlsSettings, server: &Arc<ServerConfig>) -> bool {
    let config = configs.config(&Arc::new(settings.clone())).unwrap();
    let mut client = Tls::new(&config, &CanonicalHost::parse("a.test").unwrap(), now()).unwrap();
    let mut server = ServerConnection::new(server.clone()).unwrap();
    loop {
        let mut out = BytesMut::new();
        client.take_out(&mut out);
        let mut heard: &[u8] = &out;
        while !heard.is_empty() {
            server.read_tls(&mut heard).unwrap();
            server.process_new_packets().unwrap();
        }
        let mut said = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut said).unwrap();
        }
        if said.is_empty() && out.is_empty() {
            return client.is_resumed();
        }
        client.read_tls(&mut said.as_slice()).unwrap();
    }
}

#[test]
fn a_session_is_resumed_under_the_same_settings_and_under_no_others() {
    let ca = TestCa::new();
    for versions in [&[&rustls::version::TLS13], &[&rustls::version::TLS12]] {
        let server = Arc::new(server_config(&ca.issue(&["a.test"]), ClientCertificate::None, versions));
        let root = || Certificate::der(ca.certificate_der());
        let base = TlsSettings::new().roots(Roots::Only(vec![root()]));
        let client = ca.issue_client("ann");
        let others = [
            base.clone().verification(Verification::DangerAcceptInvalid),
            base.clone().add_roots([Certificate::der(TestCa::new().certificate_der())]),
            base.clone().identity(Identity::der(client.chain, client.key)),
            TlsSettings::new().add_roots([root()]),
        ];
        let mut configs = TlsConfigs::new(&Limits::default());
        assert!(!resumes(&mut configs, &base, &server));
        assert!(resumes(&mut configs, &base, &server), "equal settings share their sessions");
        for other in &others {
            assert!(!resumes(&mut configs, other, &server), "{other:?}");
        }
        assert!(resumes(&mut configs, &base, &server));
        assert!(!resumes(&mut TlsConfigs::new(&Limits::default()), &base, &server), "another session knows nothing");
    }
}

#[test]
fn so_many_settings_are_kept_and_one_more_takes_the_place_of_another() {
    let ca = TestCa::new();
    let server = Arc::new(server_config(&ca.issue(&["a.test"]), ClientCertificate::None, &[]));
    let mut limits = Limits { tls_configs: 2, ..Limits::default() };
    let mut configs = TlsConfigs::new(&limits);
    let one = TlsSettings::new().roots(Roots::Only(vec![Certificate::der(ca.certificate_der())]));
    let other = one.clone().verification(Verification::DangerAcceptInvalid);
    for settings in [&one, &other] {
        assert!(!resumes(&mut configs, settings, &server));
    }
    assert!(resumes(&mut configs, &one, &server) && resumes(&mut configs, &other, &server), "both are kept");
    configs.config(&Arc::new(TlsSettings::new())).unwrap();
    assert_eq!(configs.made.len(), 2);
    limits.tls_sessions = 0;
    let mut configs = TlsConfigs::new(&limits);
    assert!(!resumes(&mut configs, &one, &server) && !resumes(&mut configs, &one, &server), "none is kept");
}

#[test]
fn the_platforms_roots_need_its_verifier() {
    let settings = Arc::new(TlsSettings::new().roots(Roots::Platform));
    let error = TlsConfigs::new(&Limits::default()).config(&settings).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSetting);
}

#[test]
fn roots_beside_the_platforms_are_handed_to_its_verifier_and_must_be_certificates() {
    /// Trusts what it is handed, as a platform that has no roots of its own.
    fn make(further: FurtherRoots) -> Result<PlatformVerifier, Error> {
        assert!(!further.is_empty(), "none was handed on");
        PlatformVerifier::new(|provider| {
            let mut store = RootCertStore::empty();
            further.into_iter().try_for_each(|root| store.add(root))?;
            let built = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider).build();
            built
                .map(|built| Arc::try_unwrap(built).unwrap())
                .map_err(|error| rustls::Error::General(error.to_string()))
        })
    }
    let ca = TestCa::new();
    let server = Arc::new(server_config(&ca.issue(&["a.test"]), ClientCertificate::None, &[&rustls::version::TLS13]));
    let beside = |root| TlsSettings::new().roots(Roots::Platform).add_roots([root]);
    let mut configs = TlsConfigs::new(&Limits::default()).with_platform(make);
    let settings = beside(Certificate::der(ca.certificate_der()));
    assert!(!resumes(&mut configs, &settings, &server) && resumes(&mut configs, &settings, &server), "it is trusted");
    let error = configs.config(&Arc::new(beside(Certificate::der([1, 2, 3])))).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSetting);
    let without = TlsConfigs::new(&Limits::default()).config(&Arc::new(settings)).map(drop).unwrap_err();
    assert_eq!(without.kind(), ErrorKind::InvalidSetting);
}
