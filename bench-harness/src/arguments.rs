//! The command line, and one line for whatever is wrong with it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;

use crate::distinct::distinct;
use crate::grid::{self, Grid};
use crate::latency;
use crate::lineup;
use crate::payload::Payload;
use crate::plan::Plan;
use crate::report::Format;
use crate::workers::Cores;
use crate::workload::Workload;

/// The most samples of a cell.
const MOST_ROUNDS: usize = 1_000;

/// The usual number of passes: to build the pools takes time as well.
const USUAL_PASSES: usize = 5;

/// What only says how to measure.
const MEASURING: [&str; 12] = [
    "plan",
    "contender",
    "workload",
    "payload",
    "threads",
    "block_size",
    "arena",
    "time",
    "rounds",
    "passes",
    "target",
    "latency",
];

const EXAMPLES: &str = "\
Examples:
  bench-harness                                  the usual cases, in about a minute
  bench-harness full                             everything, in a quarter of an hour
  bench-harness threads --contender lock-free    a sweep: from 1 to 64 threads
  bench-harness --time 10 --workload pair        the shortest loop, quickly
  bench-harness --contender lock-free,system     every path of one pool, and malloc
  bench-harness --contender handle --threads 1,2 the safe path of every block pool
  bench-harness --contender all --workload pair  the pools of other crates as well
  bench-harness --workload all --block-size 256 --arena 4096 --threads 1,2
  bench-harness --workload bulk:8:32:512,near-full:90 --threads 2
  bench-harness --workload pair --payload none,line,block --block-size 64,4K
  bench-harness --latency                        single calls as well: p50 to p99.99, maximum
  bench-harness --block-size 1500,16K --arena 10000 --format csv
  bench-harness --format json --output old.json  a record to compare with
  bench-harness --format html --output report.html
  bench-harness --from old.json --format html --output report.html
  bench-harness --compare old.json               what has changed since
  bench-harness --compare old.json --with new.json

Where no cases are named, --latency times pair, burst, near-full and exhausted, with blocks of 256
bytes in one arena of 4096 blocks, or as many as the threads need.

Ctrl-C (or SIGTERM) ends the run after the current sample: what was measured until then is reported,
to --output as well, and marked as interrupted. Without any sample nothing is written. The second
Ctrl-C ends it at once.

Exit code: 0 measured, 1 a contender was caught or the machine refused, 2 wrong arguments or a
record that cannot be read, 3 slower than the earlier record, 130 interrupted.
Whether the target was met does not change the exit code.";

