//! The folder that a run leaves record, picture and page in.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::plot;
use super::record::Record;
use super::report;

/// A folder that can be written to.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// This folder, made if it is not there; or one beside the program.
    ///
    /// # Errors
    ///
    /// If it cannot be made or written to: to be told now, not after hours.
    pub(crate) fn open(asked: Option<&Path>) -> Result<Self, String> {
        let beside = || {
            let program = env::current_exe().unwrap_or_default();
            program.with_file_name("soak-report")
        };
        let folder = asked.map_or_else(beside, Path::to_owned);
        fs::create_dir_all(&folder)
            .and_then(|()| NamedTempFile::new_in(&folder).map(drop))
            .map_err(|error| format!("cannot write to the folder {}: {error}", folder.display()))?;
        Ok(Self(folder))
    }

    /// The folder of this record.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub(crate) fn of(record: &Path) -> Result<Self, String> {
        let folder = record.parent().filter(|folder| !folder.as_os_str().is_empty());
        Self::open(Some(folder.unwrap_or(Path::new("."))))
    }

    /// Writes record, picture and page, and says where they are.
    ///
    /// # Errors
    ///
    /// Which of them cannot be written, and why.
    pub(crate) fn write(&self, record: &Record) -> Result<String, String> {
        let files =
            [("json", record.text()), ("svg", plot::svg(record)), ("md", report::page(record))];
        for (kind, text) in files {
            let path = self.0.join("soak").with_extension(kind);
            fs::write(&path, text)
                .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        }
        Ok(format!("soak.json, soak.svg and soak.md are in {}\n", self.0.display()))
    }
}
