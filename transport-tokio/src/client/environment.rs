//! The environment of this process, read where a session is told to trust it: what becomes of it is the core's to say.

use session_core::error::{Error as CoreError, ErrorKind, Fault, Phase};
use session_core::session::environment::{Environment, FileRule, TrustEnv};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The variables, and the files that are wanted of them.
pub(super) fn read(trust: TrustEnv) -> Result<Environment, CoreError> {
    // A name or a value that is no text is none of those that are looked at.
    let variables = std::env::vars_os();
    let text = variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut environment = Environment::new(text);
    if trust.wants_netrc() {
        let (files, rule) = environment.netrc_files();
        for path in files {
            if let Some(text) = netrc(&path, rule)? {
                environment = environment.with_netrc(text);
                break;
            }
        }
    }
    if trust.wants_certificates()
        && let Some(path) = environment.certificates_file()
    {
        let pem = fs::read(&path).map_err(|source| failed(&path, "cannot be read", source))?;
        environment = environment.with_certificates(pem);
    }
    Ok(environment)
}

/// The text of a netrc file; `None` where there is none and none must be there. One that nobody named is read only where
/// others cannot, as Python's `netrc` has it.
fn netrc(path: &Path, rule: FileRule) -> Result<Option<String>, CoreError> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && rule == FileRule::Optional => return Ok(None),
        opened => opened.map_err(|source| failed(path, "cannot be read", source))?,
    };
    #[cfg(unix)]
    if rule == FileRule::Optional {
        use std::os::unix::fs::PermissionsExt;
        let found = file.metadata().map_err(|source| failed(path, "cannot be read", source))?;
        if found.permissions().mode() & 0o077 != 0 {
            let message = format!("the file {path:?} holds passwords, and others may open it");
            return Err(CoreError::new(ErrorKind::InvalidSetting, Phase::Build, message).with_expected("mode 0600"));
        }
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|source| failed(path, "cannot be read", source))?;
    Ok(Some(text))
}

fn failed(path: &Path, what: &str, source: io::Error) -> CoreError {
    let message = format!("the file {path:?}, which the environment leads to, {what}");
    CoreError::new(ErrorKind::Io, Phase::Build, message).with_fault(Fault::Caller).with_source(source)
}
