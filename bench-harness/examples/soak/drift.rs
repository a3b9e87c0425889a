//! Whether something rises over a run, and how sure one can be.
//!
//! The slope is the median of those of all pairs of points, and its interval lies between two of them
//! (H. Theil 1950; P. K. Sen, *Estimates of the regression coefficient based on Kendall's tau*, Journal
//! of the American Statistical Association 63, 1968). Nothing is assumed of how the values are
//! distributed, and single ones that are far off do not matter.
//!
//! It takes values for independent, but a machine that is busy now is so a second later. So the points
//! are not the samples: the run is cut into [`PARTS`], each far longer than what comes and goes, and a
//! point is the median of a part. There is nothing random in it.
//!
//! What is called a drift, and what is not, depends on a bound. A claim that something does not change
//! at all cannot be shown; that it changes by less than so much over the whole run can. The bounds,
//! with their reasons, are [`TIME_BOUND`] and [`MEMORY_BOUND`].

use std::fmt;

use bench_harness::median::median;

/// Points that a run makes.
const PARTS: usize = 24;

/// The fewest samples: two for each point.
pub(crate) const FEWEST: usize = 2 * PARTS;

/// The share of a run after which it is warm: caches, heap, and the figures of threads that live long.
pub(crate) const WARM_UP: f64 = 0.1;

/// By how much time per operation may change over a run, in percent. The loop without an allocator, on
/// an idle virtual machine, changes by some percent from minute to minute: what is smaller is the
/// machine's.
pub(crate) const TIME_BOUND: f64 = 5.0;

/// By how much memory, files and threads may change over a run, in percent. Of some 16 MiB that is 160 KiB:
/// a piece that the heap finds late that it needs. A page that is lost each second is 4 % in three minutes.
pub(crate) const MEMORY_BOUND: f64 = 1.0;

/// Hours from which on a drift is told by the hour as well.
const LONG: f64 = 0.5;

/// An interval misses the true slope in 1 of 1,000 cases: there are some fifty in a report, none of which
/// is to be wrong. In deviations of the normal distribution.
const SURE: f64 = 3.29;

/// How something changed over a run, in percent of its median.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Drift {
    pub(crate) median: f64,
    /// Over the whole run, and what it may be at least and at most.
    pub(crate) percent: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// How long the run was.
    pub(crate) hours: f64,
    /// What it may be without being a drift.
    pub(crate) bound: f64,
}

/// What can be told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It changed by less than the bound, for sure.
    None,
    /// It rose by more than the bound, for sure.
    Rises,
    /// It fell by more than the bound, for sure.
    Falls,
    /// The interval holds both: the noise is too great, or the run too short.
    Untold,
}

impl Drift {
    /// Of values at these seconds; nothing if there are too few. What comes before the run is warm is
    /// left out.
    pub(crate) fn of(seconds: &[f64], values: &[f64], bound: f64) -> Option<Self> {
        let warm_at = WARM_UP * seconds.last()?;
        let warm = seconds.partition_point(|at| *at < warm_at);
        let (seconds, values) = (seconds.get(warm..)?, values.get(warm..)?);
        if seconds.len() < FEWEST {
            return None;
        }
        let points: Vec<_> = (0..PARTS)
            .map(|part| {
                let from = |part| part * seconds.len() / PARTS;
                let range = from(part)..from(part + 1);
                (median(&seconds[range.clone()]), median(&values[range]))
            })
            .collect();
        let mut slopes = Vec::with_capacity(PARTS * (PARTS - 1) / 2);
        for (index, (before, first)) in points.iter().enumerate() {
            let later = &points[index + 1..];
            slopes.extend(later.iter().map(|(after, second)| (second - first) / (after - before)));
        }
        slopes.sort_unstable_by(f64::total_cmp);
        let rank = rank(slopes.len());
        let (all, span) = (median(values), seconds[seconds.len() - 1] - seconds[0]);
        let percent = |slope: f64| if all > 0.0 { 100.0 * slope * span / all } else { 0.0 };
        Some(Self {
            median: all,
            percent: percent(median(&slopes)),
            low: percent(slopes[rank]),
            high: percent(slopes[slopes.len() - 1 - rank]),
            hours: span / 3600.0,
            bound,
        })
    }

    pub(crate) fn verdict(&self) -> Verdict {
        if self.low > self.bound {
            Verdict::Rises
        } else if self.high < -self.bound {
            Verdict::Falls
        } else if self.low >= -self.bound && self.high <= self.bound {
            Verdict::None
        } else {
            Verdict::Untold
        }
    }
}

/// Which of so many slopes, from below and from above, are the ends of the interval: by the normal
/// approximation to the distribution of Kendall's S among [`PARTS`] points.
fn rank(slopes: usize) -> usize {
    let points = PARTS as f64;
    let deviation = (points * (points - 1.0) * (2.0 * points + 5.0) / 18.0).sqrt();
    ((slopes as f64 - SURE * deviation) / 2.0) as usize
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { percent, low, high, hours, bound, .. } = self;
        let told = match self.verdict() {
            Verdict::None => "no drift told",
            Verdict::Rises => "RISES",
            Verdict::Falls => "falls",
            Verdict::Untold => "cannot be told",
        };
        write!(f, "{told}: {low:+.1} % .. {high:+.1} % over the run (bound {bound:.1} %")?;
        // Of minutes it would say nothing.
        if *hours >= LONG {
            write!(f, "; {:+.2} % an hour", percent / hours)?;
        }
        f.write_str(")")
    }
}