/// Compares block pools with each other and with the system's allocator, on real threads.
#[derive(Debug, Parser)]
#[command(name = "bench-harness", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Arguments {
    /// What to measure: usual, full, or a sweep, as --list says
    #[arg(value_name = "PLAN", default_value = "usual", value_parser = plan)]
    pub(crate) plan: Plan,

    /// List plans, contenders and workloads, and measure nothing
    #[arg(long)]
    pub(crate) list: bool,

    /// Contenders, paths, parts of a name, or all [default: see --list]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    contender: Vec<String>,

    /// These workloads, or all [default: the plan's; usually pair,burst]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = workloads)]
    workload: Vec<Box<[Workload]>>,

    /// Written into blocks: none, line or block [default: line; see --list]
    #[arg(long, value_name = "PAYLOAD,..", value_delimiter = ',')]
    payload: Vec<Payload>,

    /// Numbers of threads [default: the plan's; usually 1, all cores, four times the cores]
    #[arg(long, allow_negative_numbers = true)]
    #[arg(value_name = "N,..", value_delimiter = ',', value_parser = threads)]
    threads: Vec<usize>,

    /// Bytes of a block, with K, M or G for powers of 1024 [default: the plan's; usually 64,16K]
    #[arg(long, alias = "block", allow_negative_numbers = true)]
    #[arg(value_name = "BYTES,..", value_delimiter = ',', value_parser = block_size)]
    block_size: Vec<usize>,

    /// Blocks of an arena [default: the plan's; usually 1000,100000]
    #[arg(long, allow_negative_numbers = true)]
    #[arg(value_name = "BLOCKS,..", value_delimiter = ',', value_parser = arena)]
    arena: Vec<usize>,

    /// Time single calls as well, in half of the time; full does
    #[arg(long)]
    latency: bool,

    /// Seconds for the run; its checks may need more [default: 60; full: 900]
    #[arg(long, allow_negative_numbers = true)]
    #[arg(value_name = "SECONDS", value_parser = seconds)]
    time: Option<f64>,

    /// Samples of each cell [default: what the time allows, 3 to 1000]
    #[arg(long, allow_negative_numbers = true)]
    #[arg(value_name = "N", value_parser = rounds)]
    rounds: Option<usize>,

    /// Times to go over all cases with new pools; no more than rounds [default: 5]
    #[arg(long, allow_negative_numbers = true)]
    #[arg(value_name = "N", value_parser = passes)]
    passes: Option<usize>,

    /// Nanoseconds per block that are to be met
    #[arg(long, allow_negative_numbers = true)]
    #[arg(value_name = "NS", default_value = "28", value_parser = nanoseconds)]
    pub(crate) target: f64,

    /// table, json, csv, markdown; with charts: html, svg
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = format)]
    pub(crate) format: Format,

    /// Write the report to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Measure nothing: make the html or svg of this record
    #[arg(long, value_name = "RECORD.json", conflicts_with = "compare", conflicts_with_all = MEASURING)]
    pub(crate) from: Option<PathBuf>,

    /// Put record, page and picture into this folder [default: beside the program, with a table]
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["with", "from"])]
    pub(crate) report: Option<PathBuf>,

    /// Say what has changed since this record, as --format json writes it
    #[arg(long, value_name = "OLD.json")]
    pub(crate) compare: Option<PathBuf>,

    /// Measure nothing: compare with this record
    #[arg(long, value_name = "NEW.json", requires = "compare", conflicts_with_all = MEASURING)]
    pub(crate) with: Option<PathBuf>,

    /// Percent that a cell may be slower without exit code 3
    #[arg(long, requires = "compare", allow_negative_numbers = true)]
    #[arg(value_name = "PERCENT", default_value = "5", value_parser = percent)]
    pub(crate) tolerance: f64,
}

/// What to do when there is nothing to measure.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Print this and succeed: help, version.
    Print(String),
    /// Say this on one line and fail.
    Wrong(String),
}

impl Arguments {
    pub(crate) fn parse_from(arguments: impl Iterator<Item = OsString>) -> Result<Self, Refusal> {
        Self::try_parse_from(arguments).map_err(|error| {
            let text = error.render().to_string();
            if error.use_stderr() { Refusal::Wrong(one_line(&text)) } else { Refusal::Print(text) }
        })
    }

    /// What is to be combined with what: the plan's choice wherever nothing else was asked for.
    pub(crate) fn grids(&self, cores: &Cores) -> Result<Vec<Grid>, String> {
        if self.plan.chooses_workloads() && !self.workload.is_empty() {
            let plan = self.plan.name();
            return Err(format!("the plan {plan} chooses the workloads: leave out --workload"));
        }
        // Whoever chooses the workloads has no use for a sweep over them.
        let plans = |plan: &&Plan| self.workload.is_empty() || !plan.chooses_workloads();
        self.chosen(
            self.plan.parts().iter().filter(plans).flat_map(|plan| plan.grids(cores)).collect(),
        )
    }

