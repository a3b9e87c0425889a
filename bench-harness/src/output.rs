//! Where a report goes: to a file or to the standard output.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Where a report goes.
#[derive(Debug)]
pub(crate) enum Output {
    /// To the standard output.
    Standard,
    /// To a file, which keeps what it has until there is a report.
    File {
        /// Which file.
        path: PathBuf,
        /// Whether it is there only because a report was promised.
        new: bool,
    },
}

impl Output {
    /// The file, or else the standard output.
    ///
    /// # Errors
    ///
    /// If the file cannot be written to: to be told now, not after a minute.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, String> {
        let Some(path) = path else { return Ok(Self::Standard) };
        let new = !path.exists();
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .map_err(|error| format!("cannot write to {}: {error}", path.display()))?;
        Ok(Self::File { path: path.to_owned(), new })
    }

    /// Puts the report there, see [`print`].
    pub(crate) fn write(&self, text: &str) -> io::Result<()> {
        match self {
            Self::File { path, .. } => or_seen_enough(put(path, text.as_bytes())),
            Self::Standard => print(text),
        }
    }

    /// Returns whether nobody can read the report any more, as after `| head -1`.
    pub(crate) fn reader_has_left(&self) -> bool {
        matches!(self, Self::Standard) && pipe_is_closed()
    }

    /// There is no report: leaves everything as it was.
    pub(crate) fn abandon(&self) {
        if let Self::File { path, new: true } = self {
            // An empty file that cannot be removed does no harm.
            let _ = fs::remove_file(path);
        }
    }
}

/// Returns whether the standard output is a pipe whose reading end is closed.
#[cfg(unix)]
fn pipe_is_closed() -> bool {
    let mut out = libc::pollfd { fd: libc::STDOUT_FILENO, events: 0, revents: 0 };
    // SAFETY: `poll` is given one valid `pollfd`, which it may write to, and does not wait.
    let ready = unsafe { libc::poll(&raw mut out, 1, 0) };
    ready == 1 && out.revents & libc::POLLERR != 0
}

#[cfg(not(unix))]
fn pipe_is_closed() -> bool {
    false
}

/// Prints a text. A reader who has seen enough, as `head` does, is no failure.
///
/// # Errors
///
/// If the standard output does not take it.
///
/// # Examples
///
/// ```
/// bench_harness::output::print("what came of it\n")?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    or_seen_enough(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

fn or_seen_enough(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Puts the bytes into a file, all of them or none: whoever reads it meanwhile, or after
/// a crash, finds the old content or the new. What is no regular file is written to as it is.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?;
    // Where a link leads: else it would be the link that is replaced.
    let path = path.canonicalize()?;
    let old = fs::metadata(&path)?;
    let Some(folder) = path.parent().filter(|_| old.is_file()) else {
        return fs::write(path, bytes);
    };
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(bytes)?;
    new.as_file().set_permissions(old.permissions())?;
    new.as_file().sync_all()?;
    new.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_behind_a_link_and_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report");
        fs::write(&file, "old").unwrap();
        let permissions = {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
            fs::metadata(&file).unwrap().permissions()
        };
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        put(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions(), permissions);
        put(&folder.path().join("another"), b"new").unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 3, "nothing else is left");
    }

    /// As in `--output /dev/stdout`.
    #[test]
    fn what_is_no_file_is_written_to() {
        put(Path::new("/dev/null"), b"new").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
