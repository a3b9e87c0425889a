//! The folder that a run leaves its pictures in: the record, the page and the picture of the headline.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::output;
use crate::record::Record;
use crate::report::{self, Format, View};

/// The name of the folder that is taken if none is asked for.
const NAME: &str = "bench-harness-report";

/// What cargo marks its target folders with.
const TARGET_MARK: &str = "CACHEDIR.TAG";

/// A folder for the pictures.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// This folder, made if it is not there.
    ///
    /// # Errors
    ///
    /// If it cannot be made: to be told now, not after a minute.
    pub(crate) fn asked_for(path: &Path) -> Result<Self, String> {
        fs::create_dir_all(path)
            .map_err(|error| format!("cannot make the folder {}: {error}", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    /// Beside the program if that lies in a target folder of cargo's, else in the current folder.
    pub(crate) fn usual() -> Self {
        let beside = env::current_exe().ok().and_then(|program| {
            let of_cargo = program.ancestors().any(|folder| folder.join(TARGET_MARK).exists());
            of_cargo.then(|| program.with_file_name(NAME))
        });
        Self(beside.unwrap_or_else(|| NAME.into()))
    }

    /// Writes record, page and picture, and says where they are, a line each. The record of the run
    /// before is kept beside them, as `previous.json`.
    ///
    /// # Errors
    ///
    /// Which of them cannot be written, and why.
    pub(crate) fn write(&self, record: &Record) -> Result<String, String> {
        let Self(folder) = Self::asked_for(&self.0)?;
        let view = View::of(record);
        let put = |name: &str, text: &str| {
            let path = folder.join(name);
            let written = output::put(&path, text.as_bytes());
            written.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            Ok::<_, String>(shown(&path))
        };
        // The first run has none.
        let _ = fs::rename(folder.join("record.json"), folder.join("previous.json"));
        let record = put("record.json", &report::write(Format::Json, record))?;
        let page = put("report.html", &report::html(&view))?;
        let picture = put("headline.svg", &report::headline_svg(&view))?;
        Ok(format!("record:  {record}\nreport:  {page}\npicture: {picture}\n"))
    }
}

/// As short as it can be typed here.
fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}
