//! Medians, and how sure one can be that two of them differ.
//!
//! Nothing is assumed of how samples are distributed: times have a floor and a long tail, so an
//! interval made from mean and deviation would say little.
//!
//! - The interval of one median lies between two order statistics of its samples. How many of `n`
//!   samples lie below the true median is binomial with `p = 1/2`, whatever their distribution
//!   (H. A. David and H. N. Nagaraja, *Order Statistics*, 3rd edition 2003, section 7.1).
//! - The interval of a ratio of two medians is put together from theirs, on the scale of logarithms
//!   (G. Y. Zou and A. Donner, *Construction of confidence limits about effect measures: a general
//!   approach*, Statistics in Medicine 27, 2008; for medians D. G. Bonett and R. M. Price, *Confidence
//!   intervals for ratios of means and medians*, Journal of Educational and Behavioral Statistics 45,
//!   2020).
//!
//! There is nothing random in it: the same samples give the same interval.

/// How often an interval misses the true value on either side: 95 % confidence in all.
const MISSED_ON_A_SIDE: f64 = 0.025;

/// The fewest samples that have an interval.
pub(crate) const FEWEST: usize = 6;

/// By how much one median is greater than another, as a ratio: 1.2 is 20 % more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ratio {
    /// The one by the other.
    pub(crate) ratio: f64,
    /// The 95 % confidence interval; nothing where there are too few samples for one.
    pub(crate) interval: Option<(f64, f64)>,
}

/// The median of `new` by that of `old`; all samples are above 0. The interval holds with 95 %
/// confidence.
pub(crate) fn ratio(old: &[f64], new: &[f64]) -> Ratio {
    let log = |(median, interval): (f64, Option<(f64, f64)>)| {
        (median.ln(), interval.map(|(low, high)| (low.ln(), high.ln())))
    };
    let ((old, old_interval), (new, new_interval)) = (log(estimate(old)), log(estimate(new)));
    let change = new - old;
    let interval = old_interval.zip(new_interval).map(|((old_low, old_high), (low, high))| {
        let down = (new - low).hypot(old_high - old);
        let up = (high - new).hypot(old - old_low);
        ((change - down).exp(), (change + up).exp())
    });
    Ratio { ratio: change.exp(), interval }
}

/// The middle sample, or the mean of the two in the middle.
///
/// # Panics
///
/// If there is no sample.
///
/// # Examples
///
/// ```
/// use bench_harness::median::median;
///
/// assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
/// assert_eq!(median(&[4.0, 1.0]), 2.5);
/// ```
#[must_use]
pub fn median(samples: &[f64]) -> f64 {
    middle(&sorted(samples))
}

/// The quartiles: a quarter of the samples lie below the first, a quarter above the second.
pub(crate) fn quartiles(samples: &[f64]) -> (f64, f64) {
    let sorted = sorted(samples);
    let (quarter, last) = (sorted.len() / 4, sorted.len() - 1);
    (sorted[quarter], sorted[last - quarter])
}

fn sorted(samples: &[f64]) -> Vec<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

fn middle(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

/// The median, and its interval if there are enough samples.
fn estimate(samples: &[f64]) -> (f64, Option<(f64, f64)>) {
    let sorted = sorted(samples);
    let count = sorted.len();
    (middle(&sorted), rank(count).map(|rank| (sorted[rank - 1], sorted[count - rank])))
}

/// The greatest rank, counted from 1, so that the sample of that rank from below lies above the true
/// median seldom enough; nothing for fewer than [`FEWEST`] samples, of which even the least does too
/// often.
fn rank(count: usize) -> Option<usize> {
    // Logarithms, since 2 to the power of minus `count` may be too small a number.
    let mut log_exactly = -(count as f64) * std::f64::consts::LN_2;
    let mut fewer = 0.0;
    for rank in 0..=count / 2 {
        // The chance that just `rank` samples lie below the median joins that of fewer.
        fewer += log_exactly.exp();
        if fewer > MISSED_ON_A_SIDE {
            return (rank > 0).then_some(rank);
        }
        log_exactly += ((count - rank) as f64 / (rank + 1) as f64).ln();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&[7.0]), 7.0);
    }

    /// As tabulated for the sign test, two-sided at 5 %.
    #[test]
    fn ranks_are_those_of_the_tables() {
        let tabulated =
            [(5, None), (6, Some(1)), (8, Some(1)), (9, Some(2)), (10, Some(2)), (20, Some(6))];
        for (count, expected) in tabulated.into_iter().chain([(50, Some(18)), (100, Some(40))]) {
            assert_eq!(rank(count), expected, "{count} samples");
        }
        assert_eq!(rank(0), None);
        let many = rank(10_000).expect("enough samples");
        assert!((4_900..4_904).contains(&many), "5,000 less 1.96 times 50: {many}");
    }

    #[test]
    fn the_fewest_samples_are_those_that_have_a_rank() {
        assert_eq!((rank(FEWEST), rank(FEWEST - 1)), (Some(1), None));
    }

    #[test]
    fn half_of_the_samples_lie_between_the_quartiles() {
        assert_eq!(quartiles(&[7.0]), (7.0, 7.0));
        assert_eq!(quartiles(&[4.0, 1.0, 3.0, 2.0]), (2.0, 3.0));
        assert_eq!(quartiles(&(0..100).map(f64::from).collect::<Vec<_>>()), (25.0, 74.0));
    }

    #[test]
    fn equal_samples_do_not_differ() {
        let same = ratio(&[2.0; 10], &[2.0; 10]);
        assert_eq!(same, Ratio { ratio: 1.0, interval: Some((1.0, 1.0)) });
        assert_eq!(ratio(&[2.0; 10], &[4.0; 5]).interval, None, "too few for an interval");
    }

    fn samples(count: usize) -> impl Strategy<Value = Vec<f64>> {
        // A floor and a tail, as times have.
        proptest::collection::vec((0.0..1.0_f64).prop_map(|u| 10.0 + 0.3 / (1.03 - u)), count)
    }

    proptest! {
        #[test]
        fn a_shift_by_a_fifth_is_found(old in samples(50)) {
            let new: Vec<_> = old.iter().map(|ns| 1.2 * ns).collect();
            let found = ratio(&old, &new);
            let (low, high) = found.interval.expect("enough samples");
            prop_assert!((found.ratio - 1.2).abs() < 1e-9);
            prop_assert!(1.0 < low && low <= found.ratio && found.ratio <= high, "{found:?}");
        }

        #[test]
        fn the_other_way_round_is_the_inverse(old in samples(9), new in samples(20)) {
            let (there, back) = (ratio(&old, &new), ratio(&new, &old));
            let ((low, high), (back_low, back_high)) =
                there.interval.zip(back.interval).expect("enough samples");
            prop_assert!((there.ratio * back.ratio - 1.0).abs() < 1e-9);
            prop_assert!((low * back_high - 1.0).abs() < 1e-9);
            prop_assert!((high * back_low - 1.0).abs() < 1e-9);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10))]
        /// At most 1 in 20 is promised, 10 of 200; 22 is about four standard deviations more.
        #[test]
        fn the_same_against_the_same_seldom_differs(
            pairs in proptest::collection::vec((samples(20), samples(20)), 200),
        ) {
            let differs = |(old, new): &&(Vec<f64>, Vec<f64>)| {
                let (low, high) = ratio(old, new).interval.expect("enough samples");
                low > 1.0 || high < 1.0
            };
            let differing = pairs.iter().filter(differs).count();
            prop_assert!(differing < 22, "{differing} of 200 differ");
        }
    }
}
