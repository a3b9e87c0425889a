//! What has changed in one cell, and what can be told of it.

use serde::{Deserialize, Serialize};

use crate::lineup;
use crate::median::{self, Ratio};
use crate::rank_sum;
use crate::stored::{Place, StoredCell};

/// A cell of both records.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Which cell.
    #[serde(flatten)]
    pub place: Place,
    /// The earlier median.
    pub old_median_ns: f64,
    /// The later median.
    pub new_median_ns: f64,
    /// By how many percent the later median is above the earlier one.
    pub change_percent: f64,
    /// The low end of the change's 95 % confidence interval, if there are samples enough for one. It
    /// knows what changes within the runs.
    pub low_percent: Option<f64>,
    /// The high end.
    pub high_percent: Option<f64>,
    /// How likely samples that are drawn alike differ so much in their order; nothing in older records.
    #[serde(default)]
    pub chance: Option<f64>,
    /// The change in words.
    pub verdict: Verdict,
    /// Whether the cell is slower, and by more than the tolerance. The loop alone never is, since it is
    /// no allocator, nor is the control: what it measures has a cell of its own.
    pub beyond_tolerance: bool,
}

/// What can be said of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It cannot be chance, and every pass of the later run is slower than each of the earlier one.
    Slower,
    /// It cannot be chance, and every pass of the later run is faster than each of the earlier one.
    Faster,
    /// Neither.
    NoDifference,
    /// One of the records has too few samples of the cell to tell.
    TooFewSamples,
}

impl Verdict {
    /// As the reports say it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Slower => "slower",
            Self::Faster => "faster",
            Self::NoDifference => "no difference",
            Self::TooFewSamples => "too few samples",
        }
    }
}

impl Change {
    /// The changes from the earlier to the later cell of each of these.
    pub(crate) fn all(in_both: &[(&StoredCell, &StoredCell)], tolerance_percent: f64) -> Vec<Self> {
        let chance = |&(old, new): &(&StoredCell, &StoredCell)| {
            rank_sum::chance(&old.samples_ns, &new.samples_ns)
        };
        let chances: Vec<_> = in_both.iter().map(chance).collect();
        let discoveries = rank_sum::discoveries(&chances);
        let told = in_both.iter().zip(chances).zip(discoveries);
        told.map(|((&(old, new), chance), differs)| {
            Self::new(old, new, chance, differs, tolerance_percent)
        })
        .collect()
    }

    fn new(
        old: &StoredCell,
        new: &StoredCell,
        chance: f64,
        differs: bool,
        tolerance_percent: f64,
    ) -> Self {
        let Ratio { ratio, interval } = median::ratio(&old.samples_ns, &new.samples_ns);
        let percent = |ratio: f64| 100.0 * (ratio - 1.0);
        let (old_passes, new_passes) = (extent(old), extent(new));
        let verdict = match interval {
            None => Verdict::TooFewSamples,
            Some(_) if differs && new_passes.0 > old_passes.1 => Verdict::Slower,
            Some(_) if differs && new_passes.1 < old_passes.0 => Verdict::Faster,
            Some(_) => Verdict::NoDifference,
        };
        Self {
            place: new.place.clone(),
            old_median_ns: median::median(&old.samples_ns),
            new_median_ns: median::median(&new.samples_ns),
            change_percent: percent(ratio),
            low_percent: interval.map(|(low, _)| percent(low)),
            high_percent: interval.map(|(_, high)| percent(high)),
            chance: Some(chance),
            verdict,
            beyond_tolerance: verdict == Verdict::Slower
                && percent(ratio) > tolerance_percent
                && lineup::is_judged(&new.place.contender),
        }
    }
}

/// The least and the greatest median of a cell's passes.
fn extent(cell: &StoredCell) -> (f64, f64) {
    cell.by_pass().map(median::median).fold((f64::INFINITY, 0.0), |(least, greatest), median| {
        (median.min(least), median.max(greatest))
    })
}
