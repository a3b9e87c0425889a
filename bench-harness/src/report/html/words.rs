//! Figures in words.

use maud::{Markup, html};

pub(super) use crate::report::overview::time as figure;

/// A contender and the path through it, which may stand on a line of its own.
pub(super) fn full_name(contender: &str, path: &str) -> Markup {
    html! { (contender) wbr; span class="path" { "/" (path) } }
}

/// A commit as people name it, with what follows its number.
pub(super) fn short_commit(commit: &str) -> String {
    let (number, rest) = commit.split_at(commit.find('-').unwrap_or(commit.len()));
    number.chars().take(10).chain(rest.chars()).collect()
}

/// A time that may be long: 850 ns, 1.2 µs, 34 ms.
pub(super) fn duration(ns: f64) -> String {
    let (value, unit) = match ns {
        ..999.5 => (ns, "ns"),
        ..999_500.0 => (ns / 1e3, "µs"),
        ..999_500_000.0 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    format!("{} {unit}", significant(value))
}

/// Two digits or more, without zeros that say nothing.
pub(super) fn significant(value: f64) -> String {
    let text = match value {
        ..0.995 => format!("{value:.2}"),
        ..9.95 => format!("{value:.1}"),
        _ => return format!("{value:.0}"),
    };
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short.is_empty() { "0".to_owned() } else { short.to_owned() }
}

/// How many times: 0.83, 3.4, 12.
pub(super) fn times(factor: f64) -> String {
    crate::report::overview::figure(factor)
}

/// A whole number, with K and M where they fit exactly or the rest says little.
pub(super) fn count(number: usize) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{}k", significant(number as f64 / 1e3)),
        _ => format!("{}M", significant(number as f64 / 1e6)),
    }
}

/// Bytes on an axis, in little room.
pub(super) fn short_bytes(size: f64) -> String {
    crate::numbers::bytes(size as usize).replace(" KiB", "K").replace(" MiB", "M").replace(" B", "")
}

/// A percentile as it is called: p50, p99.9.
pub(super) fn percentile(percent: f64) -> String {
    format!("p{percent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_unit_that_fits() {
        let said = [0.0, 0.5, 27.96, 999.7, 1_234.0, 34e6, 2e9].map(duration);
        assert_eq!(said, ["0 ns", "0.5 ns", "28 ns", "1 µs", "1.2 µs", "34 ms", "2 s"]);
    }

    #[test]
    fn counts_are_short() {
        assert_eq!([1, 9_999, 100_000, 1_000_000].map(count), ["1", "9999", "100k", "1M"]);
    }
}
