//! How long the smaller programs beside the command go on, which take samples by turns as well.

use std::time::Instant;

use super::seconds;

/// Two options, `--time` and `--rounds`.
///
/// # Examples
///
/// ```
/// use std::time::Instant;
///
/// use bench_harness::arguments::Length;
/// use clap::Parser;
///
/// #[derive(Parser)]
/// struct Arguments {
///     #[command(flatten)]
///     length: Length,
/// }
///
/// let two = Arguments::parse_from(["program", "--rounds", "2"]).length;
/// let start = Instant::now();
/// assert!(!two.is_over(1, start) && two.is_over(2, start));
/// ```
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Length {
    /// Seconds for the run
    #[arg(long, value_name = "SECONDS", default_value = "6", allow_negative_numbers = true)]
    #[arg(value_parser = seconds)]
    time: f64,

    /// Samples of each [default: what the time allows]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rounds: Option<u32>,
}

impl Length {
    /// Whether a run that began at `start` is over after so many rounds: never before the first.
    #[must_use]
    pub fn is_over(&self, rounds: usize, start: Instant) -> bool {
        match self.rounds {
            Some(most) => rounds >= most as usize,
            None => rounds > 0 && start.elapsed().as_secs_f64() >= self.time,
        }
    }
}
