//! The command line, and one line for whatever is wrong with it.

mod choice;
mod length;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use crate::payload::Payload;
use crate::plan::Plan;
use crate::report::Format;
use crate::workload::Workload;
use values::{
    arena, block_size, format, nanoseconds, passes, percent, plan, rounds, threads, workloads,
};

pub use length::Length;
pub use values::seconds;

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
  bench-harness --verbose                        the same, with every cell
  bench-harness full                             everything, in a quarter of an hour
  bench-harness threads --contender block-lockfree    a sweep: from 1 to 64 threads
  bench-harness --time 10 --workload pair        the shortest loop, quickly
  bench-harness --contender block-lockfree,system     every path of one pool, and malloc
  bench-harness --contender handle --threads 1,2 the safe path of every block pool
  bench-harness --contender all --workload pair  the pools of other crates as well
  bench-harness --workload all --block-size 256 --capacity 4096 --threads 1,2
  bench-harness --workload bulk:8:32:512,near-full:90 --threads 2
  bench-harness --workload pair --payload none,line,block --block-size 64,4K
  bench-harness --latency                        single calls as well: p50 to p99.99, maximum
  bench-harness --block-size 1500,16K --capacity 10000 --format csv
  bench-harness --format json --output old.json  a record to compare with
  bench-harness --format html --output report.html
  bench-harness --from old.json --format html --output report.html
  bench-harness --compare old.json               what has changed since
  bench-harness --compare old.json --with new.json

Where no cases are named, --latency times pair, burst, near-full and exhausted, with blocks of 256
bytes in one pool of 4096 blocks, or as many as the threads need.

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

    /// Numbers of threads, as 1,2 or 1-4 [default: the plan's; usually 1, all cores, four times the cores]
    #[arg(long, allow_negative_numbers = true)]
    #[arg(value_name = "N,..", value_delimiter = ',', value_parser = threads)]
    threads: Vec<Box<[usize]>>,

    /// Bytes of a block, with K, M or G for powers of 1024 [default: the plan's; usually 64,16K]
    #[arg(long, alias = "block", allow_negative_numbers = true)]
    #[arg(value_name = "BYTES,..", value_delimiter = ',', value_parser = block_size)]
    block_size: Vec<usize>,

    /// Blocks of a pool [default: the plan's; usually 1000,100000]
    #[arg(long = "capacity", alias = "arena", allow_negative_numbers = true)]
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

    /// summary, table, json, csv, markdown; with charts: html, svg
    #[arg(long, value_name = "FORMAT", default_value = "summary", value_parser = format)]
    format: Format,

    /// Print every cell: the same as --format table
    #[arg(long, conflicts_with = "format")]
    verbose: bool,

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
}

/// Returns clap's text on one line: what is wrong, what is allowed, and what may have been meant.
fn one_line(text: &str) -> String {
    let paragraph = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let line = paragraph.collect::<Vec<_>>().join(" ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    let tips = text.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
    let tip: String = tips.take(1).map(|tip| format!("; {tip}")).collect();
    format!("{line}{tip}; see --help")
}
