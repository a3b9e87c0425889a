//! A record as the page and the picture see it: read from a file, or from a run that has just ended.

use std::path::Path;

use serde::Deserialize;

use crate::compare::Comparison;
use crate::latency::{Latency, Timer};
use crate::lineup::{LOOP, is_judged};
use crate::payload::Payload;
use crate::record::Record;
use crate::scaling::Scaling;
use crate::stored;

/// A record, as far as it is shown: its fields are those of [`Record`]. What an older record does not
/// have is empty here.
#[derive(Clone, Debug, Deserialize)]
pub struct View {
    #[serde(default)]
    pub(super) version: String,
    pub(super) date: String,
    pub(super) commit: String,
    pub(super) interrupted: bool,
    pub(super) machine: Machine,
    #[serde(default)]
    pub(super) settings: Option<Settings>,
    #[serde(default)]
    pub(super) notes: Vec<String>,
    pub(super) cells: Vec<Cell>,
    #[serde(default)]
    pub(super) unable: Vec<Unable>,
    #[serde(default)]
    pub(super) latencies: Vec<Latency>,
    #[serde(default)]
    pub(super) timer: Option<Timer>,
    #[serde(default)]
    pub(super) scaling: Option<Scaling>,
    #[serde(default)]
    pub(super) summary: Vec<String>,
    #[serde(default)]
    pub(super) comparison: Option<Comparison>,
}

/// The machine and the toolchain.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Machine {
    pub(super) cpu: String,
    pub(super) cores: usize,
    pub(super) kernel: String,
    pub(super) rustc: String,
    #[serde(default)]
    pub(super) load: Option<f64>,
}

/// How the run was measured.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Settings {
    pub(super) time_seconds: f64,
    pub(super) rounds: usize,
    #[serde(default)]
    pub(super) passes: Option<usize>,
    pub(super) target_ns: f64,
}

/// One contender at one case.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Cell {
    #[serde(deserialize_with = "stored::contender")]
    pub(super) contender: String,
    pub(super) path: String,
    pub(super) workload: String,
    #[serde(default)]
    pub(super) payload: Option<String>,
    pub(super) threads: usize,
    pub(super) block_size: usize,
    pub(super) arena: usize,
    pub(super) median_ns: f64,
    pub(super) min_ns: f64,
    #[serde(default)]
    pub(super) samples_ns: Vec<f64>,
    #[serde(default)]
    pub(super) loop_ns: Option<f64>,
    #[serde(default)]
    pub(super) best_allocator_ns: Option<f64>,
    #[serde(default)]
    pub(super) times_best_allocator: Option<f64>,
    #[serde(default)]
    pub(super) remark: Option<String>,
    #[serde(default)]
    pub(super) met: Option<bool>,
}

/// What a contender cannot do.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Unable {
    #[serde(deserialize_with = "stored::contender")]
    pub(super) contender: String,
    pub(super) path: String,
    pub(super) workload: String,
    pub(super) reason: String,
}

/// The blocks that a cell is about: how large they are, how many the arena has, and what is written into
/// them if not the workload's usual payload. One heat table has them in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocks<'a> {
    pub(super) block_size: usize,
    pub(super) arena: usize,
    pub(super) payload: Option<&'a str>,
}

impl View {
    /// The view of a run's record, by the way of its JSON: what is shown is what is stored.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        serde_json::to_value(record)
            .and_then(serde_json::from_value)
            .expect("a record's own JSON has every field, and every time in it is finite")
    }

    /// The view of the record in a file.
    ///
    /// # Errors
    ///
    /// One line that names the file and what is wrong with it, as for a comparison.
    pub fn read(path: &Path) -> Result<Self, String> {
        let view: Self = stored::read_as(path)?;
        let wrong = view.cells.iter().find(|cell| !(cell.median_ns > 0.0 && cell.min_ns > 0.0));
        match wrong {
            None => Ok(view),
            Some(Cell { contender, path: through, .. }) => Err(format!(
                "{}: the record is damaged: a time of {contender}/{through} is not above 0",
                path.display()
            )),
        }
    }

    /// The target that the run was judged by.
    pub(super) fn target_ns(&self) -> Option<f64> {
        self.settings.map(|settings| settings.target_ns)
    }

    /// Those who are judged.
    pub(super) fn judged(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| cell.is_judged())
    }
}

impl Cell {
    pub(super) fn is_loop(&self) -> bool {
        self.contender == LOOP
    }

    /// Whether it is an allocator, and for the first time.
    pub(super) fn is_judged(&self) -> bool {
        is_judged(&self.contender)
    }

    pub(super) fn name(&self) -> (&str, &str) {
        (&self.contender, &self.path)
    }

    pub(super) fn blocks(&self) -> Blocks<'_> {
        let Self { block_size, arena, .. } = *self;
        let payload = Some(self.payload()).filter(|payload| *payload != self.usual_payload());
        Blocks { block_size, arena, payload }
    }

    /// What was written into its blocks.
    pub(super) fn payload(&self) -> &str {
        self.payload.as_deref().unwrap_or(self.usual_payload())
    }

    /// What the workload writes if nothing else is asked for, and wrote before there was a choice.
    fn usual_payload(&self) -> &'static str {
        Payload::usual(&self.workload).name()
    }

    /// Whether the loop makes up half of the figure or more.
    pub(super) fn is_mostly_loop(&self) -> bool {
        !self.is_loop() && self.loop_ns.is_some_and(|alone| self.median_ns < 2.0 * alone)
    }
}

/// What comes before the parameters of a workload.
pub(super) fn family(workload: &str) -> &str {
    workload.split_once(':').map_or(workload, |(family, _)| family)
}

impl std::fmt::Display for Blocks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { block_size, arena, payload } = self;
        write!(f, "blocks of {}, capacity {arena}", crate::numbers::bytes(*block_size))?;
        payload.map_or(Ok(()), |payload| write!(f, ", payload: {payload}"))
    }
}
