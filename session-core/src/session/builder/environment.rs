//! What is taken from the environment.

use crate::error::Error;
use crate::session::builder::SessionBuilder;
use crate::session::environment::{Environment, TrustEnv};
use crate::session::transport::Transport;

impl<T: Transport> SessionBuilder<T> {
    /// What is taken from the process's environment: proxies, the netrc file, roots of TLS. Default: nothing (requests takes
    /// all of it, aiohttp nothing). What the builder is told goes before, whatever the order of calls.
    ///
    /// A transport reads the environment and the files in [`SessionBuilder::build`], which blocks its thread meanwhile: a file that a variable names and that
    /// cannot be read is an error there, and so is a proxy that is none. The bare machine reads nothing.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::session::environment::{Environment, TrustEnv};
    ///
    /// let variables = [("https_proxy".to_owned(), "http://proxy.test:3128".to_owned())];
    /// let session = Session::builder()
    ///     .trust_env(TrustEnv::nothing().proxies())
    ///     .environment(Environment::new(variables))
    ///     .build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn trust_env(mut self, trust: TrustEnv) -> Self {
        self.trust = trust;
        self
    }

    /// The environment to take that from, in the place of the process's own: for tests, and for programs that read it their
    /// own way.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    pub(super) fn take_environment(&mut self) -> Result<(), Error> {
        if self.trust.is_nothing() {
            return Ok(());
        }
        let environment = match self.environment.take() {
            Some(environment) => environment,
            None => T::environment(self.trust)?,
        };
        environment.apply(self.trust, &mut self.settings, &mut self.memory)
    }
}
