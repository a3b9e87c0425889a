//! Axes: which values they reach from and to, and where their ticks are.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use super::words::{count, duration};

/// An axis, linear or logarithmic.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) title: String,
    pub(super) logarithmic: bool,
    pub(super) ends: (f64, f64),
    /// Values, and how they are called.
    pub(super) ticks: Vec<(f64, String)>,
}

/// What no measured value is below, and none beyond: a record may have been written by hand.
const LEAST: f64 = 1e-3;
const MOST: f64 = 1e15;

/// Beyond this ratio of the greatest value to the least an axis is logarithmic.
const WIDE: f64 = 6.0;

impl Axis {
    /// An axis for measured values, from 0 on or logarithmic.
    pub(super) fn measured(
        title: &str,
        values: impl Iterator<Item = f64> + Clone,
        words: fn(f64) -> String,
    ) -> Self {
        let most = values.clone().fold(LEAST, f64::max).min(MOST);
        let least = values.filter(|value| *value > 0.0).fold(most, f64::min).max(LEAST);
        let logarithmic = most / least > WIDE;
        let (title, ends, ticks) = if logarithmic {
            let (low, high) = (least / 1.25, most * 1.25);
            (format!("{title}, log scale"), (low, high), decades(low, high))
        } else {
            (title.to_owned(), (0.0, 1.08 * most), steps(1.08 * most))
        };
        let ticks = ticks.into_iter().map(|tick| (tick, words(tick))).collect();
        Self { title, logarithmic, ends, ticks }
    }

    /// Nanoseconds.
    pub(super) fn time(title: &str, values: impl Iterator<Item = f64> + Clone) -> Self {
        Self::measured(title, values, duration)
    }

    /// An axis with a tick at these values, which rise, as far as there is room for their labels.
    pub(super) fn of(title: &str, values: &[f64], words: impl Fn(f64) -> String) -> Self {
        let (first, last) = (values[0], values[values.len() - 1]);
        let logarithmic = first > 0.0 && last / first > WIDE;
        let ends = if logarithmic {
            let margin = (last / first).powf(0.06);
            (first / margin, last * margin)
        } else {
            let margin = if last > first { 0.06 * (last - first) } else { 1.0 };
            (first - margin, last + margin)
        };
        let mut axis = Self { title: title.to_owned(), logarithmic, ends, ticks: Vec::new() };
        for &value in values {
            let room = axis.ticks.last().map(|(before, _)| axis.share(value) - axis.share(*before));
            if room.is_none_or(|room| room > 0.12) {
                axis.ticks.push((value, words(value)));
            }
        }
        axis
    }

    /// An axis of names, at 0, 1, 2 and so on.
    pub(super) fn named(title: &str, names: &[&str]) -> Self {
        let ticks = names.iter().enumerate().map(|(at, name)| (at as f64, (*name).to_owned()));
        Self {
            title: title.to_owned(),
            logarithmic: false,
            ends: (-0.25, names.len() as f64 - 0.75),
            ticks: ticks.collect(),
        }
    }

    /// How far along the axis a value lies, from 0 to 1.
    pub(super) fn share(&self, value: f64) -> f64 {
        let (low, high) = self.ends;
        let share = if self.logarithmic {
            (value / low).ln() / (high / low).ln()
        } else {
            (value - low) / (high - low)
        };
        share.clamp(0.0, 1.0)
    }
}

/// As `plotters` knows axes.
impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        limit.0 + (self.share(*value) * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.ends.0..self.ends.1
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(value: &f64) -> String {
        value.to_string()
    }

    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|(at, _)| at == value);
        tick.map_or_else(String::new, |(_, words)| words.clone())
    }
}

/// 1, 2, 5, 10 and so on within the bounds; 1, 10, 100 if that would be many.
fn decades(low: f64, high: f64) -> Vec<f64> {
    let steps: &[f64] = if high / low > 300.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let exponents = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let ticks = exponents.flat_map(|exponent| steps.iter().map(move |s| s * 10f64.powi(exponent)));
    ticks.filter(|tick| (low..=high).contains(tick)).collect()
}

/// Multiples of 1, 2 or 5 times a power of ten, four or five of them.
fn steps(high: f64) -> Vec<f64> {
    let rough = high / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|s| s * power).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(high);
    (0..).map(|tick| f64::from(tick) * step).take_while(|tick| *tick <= high).collect()
}

/// Whole numbers, as of threads.
pub(super) fn whole(value: f64) -> String {
    count(value as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_lie_between_the_ends_and_are_few() {
        for (least, most) in
            [(1.0, 1.5), (0.3, 90.0), (2.0, 4e6), (5.0, 5.0), (700.0, 4_300.0), (0.0, 0.0)]
        {
            let axis = Axis::time("ns", [least, most].into_iter());
            assert!((2..=9).contains(&axis.ticks.len()), "{axis:?}");
            let (low, high) = axis.ends;
            assert!(axis.ticks.iter().all(|(at, _)| (low..=high).contains(at)), "{axis:?}");
            assert!(axis.share(least) < axis.share(most) || least >= most, "{axis:?}");
        }
    }

    #[test]
    fn labels_that_have_no_room_are_left_out() {
        let many: Vec<_> = (1..100).map(f64::from).collect();
        assert!(Axis::of("threads", &many, whole).ticks.len() <= 8);
        let few = Axis::of("threads", &[1.0, 2.0, 4.0], whole);
        assert_eq!(few.ticks.len(), 3);
    }
}
