//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

const AFTER: &str = "\
Each pool has its turn about once a second: all workloads of the harness, timed and with each block stamped,
exhaustion, threads that end, buffers and waiting. Signal handlers that allocate interrupt the lock-free
pools meanwhile, and children are forked from them. At the end of each turn everything stands still, and
every block has to be there once.

Record (soak.json), picture (soak.svg) and page (soak.md) go to one folder. The longest run that was
made is kept in bench-harness/docs/measured; another one takes its place by

  cargo run --release -p bench-harness --example soak -- --time 2h --output bench-harness/docs/measured

Ctrl-C (or SIGTERM) ends the run when each pool has had its turn, and the record says so; the second
one ends it at once, without a record.

Exit code: 0 nothing lost and nothing seen to become slower or larger, 1 something was, or the machine
refused, 2 wrong arguments, 130 interrupted.";

/// All workloads, exhaustion, signals, forks and ends of threads, for as long as you like: nothing may be
/// lost, and neither time nor memory may drift.
#[derive(Clone, Debug, Parser)]
#[command(name = "soak", after_help = AFTER, max_term_width = 100)]
pub(crate) struct Arguments {
    /// How long, as 90s, 20m or 2h
    #[arg(long, value_name = "TIME", default_value = "3m", value_parser = time)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) time: Duration,

    /// Threads that work at once [default: one a core]
    #[arg(long, value_name = "N", value_parser = threads, allow_negative_numbers = true)]
    pub(crate) threads: Option<usize>,

    /// Any number from 0: the same one draws the same workloads and blocks
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) seed: u64,

    /// The folder for record, picture and page [default: soak-report, beside the program]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) output: Option<PathBuf>,

    /// Run nothing: make picture and page of this record anew, beside it
    #[arg(long, value_name = "soak.json", conflicts_with_all = ["time", "threads", "seed", "output"])]
    pub(crate) redraw: Option<PathBuf>,
}

impl Arguments {
    /// Of the command's own name and what follows.
    ///
    /// # Errors
    ///
    /// What to print, and the exit code: also where help was asked for.
    pub(crate) fn parse(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        Self::try_parse_from(arguments)
    }
}

/// The longest run.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

fn time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).ok();
    time.filter(|time| !time.is_zero() && *time <= LONGEST)
        .ok_or_else(|| "allowed is a time above 0, at most a year, as 90s, 20m or 2h".to_owned())
}

fn threads(text: &str) -> Result<usize, String> {
    let threads = text.parse().ok().filter(|threads| (1..=64).contains(threads));
    threads.ok_or_else(|| "allowed is a whole number of threads from 1 to 64".to_owned())
}
