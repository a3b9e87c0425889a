//! Where a record comes from: its format, the program that wrote it, and when.

use std::time::SystemTime;

use serde::Serialize;

/// What the `format` of every record says.
pub const FORMAT: &str = "bench-harness record";

/// The version of the record's format that this program writes, and the newest that it reads. It
/// grows when a reader of the last one would misunderstand the next one; a new field is no reason.
pub const FORMAT_VERSION: u32 = 1;

/// The first fields of every record.
#[derive(Clone, Debug, Serialize)]
pub struct Origin {
    /// [`FORMAT`].
    pub format: &'static str,
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The version of this package.
    pub version: &'static str,
    /// The commit that the program was built from, with `-dirty` if the checkout had changes;
    /// "unknown" if it was not built in a checkout.
    pub commit: &'static str,
    /// When the run began: UTC, to the second, in the form of RFC 3339.
    pub date: String,
}

impl Origin {
    /// This program, now.
    #[must_use]
    pub fn now() -> Self {
        Self {
            format: FORMAT,
            format_version: FORMAT_VERSION,
            version: env!("CARGO_PKG_VERSION"),
            commit: env!("BENCH_HARNESS_COMMIT"),
            date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { version, commit, date, .. } = self;
        write!(f, "{date}, bench-harness {version}, commit {commit}")
    }
}
