//! What it costs to let a pool find mistakes: each option of a region beside none.
//!
//! ```console
//! cargo run --release -p bench-harness --example hardening > bench-harness/docs/measured/hardening.txt
//! ```
//!
//! Measured as everything here, see `docs/METHODOLOGY.md`: threads pinned, the options by turns round by
//! round, wall time of all threads together for each pair of take and give, by handle; the first byte of
//! each block is written. Every pool is verified before, and counted after each sample. Median and least are
//! shown.
//!
//! A pair writes each block with zeros (`zero`), and reads it whole as well (`verify`), so these grow with
//! the block. The guard has 16 bytes, and what is left up to the alignment of 64.

use std::sync::Arc;
use std::time::Duration;

use block_core::{BlockLayout, BuildError, Region};
use block_lockfree::LockFreeAlloc;
use block_mutex::MutexAlloc;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use crate::grid::Case;
use crate::lineup::Name;
use crate::median::median;
use crate::numbers::{bytes, plural};
use crate::peers::paths::{self, Handles, Through};
use crate::sampler::{Budget, Sampler};
use crate::session::RunError;
use crate::subject::Subject;
use crate::workers::Workers;
use crate::workload::Workload;

/// Bytes of a block.
pub const BLOCK_SIZES: [usize; 4] = [64, 256, 1500, 4096];

/// What is switched on, as it is called in the table; the first is what the others are compared with.
pub const OPTIONS: [&str; 5] = ["off", "zero", "verify", "guard", "all"];

/// The backends, as they are called in the table.
pub const BACKENDS: [&str; 3] = ["magazines", "plain stack", "mutex"];

/// Blocks of a pool.
const ARENA: usize = 256;

/// Bytes behind each block that are guarded at least.
const GUARD: usize = 16;

/// Pairs that each thread does when a pool is verified.
const VERIFIED_PAIRS: u64 = 256;

/// How long a sample takes, roughly.
const SAMPLE: Duration = Duration::from_millis(2);

/// A backend with blocks of one size, on so many threads.
#[derive(Clone, Debug)]
pub struct Row {
    /// One of [`BACKENDS`].
    pub backend: &'static str,
    /// Bytes of a block.
    pub block_size: usize,
    /// Threads.
    pub threads: usize,
    /// The samples with each of [`OPTIONS`], in nanoseconds a pair, all threads together.
    pub samples_ns: [Vec<f64>; OPTIONS.len()],
}

/// Measures every option on every backend, for each size and number of threads, so many samples of each.
///
/// # Errors
///
/// If a pool or the threads cannot be had, or a pool is caught.
pub fn measure(
    workers: &mut Workers,
    threads: &[usize],
    rounds: usize,
) -> Result<Vec<Row>, RunError> {
    let mut rows = Vec::new();
    for &threads in threads {
        workers.start(threads).map_err(|error| RunError::Threads(threads, error))?;
        for backend in BACKENDS {
            for block_size in BLOCK_SIZES {
                let case = Case::new(Workload::Pair, threads, block_size, ARENA);
                let samples_ns = samples(workers, backend, case, rounds)?;
                rows.push(Row { backend, block_size, threads, samples_ns });
            }
        }
    }
    Ok(rows)
}

fn samples(
    workers: &Workers,
    backend: &'static str,
    case: Case,
    rounds: usize,
) -> Result<[Vec<f64>; OPTIONS.len()], RunError> {
    let mut samplers = Vec::new();
    for path in OPTIONS {
        let name = Name { contender: backend, path };
        let pool = pool(backend, path, &case)
            .map_err(|error| RunError::Build(name, case, error.into()))?;
        let verified = workers.verify(&*pool, case, VERIFIED_PAIRS);
        verified.map_err(|fault| RunError::Fault(name, case, fault))?;
        samplers.push(Sampler::new(name, case, pool));
    }
    let mut budget = Budget::new(SAMPLE * (rounds * OPTIONS.len()) as u32, rounds * OPTIONS.len());
    for round in 0..rounds {
        for turn in 0..OPTIONS.len() {
            let sampler = &mut samplers[(round + turn) % OPTIONS.len()];
            let sampled = sampler.sample(workers, &mut budget);
            sampled.map_err(|fault| RunError::Fault(sampler.name(), case, fault))?;
        }
    }
    let mut samplers = samplers.into_iter();
    Ok(OPTIONS.map(|_| samplers.next().map(Sampler::into_samples).unwrap_or_default()))
}

/// A pool of that backend, with that option.
fn pool(backend: &str, option: &str, case: &Case) -> Result<Box<dyn Subject>, BuildError> {
    let layout = BlockLayout::new(case.shape.block_size, case.shape.arena)?;
    let guarded =
        if matches!(option, "guard" | "all") { layout.with_guard(GUARD)? } else { layout };
    let region = Region::options()
        .zero_on_release(option == "zero")
        .verify_on_acquire(matches!(option, "verify" | "all"))
        .map(guarded)?;
    Ok(match backend {
        "mutex" => handles(MutexAlloc::from_region(region)?),
        "plain stack" => handles(LockFreeAlloc::from_region(region)?.with_magazine(0)),
        _ => handles(LockFreeAlloc::from_region(region)?),
    })
}

fn handles<A: paths::Pool>(pool: A) -> Box<dyn Subject> {
    debug_assert_eq!(pool.available(), pool.capacity());
    Box::new(Through::<A, Handles>::new(Arc::new(pool)))
}

/// The rows as a table: median and least of each, and by how much the options are slower than none.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    let mut header = ["backend", "block", "threads", "off ns", "least"].map(str::to_owned).to_vec();
    for option in &OPTIONS[1..] {
        header.extend([format!("{option} ns"), "least".to_owned(), "more".to_owned()]);
    }
    let columns = header.len();
    table.set_header(header);
    for Row { backend, block_size, threads, samples_ns } in rows {
        let off = median(&samples_ns[0]);
        let mut line = vec![(*backend).to_owned(), bytes(*block_size), threads.to_string()];
        for (option, samples) in samples_ns.iter().enumerate() {
            let least = samples.iter().copied().fold(f64::INFINITY, f64::min);
            line.extend([format!("{:.1}", median(samples)), format!("{least:.1}")]);
            line.extend((option > 0).then(|| format!("{:+.1}", median(samples) - off)));
        }
        table.add_row(line);
    }
    for column in 1..columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let rounds = rows.first().map_or(0, |row| row.samples_ns[0].len());
    format!(
        "{table}\n\
         off     no option: what a pool costs without any of it\n\
         zero    zero_on_release: each block is zeroed when it is given back\n\
         verify  verify_on_acquire: and must still be zero when it is handed out\n\
         guard   with_guard({GUARD}): a canary behind each block, up to the next multiple of 64\n\
         all     verify and guard\n\
         ns a block taken, its first byte written, given back, by handle, all threads together: median and\n\
         least of {}; more: what the median has above that of off\n",
        plural(rounds, "sample")
    )
}
