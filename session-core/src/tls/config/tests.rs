//! Sessions are resumed under equal settings and under no others, what is kept is bounded, and Ed25519 is there with the
//! settings under which a certificate may have it.

use super::{FurtherRoots, PlatformVerifier, TlsConfigs};
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::message::host::CanonicalHost;
use crate::time::Now;
use crate::tls::client::Tls;
use crate::tls::settings::{Certificate, Identity, Roots, TlsSettings, Verification};
use bytes::BytesMut;
use rustls::client::WebPkiServerVerifier;
use rustls::server::Acceptor;
use rustls::{RootCertStore, ServerConfig, ServerConnection, SignatureScheme};
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

/// Trusts what it is handed, as a platform that has no roots of its own.
fn handed_on(further: FurtherRoots) -> Result<PlatformVerifier, Error> {
    assert!(!further.is_empty(), "none was handed on");
    PlatformVerifier::new(|provider| {
        let mut store = RootCertStore::empty();
        further.into_iter().try_for_each(|root| store.add(root))?;
        let built = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider).build();
        built.map(|built| Arc::try_unwrap(built).unwrap()).map_err(|error| rustls::Error::General(error.to_string()))
    })
}

#[test]
fn roots_beside_the_platforms_are_handed_to_its_verifier_and_must_be_certificates() {
    let ca = TestCa::new();
    let server = Arc::new(server_config(&ca.issue(&["a.test"]), ClientCertificate::None, &[&rustls::version::TLS13]));
    let beside = |root| TlsSettings::new().roots(Roots::Platform).add_roots([root]);
    let mut configs = TlsConfigs::new(&Limits::default()).with_platform(handed_on);
    let settings = beside(Certificate::der(ca.certificate_der()));
    assert!(!resumes(&mut configs, &settings, &server) && resumes(&mut configs, &settings, &server), "it is trusted");
    let error = configs.config(&Arc::new(beside(Certificate::der([1, 2, 3])))).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSetting);
    let without = TlsConfigs::new(&Limits::default()).config(&Arc::new(settings)).map(drop).unwrap_err();
    assert_eq!(without.kind(), ErrorKind::InvalidSetting);
}

/// Whether a server is told that it may sign by Ed25519.
fn offers_ed25519(settings: &TlsSettings) -> bool {
    let config =
        TlsConfigs::new(&Limits::default()).with_platform(handed_on).config(&Arc::new(settings.clone())).unwrap();
    let mut out = BytesMut::new();
    Tls::new(&config, &CanonicalHost::parse("a.test").unwrap(), now()).unwrap().take_out(&mut out);
    let mut acceptor = Acceptor::default();
    acceptor.read_tls(&mut out.as_ref()).unwrap();
    let accepted = acceptor.accept().unwrap().unwrap();
    accepted.client_hello().signature_schemes().contains(&SignatureScheme::ED25519)
}

#[test]
fn ed25519_is_spoken_under_every_setting_but_the_compiled_in_roots_alone() {
    let ca = TestCa::ed25519();
    let root = || [Certificate::pem(ca.pem())];
    let with = [
        TlsSettings::new().add_roots(root()),
        TlsSettings::new().roots(Roots::Only(root().into())),
        TlsSettings::new().roots(Roots::Platform).add_roots(root()),
        TlsSettings::new().verification(Verification::DangerAcceptInvalid),
    ];
    for versions in [&[&rustls::version::TLS13], &[&rustls::version::TLS12]] {
        let issued = ca.issue_through_intermediate(&["a.test"]);
        let server = Arc::new(server_config(&issued, ClientCertificate::None, versions));
        for settings in &with {
            assert!(offers_ed25519(settings), "{settings:?}");
            let mut configs = TlsConfigs::new(&Limits::default()).with_platform(handed_on);
            assert!(!resumes(&mut configs, settings, &server), "a whole handshake, with its signatures");
        }
    }
    for without in [TlsSettings::new(), with[3].clone().verification(Verification::Full)] {
        assert!(!offers_ed25519(&without), "{without:?}");
    }
}
