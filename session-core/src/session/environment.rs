//! What a session takes from the process's environment, where it is told to: proxies, netrc and roots of TLS, each by a
//! switch of its own. The core reads no environment. A transport hands a snapshot of it in as data, and so may a test.

use crate::auth::netrc::Netrc;
use crate::error::{Error, ErrorKind, Phase};
use crate::proxy::environment::from_environment;
use crate::session::memory::Memory;
use crate::session::settings::Settings;
use crate::tls::settings::{Certificate, Roots, TlsSettings};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// What is taken from the environment (`trust_env` in requests and aiohttp, in three switches). Default: nothing.
///
/// ```
/// use session_core::session::environment::TrustEnv;
///
/// let trust = TrustEnv::nothing().proxies().netrc();
/// assert_ne!(trust, TrustEnv::all());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrustEnv {
    proxies: Switch,
    netrc: Switch,
    certificates: Switch,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Switch {
    #[default]
    Off,
    On,
}

impl TrustEnv {
    /// Nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// All three (`trust_env = True` in requests).
    #[must_use]
    pub fn all() -> Self {
        Self::nothing().proxies().netrc().certificates()
    }

    /// And the proxies: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`. See
    /// [`crate::proxy::environment::from_environment`]. A `proxy` of the builder's goes before.
    #[must_use]
    pub fn proxies(mut self) -> Self {
        self.proxies = Switch::On;
        self
    }

    /// And the netrc file: the one that `NETRC` names, else `.netrc` in the home folder (`_netrc` where that is not there).
    /// It loses to every credential that is set, and a `netrc` of the builder's goes before.
    #[must_use]
    pub fn netrc(mut self) -> Self {
        self.netrc = Switch::On;
        self
    }

    /// And the roots in the file that `SSL_CERT_FILE` names, else `REQUESTS_CA_BUNDLE`, else `CURL_CA_BUNDLE`: they are
    /// trusted in the place of the compiled-in ones, with those of `tls_certs_merge`. Roots that the builder sets alone, and
    /// the platform's, go before. `SSL_CERT_DIR` is not read.
    #[must_use]
    pub fn certificates(mut self) -> Self {
        self.certificates = Switch::On;
        self
    }

    /// Whether nothing is taken.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// Whether the netrc file is to be read.
    #[must_use]
    pub fn wants_netrc(self) -> bool {
        self.netrc == Switch::On
    }

    /// Whether the file of roots is to be read.
    #[must_use]
    pub fn wants_certificates(self) -> bool {
        self.certificates == Switch::On
    }
}

/// A snapshot of the environment: the variables that are of use, and the texts of the files that they lead to.
#[derive(Clone, Default)]
pub struct Environment {
    variables: Vec<(String, String)>,
    netrc: Option<String>,
    certificates: Option<Vec<u8>>,
}

/// The files of roots, the first that is named counts.
const CERTIFICATES: [&str; 3] = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// The home folder, the first that is named counts.
const HOME: [&str; 2] = ["HOME", "USERPROFILE"];

/// Every variable that is looked at; no other is kept.
const KNOWN: [&str; 15] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "REQUEST_METHOD",
    "NETRC",
    HOME[0],
    HOME[1],
    CERTIFICATES[0],
    CERTIFICATES[1],
    CERTIFICATES[2],
];

impl Environment {
    /// A snapshot of these variables, of which those are kept that are of use.
    #[must_use]
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = variables.into_iter().filter(|(name, _)| KNOWN.contains(&name.as_str())).collect();
        Self { variables, ..Self::default() }
    }

    /// The same with the text of a netrc file.
    #[must_use]
    pub fn with_netrc(mut self, text: impl Into<String>) -> Self {
        self.netrc = Some(text.into());
        self
    }

    /// The same with a file of roots, in PEM.
    #[must_use]
    pub fn with_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates = Some(pem.into());
        self
    }

    /// Where the netrc file may be, the first that is there counts; whether one must be there, because `NETRC` names it.
    #[must_use]
    pub fn netrc_files(&self) -> (Vec<PathBuf>, FileRule) {
        if let Some(named) = self.variable("NETRC") {
            return (vec![PathBuf::from(named)], FileRule::Required);
        }
        let home = HOME.iter().find_map(|name| self.variable(name)).map(PathBuf::from);
        let files = home.map(|home| vec![home.join(".netrc"), home.join("_netrc")]);
        (files.unwrap_or_default(), FileRule::Optional)
    }

    /// Where the file of roots is; where a variable names one, it must be there.
    #[must_use]
    pub fn certificates_file(&self) -> Option<PathBuf> {
        CERTIFICATES.iter().find_map(|name| self.variable(name)).map(PathBuf::from)
    }

    fn variable(&self, wanted: &str) -> Option<&str> {
        let found = self.variables.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Lays what is trusted of it under what the builder was told.
    pub(crate) fn apply(self, trust: TrustEnv, settings: &mut Settings, memory: &mut Memory) -> Result<(), Error> {
        if trust.proxies == Switch::On && settings.proxy.is_empty() {
            settings.proxy = from_environment(&self.variables)?;
        }
        if let Some(text) = self.netrc.filter(|_| trust.wants_netrc() && memory.netrc.is_empty()) {
            memory.netrc = Netrc::parse(&text).0;
        }
        if let Some(pem) = self.certificates.filter(|_| trust.wants_certificates()) {
            if pem.is_empty() {
                return Err(Error::new(ErrorKind::InvalidSetting, Phase::Build, "the file of roots is empty"));
            }
            let roots = std::iter::once(Certificate::pem(pem));
            let further = match settings.tls.default.trusted() {
                Roots::Webpki => Vec::new(),
                Roots::Merge(further) => further.clone(),
                Roots::Only(_) | Roots::Platform | Roots::PlatformMerge(_) => return Ok(()),
            };
            let tls = TlsSettings::clone(&settings.tls.default);
            settings.tls.default = Arc::new(tls.roots(Roots::Only(roots.chain(further).collect())));
        }
        Ok(())
    }
}

/// Whether a file that was looked for must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it must be there or it may")]
pub enum FileRule {
    /// It was named: that it is not there is an error.
    Required,
    /// It is where such a file may be: that it is not there is nothing.
    Optional,
}

impl fmt::Debug for Environment {
    /// By names only: a proxy's URL and a netrc file hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.variables.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("netrc", &self.netrc.is_some())
            .field("certificates", &self.certificates.is_some())
            .finish()
    }
}
