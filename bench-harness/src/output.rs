//! Where a report goes: to a file or to the standard output.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

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

    /// Puts the report there. A reader who has seen enough, as `head` does, is no failure.
    pub(crate) fn write(&self, text: &str) -> io::Result<()> {
        let written = match self {
            Self::File { path, .. } => fs::write(path, text),
            Self::Standard => {
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes()).and_then(|()| out.flush())
            }
        };
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// There is no report: leaves everything as it was.
    pub(crate) fn abandon(&self) {
        if let Self::File { path, new: true } = self {
            // An empty file that cannot be removed does no harm.
            let _ = fs::remove_file(path);
        }
    }
}
