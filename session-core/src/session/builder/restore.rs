//! What an earlier session knew: a snapshot, or a file with one.

use crate::error::Error;
use crate::session::Session;
use crate::session::builder::SessionBuilder;
#[cfg(feature = "json")]
use crate::session::environment::FileRule;
#[cfg(feature = "json")]
use crate::session::memory::Openness;
use crate::session::snapshot::Snapshot;
#[cfg(feature = "json")]
use crate::session::snapshot::file::{absent, named, read};
use crate::session::transport::{Clock, Transport};
use crate::time::Now;
#[cfg(feature = "json")]
use std::path::{Path, PathBuf};

/// Where what is restored comes from.
pub(super) enum Restores {
    Snapshot(Box<(Snapshot, Now)>),
    #[cfg(feature = "json")]
    File(PathBuf, FileRule),
}

impl<T: Transport> SessionBuilder<T> {
    /// Takes what an earlier session knew, in place of the cookies, fields, credentials and netrc entries that are set
    /// here, whatever the order of calls. The settings are those of this builder. See [`Session::restore`], whose errors
    /// come from [`SessionBuilder::build`].
    ///
    /// ```
    /// # use session_core::session::Session;
    /// # use session_core::time::Now;
    /// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
    /// let earlier = Session::builder().default_header("x-app", "demo").build()?;
    /// let later = Session::builder().restore(earlier.snapshot(now), now).https_only(true).build()?;
    /// assert!(later.headers().ordinary().contains_key("x-app"));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// [`Session::restore`]: crate::session::Session::restore
    pub fn restore(mut self, snapshot: Snapshot, now: Now) -> Self {
        self.restores = Some(Restores::Snapshot(Box::new((snapshot, now))));
        self
    }

    /// Takes what an earlier session knew from the file that the transport's `save` wrote, as [`SessionBuilder::restore`]
    /// takes a snapshot; of the two the later call counts. A session that was saved when it was closed is open again. Who
    /// can write the file chooses credentials and proxies of the session. Needs the features `serde` and `json`.
    ///
    /// The file is read in [`SessionBuilder::build`], which blocks its thread meanwhile, in every transport: no file is read before
    /// that, and none later. In asynchronous code where that must hold up no other task, build the session on a thread for blocking
    /// work (`spawn_blocking`, `smol::unblock`), or read the file as the runtime does and hand
    /// [`Snapshot::from_json`] to [`SessionBuilder::restore`].
    ///
    /// The errors of `build` are then
    /// [`ErrorKind::Io`](crate::error::ErrorKind::Io) where it is not there or cannot be read,
    /// [`ErrorKind::Limit`](crate::error::ErrorKind::Limit) where it is longer than
    /// [`Limits::session_file`](crate::limits::Limits::session_file), and
    /// [`ErrorKind::InvalidSetting`](crate::error::ErrorKind::InvalidSetting) where it is damaged or of another version;
    /// [`ErrorKind::Unsupported`](crate::error::ErrorKind::Unsupported) from the bare machine, which reads no files.
    #[cfg(feature = "json")]
    pub fn load(mut self, path: impl AsRef<Path>) -> Self {
        self.restores = Some(Restores::File(path.as_ref().to_owned(), FileRule::Required));
        self
    }

    /// Takes what an earlier session of this name knew for a host, where there was one: see [`SessionBuilder::load`], which also
    /// says where the file is read and what that blocks. The
    /// file is `FOLDER/HOST/NAME.json`, as HTTPie has it; what is no host and no name is an error of
    /// [`SessionBuilder::build`], see [`named`].
    #[cfg(feature = "json")]
    pub fn load_named(mut self, folder: impl AsRef<Path>, host: &str, name: &str) -> Self {
        match named(folder, host, name) {
            Ok(path) => {
                self.restores = Some(Restores::File(path, FileRule::Optional));
                self
            }
            Err(error) => self.refuse(error),
        }
    }

    /// Gives the session what it is to know.
    pub(super) fn restored(
        mut session: Session,
        from: Option<Restores>,
        #[cfg_attr(not(feature = "json"), expect(unused_variables, reason = "files alone need it"))] clock: Option<
            &Clock,
        >,
    ) -> Result<Session, Error> {
        match from {
            None => {}
            Some(Restores::Snapshot(saved)) => {
                let (snapshot, now) = *saved;
                session.restore(snapshot, now)?;
            }
            #[cfg(feature = "json")]
            Some(Restores::File(path, rule)) => {
                let longest = session.settings.limits.session_file;
                match (T::session_file(&path, longest)?, rule) {
                    (Some((text, now)), _) => {
                        let now = clock.map_or(now, Clock::now);
                        session.restore(read(&path, &text, longest)?, now)?;
                        session.memory.open = Openness::Open;
                    }
                    (None, FileRule::Required) => return Err(absent(&path)),
                    (None, FileRule::Optional) => {}
                }
            }
        }
        Ok(session)
    }
}
