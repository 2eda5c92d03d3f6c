//! The settings of TLS, by the names that reqwest's builder has for them.

use crate::message::origin::Origin;
use crate::session::builder::SessionBuilder;
use crate::session::transport::Transport;
use crate::tls::settings::{Certificate, Identity, Roots, TlsSettings, TlsVersion, Verification};
use std::sync::Arc;

impl<T: Transport> SessionBuilder<T> {
    /// What TLS connections are to be like, all of it at once. The functions below change single settings of it.
    ///
    /// What is wrong with it is told by [`SessionBuilder::build`] of a transport.
    pub fn tls(mut self, settings: TlsSettings) -> Self {
        self.settings.tls.default = Arc::new(settings);
        self
    }

    /// What TLS connections to one origin are to be like, in place of the session's settings and without any of them: the
    /// place for a client certificate that no other server is to see.
    ///
    /// ```no_run
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::tls::settings::{Identity, TlsSettings, TlsVersion};
    /// # let (chain, key) = ("", "");
    ///
    /// let settings = TlsSettings::new().identity(Identity::pem(chain, key)).min_version(TlsVersion::V1_3);
    /// let session = Session::builder().tls_for("https://bank.test", settings).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn tls_for(mut self, origin: &str, settings: TlsSettings) -> Self {
        match Origin::parse(origin) {
            Ok(origin) => {
                self.settings.tls.origins.insert(origin, Arc::new(settings));
                self
            }
            Err(error) => self.refuse(error),
        }
    }

    /// Trusts these roots beside those that are trusted.
    pub fn tls_certs_merge(self, roots: impl IntoIterator<Item = Certificate>) -> Self {
        self.change_tls(|tls| tls.add_roots(roots))
    }

    /// Trusts these roots alone.
    ///
    /// ```no_run
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::tls::settings::Certificate;
    ///
    /// // As requests' verify="ca.pem".
    /// let session = Session::builder().tls_certs_only([Certificate::pem(std::fs::read("ca.pem")?)]).build()?;
    /// # drop(session);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tls_certs_only(self, roots: impl IntoIterator<Item = Certificate>) -> Self {
        self.change_tls(|tls| tls.roots(Roots::Only(roots.into_iter().collect())))
    }

    /// Shows this certificate to every server that asks for one. See [`SessionBuilder::tls_for`] for a single one.
    ///
    /// ```no_run
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::tls::settings::Identity;
    ///
    /// // As requests' cert=("client.pem", "client.key").
    /// let identity = Identity::pem(std::fs::read("client.pem")?, std::fs::read("client.key")?);
    /// let session = Session::builder().tls_identity(identity).build()?;
    /// # drop(session);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tls_identity(self, identity: Identity) -> Self {
        self.change_tls(|tls| tls.identity(identity))
    }

    /// Speaks no older version of TLS than this. Default 1.2.
    pub fn tls_version_min(self, version: TlsVersion) -> Self {
        self.change_tls(|tls| tls.min_version(version))
    }

    /// Speaks no newer version of TLS than this. Default: the newest, 1.3.
    pub fn tls_version_max(self, version: TlsVersion) -> Self {
        self.change_tls(|tls| tls.max_version(version))
    }

    /// With `true`, accepts whatever certificate a server shows. **Whoever stands between reads and changes everything,
    /// credentials and cookies first.** Where one certificate is the trouble, trust it by
    /// [`SessionBuilder::tls_certs_merge`] instead. HSTS is not learned over such a connection (RFC 6797 8.1), and the
    /// history of each exchange says [`Reason::Unverified`](crate::session::reason::Reason::Unverified). Default `false`.
    pub fn tls_danger_accept_invalid_certs(self, accept: bool) -> Self {
        let verification = if accept { Verification::DangerAcceptInvalid } else { Verification::Full };
        self.change_tls(|tls| tls.verification(verification))
    }

    fn change_tls(mut self, change: impl FnOnce(TlsSettings) -> TlsSettings) -> Self {
        let settings = TlsSettings::clone(&self.settings.tls.default);
        self.settings.tls.default = Arc::new(change(settings));
        self
    }
}
