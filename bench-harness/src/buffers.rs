//! What is done with buffers, and what it costs: those of `block_core::buffer` beside those of `bytes`.
//!
//! ```console
//! cargo run --release -p bench-harness --example buffers
//! ```
//!
//! Measured as everything here, see `docs/METHODOLOGY.md`: threads pinned, contenders by turns round
//! by round, wall time of all threads together for each operation; least and median are shown. Each
//! loop adds up a byte of every buffer that it gets, and the sum is compared after the time.
//!
//! The pool is that of `block-lockfree`, borrowed (`&pool`) and owned (`Arc<pool>`); `bytes` takes its
//! memory from the program's allocator.

mod contenders;
mod operation;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use block_core::BuildError;
use block_lockfree::LockFreeAlloc;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use rayon::ThreadPoolBuildError;

use crate::fault::Fault;
use crate::median::median;
use crate::numbers::plural;
use crate::sampler::pairs_within;
use crate::workers::{Workers, wall};
use contenders::{Borrowed, OfBytes, Owned};
use operation::Loops;

pub use operation::Operation;

/// Bytes of a buffer: a packet, and some more.
pub const SIZE: usize = 2048;

/// How long a sample takes, roughly.
const SAMPLE: Duration = Duration::from_millis(2);

/// The first run of a cell, to find its pace.
const FIRST: u64 = 64;

/// Who keeps the buffers, as they are called in the table; the last is what the others are compared
/// with.
pub const CONTENDERS: [&str; 3] = ["&pool", "Arc<pool>", "bytes"];

/// An operation on so many threads.
#[derive(Clone, Debug)]
pub struct Row {
    /// The operation.
    pub operation: Operation,
    /// Threads.
    pub threads: usize,
    /// The samples of each contender, in nanoseconds an operation, all threads together.
    pub samples_ns: [Vec<f64>; CONTENDERS.len()],
}

impl Row {
    /// How many times as fast as `bytes` each contender is, by the medians.
    #[must_use]
    pub fn times_bytes(&self) -> [f64; CONTENDERS.len()] {
        let medians = self.samples_ns.each_ref().map(|samples| median(samples));
        medians.map(|median| medians[CONTENDERS.len() - 1] / median)
    }
}

/// Why nothing could be measured.
#[derive(Debug)]
pub enum BuffersError {
    /// The pool could not be built.
    Build(BuildError),
    /// The system refused the threads.
    Threads(ThreadPoolBuildError),
    /// A contender was caught.
    Fault(Fault),
}

impl fmt::Display for BuffersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(error) => error.fmt(f),
            Self::Threads(error) => write!(f, "cannot start the threads: {error}"),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for BuffersError {}

/// Measures every operation on each number of threads, so many samples a contender.
///
/// # Errors
///
/// If the pool or the threads cannot be had, or a contender has no buffer.
///
/// # Panics
///
/// If a buffer had other bytes than were written.
pub fn measure(
    workers: &mut Workers,
    threads: &[usize],
    rounds: usize,
) -> Result<Vec<Row>, BuffersError> {
    let most = threads.iter().copied().max().unwrap_or(1);
    let pool = Arc::new(LockFreeAlloc::new(SIZE, 64 * most).map_err(BuffersError::Build)?);
    let contenders: [&dyn Loops; CONTENDERS.len()] =
        [&Borrowed(&pool), &Owned(Arc::clone(&pool)), &OfBytes];
    let mut rows = Vec::new();
    for &threads in threads {
        workers.start(threads).map_err(BuffersError::Threads)?;
        for operation in Operation::ALL {
            rows.push(row(workers, contenders, operation, threads, rounds)?);
        }
    }
    Ok(rows)
}

fn row(
    workers: &Workers,
    contenders: [&dyn Loops; CONTENDERS.len()],
    operation: Operation,
    threads: usize,
    rounds: usize,
) -> Result<Row, BuffersError> {
    let crew = workers.crew(threads);
    let run = |contender: &dyn Loops, repetitions| {
        let spans = contender.run(&crew, operation, repetitions).map_err(BuffersError::Fault)?;
        Ok::<_, BuffersError>(wall(&spans))
    };
    let mut paces = [(FIRST, Duration::ZERO); CONTENDERS.len()];
    for (contender, pace) in contenders.into_iter().zip(&mut paces) {
        while pace.1 < SAMPLE / 2 {
            let repetitions = pairs_within(SAMPLE, *pace).clamp(pace.0, pace.0 * 4);
            *pace = (repetitions, run(contender, repetitions)?);
        }
    }
    let mut samples_ns = [const { Vec::new() }; CONTENDERS.len()];
    for round in 0..rounds {
        for turn in 0..CONTENDERS.len() {
            let whose = (round + turn) % CONTENDERS.len();
            let repetitions = pairs_within(SAMPLE, paces[whose]).max(1);
            let wall = run(contenders[whose], repetitions)?;
            paces[whose] = (repetitions, wall);
            let all = repetitions as f64 * threads as f64;
            samples_ns[whose].push(wall.as_nanos() as f64 / all);
        }
    }
    Ok(Row { operation, threads, samples_ns })
}

/// The rows as a table, with what the operations are.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    let mut header = vec!["operation".to_owned(), "threads".to_owned()];
    for name in CONTENDERS {
        header.extend([format!("{name} ns"), "least".to_owned()]);
    }
    let (_, pools) = CONTENDERS.split_last().expect("bytes is last");
    header.extend(pools.iter().map(|name| format!("{name} x bytes")));
    table.set_header(header);
    for row in rows {
        let mut line = vec![row.operation.name().to_owned(), row.threads.to_string()];
        for samples in &row.samples_ns {
            let least = samples.iter().copied().fold(f64::INFINITY, f64::min);
            line.extend([format!("{:.2}", median(samples)), format!("{least:.2}")]);
        }
        line.extend(row.times_bytes()[..pools.len()].iter().map(|times| format!("{times:.2}")));
        table.add_row(line);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = format!("{table}\n");
    for operation in Operation::ALL {
        text += &format!("{:<10} {}\n", operation.name(), operation.description());
    }
    let rounds = rows.first().map_or(0, |row| row.samples_ns[0].len());
    text += &format!(
        "ns an operation, all threads together: median and least of {}; x bytes: how many times as \
         fast\nas bytes, by the medians\n",
        plural(rounds, "sample")
    );
    text
}
