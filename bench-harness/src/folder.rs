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

/// The name of the link to the newest report of a whole run.
const LATEST: &str = "latest";

/// A run of fewer cells does not become the latest one.
const FEW_CELLS: usize = 100;

/// A folder for the pictures.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Whether each report has a folder of its own in it, named by its date.
    by_date: bool,
}

impl Folder {
    /// This folder, made if it is not there.
    ///
    /// # Errors
    ///
    /// If it cannot be made: to be told now, not after a minute.
    pub(crate) fn asked_for(path: &Path) -> Result<Self, String> {
        fs::create_dir_all(path)
            .map_err(|error| format!("cannot make the folder {}: {error}", path.display()))?;
        Ok(Self { path: path.to_owned(), by_date: false })
    }

    /// Beside the program if that lies in a target folder of cargo's, else in the current folder.
    pub(crate) fn usual() -> Self {
        let beside = env::current_exe().ok().and_then(|program| {
            let of_cargo = program.ancestors().any(|folder| folder.join(TARGET_MARK).exists());
            of_cargo.then(|| program.with_file_name(NAME))
        });
        Self { path: beside.unwrap_or_else(|| NAME.into()), by_date: true }
    }

    /// Writes record, page and picture, and says where they are, a line each. In the usual folder they
    /// have a folder of their own, named by the date, and `latest` leads to it unless the run was
    /// interrupted or had few cells. In another folder the record of the run before is kept next to
    /// them, as `previous.json`.
    ///
    /// # Errors
    ///
    /// Which of them cannot be written, and why.
    pub(crate) fn write(&self, record: &Record) -> Result<String, String> {
        let dated = record.origin.date.replace(':', "-");
        let folder = if self.by_date { self.path.join(&dated) } else { self.path.clone() };
        let Self { path: folder, .. } = Self::asked_for(&folder)?;
        let view = View::of(record);
        let is_whole = !record.interrupted && record.cells.len() >= FEW_CELLS;
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
        if self.by_date && is_whole {
            point(&self.path.join(LATEST), &dated);
        }
        Ok(format!("record:  {record}\nreport:  {page}\npicture: {picture}\n"))
    }
}

/// Makes the link lead to a folder next to it. A report can be found without the link, so a system
/// that refuses links is no failure.
#[cfg(unix)]
fn point(link: &Path, to: &str) {
    let new = link.with_extension("new");
    let _ = fs::remove_file(&new);
    let _ = std::os::unix::fs::symlink(to, &new).and_then(|()| fs::rename(&new, link));
}

#[cfg(not(unix))]
fn point(_link: &Path, _to: &str) {}

/// As short as it can be typed here.
fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}