    /// The same where single calls are timed, and notes on what is left out; nothing if they are not
    /// to be timed. A workload that cannot be timed is no error if another one can.
    pub(crate) fn latency_grids(&self, cores: &Cores) -> Result<(Vec<Grid>, Vec<String>), String> {
        if !self.times_calls() {
            return Ok(Default::default());
        }
        let mut grids = self.chosen(vec![latency::usual(cores)])?;
        let mut notes = Vec::new();
        for grid in &mut grids {
            // Of what is usual something may not fit what was asked for.
            grid.strict &= !self.workload.is_empty();
            // Calls are timed with the usual payload alone.
            grid.payloads = None;
            grid.workloads.retain(|&workload| {
                let reason = latency::untimed(workload);
                notes.extend(reason.map(|reason| format!("no latencies of {workload}: {reason}")));
                reason.is_none()
            });
        }
        grids.retain(|grid| !grid.workloads.is_empty());
        if grids.is_empty() && self.latency {
            return Err(notes.swap_remove(0));
        }
        Ok((grids, notes))
    }

    /// Grids with what was asked for in place of what they have.
    fn chosen(&self, mut grids: Vec<Grid>) -> Result<Vec<Grid>, String> {
        let names = lineup::select(&self.contender)?;
        for grid in &mut grids {
            let or = |given: &[usize], usual: &mut Vec<usize>| {
                if !given.is_empty() {
                    *usual = distinct(given.iter().copied());
                }
            };
            or(&self.threads, &mut grid.threads);
            or(&self.block_size, &mut grid.block_sizes);
            or(&self.arena, &mut grid.arenas);
            // Of all that there is something will not fit.
            grid.strict = !self.arena.is_empty() && self.plan != Plan::Full;
            if !self.contender.is_empty() {
                grid.names.clone_from(&names);
            }
            if !self.workload.is_empty() {
                grid.workloads = distinct(self.workload.concat().into_iter());
            }
            if !self.payload.is_empty() {
                grid.payloads = Some(distinct(self.payload.iter().copied()));
            }
        }
        Ok(grids)
    }

    /// Whether single calls are timed.
    fn times_calls(&self) -> bool {
        self.latency || self.plan == Plan::Full
    }

    /// Seconds for the whole run.
    pub(crate) fn time(&self) -> f64 {
        self.time.unwrap_or(self.plan.seconds())
    }

    /// Seconds for the cells: all of them, or half if single calls are timed in the other half.
    pub(crate) fn time_of_cells(&self) -> f64 {
        if self.times_calls() { self.time() / 2.0 } else { self.time() }
    }

    /// Samples of each of so many cells: one for each 10 ms that the time allows. Many short ones:
    /// the longer a sample, the likelier another program stops one of its threads.
    pub(crate) fn rounds(&self, cells: usize) -> usize {
        let affordable = self.time_of_cells() / (0.010 * cells as f64);
        self.rounds.unwrap_or((affordable as usize).clamp(3, MOST_ROUNDS))
    }

    /// Passes that share so many rounds: at least one round for each, usually two.
    pub(crate) fn passes(&self, rounds: usize) -> usize {
        self.passes.unwrap_or(USUAL_PASSES.min(rounds / 2)).clamp(1, rounds)
    }
}

/// The first paragraph of clap's text, which says what is wrong and what is allowed.
fn one_line(text: &str) -> String {
    let paragraph = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let line = paragraph.collect::<Vec<_>>().join(" ");
    format!("{}; see --help", line.strip_prefix("error: ").unwrap_or(&line))
}

fn workloads(text: &str) -> Result<Box<[Workload]>, String> {
    if text == "all" {
        return Ok(Workload::ALL.into());
    }
    let one = text.parse::<Workload>().map(|workload| [workload].into());
    one.map_err(|allowed| format!("{allowed}; all for every one without its parameters"))
}

fn plan(text: &str) -> Result<Plan, String> {
    let found = Plan::ALL.iter().copied().find(|plan| plan.name() == text);
    found.ok_or_else(|| {
        let known: Vec<_> = Plan::ALL.iter().map(|plan| plan.name()).collect();
        format!("allowed is {}", known.join(", "))
    })
}

