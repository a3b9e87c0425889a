//! Whether two lists of samples differ by more than chance, by their order alone, and how sure one must be
//! if there are many such pairs.

/// How likely it is that two lists of samples, drawn alike, differ in the order of their values as much
/// as these: the rank-sum test of F. Wilcoxon (1945), H. B. Mann and D. R. Whitney (1947), two-sided,
/// by the normal approximation with its corrections for ties and for continuity. It is close from
/// about six samples each on, and above the exact chance in the far tail, where it matters.
pub(crate) fn chance(old: &[f64], new: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = old.iter().map(|&sample| (sample, false)).collect();
    all.extend(new.iter().map(|&sample| (sample, true)));
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ranks_of_new, mut ties, mut before) = (0.0, 0.0, 0.0);
    for equal in all.chunk_by(|a, b| a.0 == b.0) {
        let count = equal.len() as f64;
        let rank = before + f64::midpoint(1.0, count);
        ranks_of_new += rank * equal.iter().filter(|(_, is_new)| *is_new).count() as f64;
        ties += count * (count * count - 1.0);
        before += count;
    }
    let (m, n) = (old.len() as f64, new.len() as f64);
    let all = m + n;
    let expected = n * (all + 1.0) / 2.0;
    let variance = m * n / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    let distance = ((ranks_of_new - expected).abs() - 0.5).max(0.0);
    // All samples equal: nothing tells them apart.
    if variance > 0.0 { libm::erfc(distance / (2.0 * variance).sqrt()) } else { 1.0 }
}

/// Which of so many chances are too small to be chance, if of all those that are called so at most one in
/// twenty is to be chance after all (Y. Benjamini and Y. Hochberg 1995).
pub(crate) fn discoveries(chances: &[f64]) -> Vec<bool> {
    let mut sorted = chances.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let allowed = |place: usize| 0.05 * (place + 1) as f64 / chances.len() as f64;
    let last = (0..sorted.len()).rev().find(|&place| sorted[place] <= allowed(place));
    chances.iter().map(|chance| last.is_some_and(|last| *chance <= sorted[last])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the exact chances, 2 of 924 and 2 of 12,870 orders of the samples, and two more of
    /// tables of the test.
    #[test]
    fn the_chance_of_an_order_is_that_of_the_tables() {
        let apart = |count: u32| {
            let low: Vec<_> = (0..count).map(f64::from).collect();
            let high: Vec<_> = low.iter().map(|sample| sample + 100.0).collect();
            (chance(&low, &high), chance(&high, &low))
        };
        let (up, down) = apart(6);
        assert!((up - down).abs() < 1e-12 && (0.002..0.006).contains(&up), "{up}");
        let (up, _) = apart(8);
        assert!((0.000_155..0.001).contains(&up), "{up}");
        let mixed: Vec<_> = (0..20).map(f64::from).collect();
        let (even, odd): (Vec<f64>, Vec<f64>) = mixed.iter().partition(|&&it| it % 2.0 == 0.0);
        assert!(chance(&even, &odd) > 0.6);
        assert_eq!(chance(&[2.0; 9], &[2.0; 9]), 1.0, "nothing but ties");
    }

    #[test]
    fn the_more_that_differ_the_less_each_must() {
        assert_eq!(discoveries(&[]), Vec::<bool>::new());
        assert_eq!(discoveries(&[0.04]), [true]);
        assert_eq!(discoveries(&[0.04, 0.9]), [false, false]);
        assert_eq!(discoveries(&[0.9, 0.04, 0.04]), [false; 3]);
        assert_eq!(discoveries(&[0.04, 0.04, 0.04]), [true; 3]);
        assert_eq!(discoveries(&[0.5, 0.01, 0.9, 0.002]), [false, true, false, true]);
    }
}
