//! What was measured of single calls: a table of counts for each sort, and the slowest.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::{Latency, PERCENTILES, Percentile};
use crate::grid::Case;
use crate::lineup::Name;

/// Where the table ends, in nanoseconds: a minute. What took longer counts as this much in the
/// percentiles; the maximum is that of the call.
const CEILING_NS: u64 = 60_000_000_000;

/// Decimal digits that the table tells apart.
const DIGITS: u8 = 3;

/// How often a sort of call took how long. The table has its full size from the start, so that to
/// record allocates nothing.
#[derive(Clone, Debug)]
struct Recording {
    /// Nanoseconds.
    counts: Histogram<u64>,
    /// The slowest, to the nanosecond.
    max_ns: u64,
}

impl Recording {
    #[inline(always)]
    fn record(&mut self, took: Duration) {
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.counts.saturating_record(ns);
        self.max_ns = self.max_ns.max(ns);
    }

    fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts).expect("all tables have the same bounds");
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// The table rounds up to its digits, never beyond the slowest.
    fn percentiles(&self) -> Vec<Percentile> {
        // 99.9 / 100 is a little more than 0.999, and would count one call too many.
        let quantile = |percent: f64| (percent * 100.0).round() / 10_000.0;
        let ns = |percent| self.counts.value_at_quantile(quantile(percent)).min(self.max_ns);
        PERCENTILES.map(|percent| Percentile { percent, ns: ns(percent) }).to_vec()
    }
}

impl Default for Recording {
    fn default() -> Self {
        let counts = Histogram::new_with_bounds(1, CEILING_NS, DIGITS);
        Self { counts: counts.expect("the bounds are in order, the digits few"), max_ns: 0 }
    }
}

/// The timed calls of a run, or of several.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    takes: Recording,
    gives: Recording,
    /// Whether takes fail: a workload is either about blocks or about refusals.
    refused: bool,
}

impl Calls {
    /// How many calls took a block, or were refused one.
    #[must_use]
    pub fn takes(&self) -> u64 {
        self.takes.counts.len()
    }

    /// How many calls gave a block back.
    #[must_use]
    pub fn gives(&self) -> u64 {
        self.gives.counts.len()
    }

    #[inline(always)]
    pub(super) fn record_take(&mut self, took: Duration, refused: bool) {
        self.takes.record(took);
        self.refused |= refused;
    }

    #[inline(always)]
    pub(super) fn record_give(&mut self, took: Duration) {
        self.gives.record(took);
    }

    /// Adds the calls of another thread or run.
    pub fn add(&mut self, other: &Self) {
        self.takes.add(&other.takes);
        self.gives.add(&other.gives);
        self.refused |= other.refused;
    }

    /// What they come to, for each sort of call that was made.
    #[must_use]
    pub fn latencies(&self, name: Name, case: &Case) -> Vec<Latency> {
        let take = if self.refused { "refusal" } else { "take" };
        [(take, &self.takes), ("give", &self.gives)]
            .into_iter()
            .filter(|(_, recording)| !recording.counts.is_empty())
            .map(|(call, recording)| Latency {
                contender: name.contender.to_owned(),
                path: name.path.to_owned(),
                workload: case.workload.to_string(),
                threads: case.shape.threads,
                block_size: case.shape.block_size,
                arena: case.shape.arena,
                call: call.to_owned(),
                calls: recording.counts.len(),
                percentiles: recording.percentiles(),
                max_ns: recording.max_ns,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(ns: impl IntoIterator<Item = u64>) -> Recording {
        let mut recording = Recording::default();
        ns.into_iter().for_each(|ns| recording.record(Duration::from_nanos(ns)));
        recording
    }

    fn ns(recording: &Recording) -> Vec<u64> {
        recording.percentiles().iter().map(|percentile| percentile.ns).collect()
    }

    #[test]
    fn a_percentile_is_what_so_many_calls_took_at_most() {
        // Up to three digits the table is exact, beyond them it rounds up by less than one in 1,000.
        assert_eq!(ns(&recorded(1..=1_000)), [500, 900, 990, 999, 1_000]);
        let large = ns(&recorded((1..=100_000).map(|call| 1_000 * call)));
        for (found, exact) in large.iter().zip([50_000, 90_000, 99_000, 99_900, 99_990]) {
            let exact = 1_000 * exact;
            assert!((exact..=exact + exact / 1_000).contains(found), "{large:?}");
        }
    }

    #[test]
    fn no_percentile_is_beyond_the_slowest_call() {
        let recording = recorded([1_234_567]);
        assert_eq!((ns(&recording), recording.max_ns), (vec![1_234_567; 5], 1_234_567));
    }

    #[test]
    fn a_call_beyond_the_table_keeps_its_time_in_the_maximum() {
        let longest = recorded([2 * CEILING_NS, 10]);
        assert_eq!(longest.max_ns, 2 * CEILING_NS);
        assert_eq!(longest.counts.len(), 2);
        assert!((CEILING_NS..2 * CEILING_NS).contains(&ns(&longest)[4]), "{longest:?}");
    }

    #[test]
    fn what_is_added_counts_as_if_it_had_been_recorded_here() {
        let mut one = recorded(1..=300);
        one.add(&recorded(301..=1_000));
        assert_eq!((ns(&one), one.max_ns), (ns(&recorded(1..=1_000)), 1_000));
    }
}