fn format(text: &str) -> Result<Format, String> {
    Format::ALL
        .iter()
        .find_map(|&(name, format)| (name == text).then_some(format))
        .ok_or_else(|| "allowed is table, json, csv, markdown, html or svg".to_owned())
}

/// A whole number from 1 on.
fn count(text: &str, most: usize, unit: &str) -> Result<usize, String> {
    let allowed = || format!("allowed is a whole number of {unit} from 1 to {most}");
    let number = usize::from_str(text).map_err(|_| allowed())?;
    if (1..=most).contains(&number) { Ok(number) } else { Err(allowed()) }
}

fn threads(text: &str) -> Result<usize, String> {
    count(text, grid::MOST_THREADS, "threads")
}

fn arena(text: &str) -> Result<usize, String> {
    count(text, grid::LARGEST_ARENA, "blocks")
}

fn rounds(text: &str) -> Result<usize, String> {
    count(text, MOST_ROUNDS, "rounds")
}

fn passes(text: &str) -> Result<usize, String> {
    count(text, MOST_ROUNDS, "passes")
}

fn block_size(text: &str) -> Result<usize, String> {
    let allowed = || "allowed is 1 to 1G bytes, as 64, 1500 or 16K".to_owned();
    let (digits, shift) = match text.char_indices().next_back() {
        Some((end, 'k' | 'K')) => (&text[..end], 10),
        Some((end, 'm' | 'M')) => (&text[..end], 20),
        Some((end, 'g' | 'G')) => (&text[..end], 30),
        _ => (text, 0),
    };
    let size = usize::from_str(digits).ok().and_then(|number| number.checked_mul(1 << shift));
    size.filter(|size| (1..=grid::LARGEST_BLOCK).contains(size)).ok_or_else(allowed)
}

/// A number above 0.
fn positive(text: &str, most: f64, unit: &str) -> Result<f64, String> {
    let number = f64::from_str(text).ok();
    number
        .filter(|&number| number > 0.0 && number <= most)
        .ok_or_else(|| format!("allowed is a number of {unit} above 0, at most {most}"))
}

fn percent(text: &str) -> Result<f64, String> {
    let number = f64::from_str(text).ok().filter(|number| (0.0..=1e6).contains(number));
    number.ok_or_else(|| "allowed is a number of percent from 0 to 1000000".to_owned())
}

/// A time in seconds: above 0, at most a day.
///
/// # Errors
///
/// What is allowed, if `text` is anything else.
///
/// # Examples
///
/// ```
/// use bench_harness::arguments::seconds;
///
/// assert_eq!(seconds("0.5"), Ok(0.5));
/// assert!(seconds("-1").is_err() && seconds("soon").is_err());
/// ```
pub fn seconds(text: &str) -> Result<f64, String> {
    positive(text, 86_400.0, "seconds")
}

fn nanoseconds(text: &str) -> Result<f64, String> {
    positive(text, 1e9, "nanoseconds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_suffixes() {
        assert_eq!(block_size("64"), Ok(64));
        assert_eq!(block_size("16K"), Ok(16 << 10));
        assert_eq!(block_size("2m"), Ok(2 << 20));
        assert_eq!(block_size("1G"), Ok(1 << 30));
        for wrong in ["", "K", "0", "2G", "-1", "1.5K", "64B", "99999999999999999999", "é"] {
            assert!(block_size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_finite_and_above_zero() {
        assert_eq!(seconds("0.5"), Ok(0.5));
        for wrong in ["", "0", "-1", "NaN", "inf", "1e9", "soon", "60s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_time_decides_the_rounds() {
        let arguments = Arguments::parse_from(["bench-harness".into()].into_iter()).unwrap();
        assert_eq!([1, 264, 100_000].map(|cells| arguments.rounds(cells)), [1_000, 22, 3]);
    }
}
