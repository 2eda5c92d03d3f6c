//! A file replaced as a whole: whoever reads it finds the old content or the new one, whatever fails in between. What the
//! content is, and what an error says of it, is left to who asks.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Why a file was not replaced, or may not last.
#[derive(Debug)]
pub(super) struct Failed {
    /// What could not be done, to stand behind "could not be".
    pub(super) what: &'static str,
    pub(super) source: io::Error,
}

/// Puts `content` in the place of the file, all of it or nothing. Only its owner may read and write it (on Unix, mode 0600).
///
/// It is written to a new file beside it first, which takes its place once it is on the disk. A symbolic link is replaced,
/// not followed. Where that fails the new file is removed.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<(), Failed> {
    let failed = |what| move |source| Failed { what, source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Opened first: a folder that cannot be opened is to fail before anything is replaced.
    #[cfg(unix)]
    let opened = File::open(folder).map_err(failed("saved: its folder cannot be opened"))?;
    let (mut file, temporary) =
        create(folder, random_name).map_err(failed("saved: no temporary file can be made beside it"))?;
    fill(&mut file, content).map_err(failed("saved: the temporary file cannot be written"))?;
    drop(file);
    temporary.take_place_of(path).map_err(failed("replaced"))?;
    #[cfg(unix)]
    opened.sync_all().map_err(failed("made durable, though it is replaced"))?;
    Ok(())
}

/// How many names are tried: one more is needed only where a file of the same 64 random bits is there.
const NAMES: usize = 8;

/// A file that was not there before, not even as a link.
fn create(folder: &Path, mut name: impl FnMut() -> io::Result<String>) -> io::Result<(File, Temporary)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    for _ in 0..NAMES {
        let path = folder.join(name()?);
        match options.open(&path) {
            Ok(file) => return Ok((file, Temporary { path, remains: false })),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

fn random_name() -> io::Result<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(format!(".tmp{:016x}", u64::from_ne_bytes(random)))
}

fn fill(file: &mut File, content: &[u8]) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Said outright: the mode that it was made with passed the process's mask.
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    file.write_all(content)?;
    file.sync_all()
}

/// The new file while it has a name of its own. Dropped before it has taken a place, it is removed.
struct Temporary {
    path: PathBuf,
    remains: bool,
}

impl Temporary {
    fn take_place_of(mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        self.remains = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.remains {
            // There is nobody to tell: why nothing was saved is told already.
            let _: io::Result<()> = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NAMES, create, replace};
    use std::fs;
    use std::io::ErrorKind;

    #[test]
    fn a_name_that_is_taken_is_left_alone_and_another_one_tried() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("0"), "another's").unwrap();
        let mut names = 0..;
        let (_, temporary) = create(folder.path(), || Ok(names.next().unwrap().to_string())).unwrap();
        assert_eq!(temporary.path, folder.path().join("1"));
        assert_eq!(fs::read_to_string(folder.path().join("0")).unwrap(), "another's");
    }

    #[test]
    fn names_are_tried_up_to_a_bound() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("taken"), "another's").unwrap();
        let mut tried = 0;
        let error = create(folder.path(), || {
            tried += 1;
            Ok("taken".to_owned())
        });
        assert_eq!((error.err().map(|error| error.kind()), tried), (Some(ErrorKind::AlreadyExists), NAMES));
    }

    #[test]
    fn a_file_that_takes_no_place_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (_, temporary) = create(folder.path(), || Ok("new".to_owned())).unwrap();
        assert!(temporary.path.exists());
        drop(temporary);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    #[cfg(unix)]
    fn a_link_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "kept").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        replace(&link, b"new").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "kept");
        assert!(fs::symlink_metadata(&link).unwrap().is_file());
        assert_eq!(fs::read_to_string(&link).unwrap(), "new");
    }
}
