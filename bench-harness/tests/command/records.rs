//! Records as a user meets them: written, compared, interrupted, damaged.

mod compared;
mod damaged;
#[cfg(unix)]
mod interrupted;
mod written;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{command, run, text};

/// Two cells, a dozen samples of each.
const SMALL: &[&str] = &[
    "--time=0.05",
    "--rounds=12",
    "--threads=1",
    "--workload=pair",
    "--capacity=10",
    "--block-size=64",
    "--contender=system,mutex/handle",
];

/// A file in a folder of this test's own, both removed in the end.
struct File {
    path: PathBuf,
    _folder: TempDir,
}

impl File {
    /// The name of no file yet.
    fn absent(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { path: folder.path().join(name), _folder: folder }
    }

    fn of(name: &str, content: &str) -> Self {
        let file = Self::absent(name);
        fs::write(&file.path, content).expect("a temporary file");
        file
    }

    fn path(&self) -> &str {
        self.path.to_str().expect("a UTF-8 path")
    }

    fn read(&self) -> String {
        fs::read_to_string(&self.path).expect("the file is there")
    }
}

fn measured() -> Value {
    let output = run(&[SMALL, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("valid JSON")
}

/// The record with every sample of the first cell so many times as long.
fn slowed(record: &Value, factor: f64) -> Value {
    let mut slowed = record.clone();
    for sample in slowed["cells"][0]["samples_ns"].as_array_mut().expect("samples") {
        *sample = json!(sample.as_f64().expect("a number") * factor);
    }
    slowed
}

/// A record made by hand, of one cell: times spread by a hundredth, so that all is certain.
fn steady() -> Value {
    let mut record = measured();
    for cell in record["cells"].as_array_mut().expect("cells") {
        cell["samples_ns"] = (0..12).map(|sample| 10.0 + 0.01 * f64::from(sample)).collect();
    }
    record
}
