//! The values of options, each with a line that says what is allowed.

use std::str::FromStr;

use super::choice::MOST_ROUNDS;
use crate::grid;
use crate::plan::Plan;
use crate::report::Format;
use crate::workload::Workload;

pub(super) fn workloads(text: &str) -> Result<Box<[Workload]>, String> {
    if text == "all" {
        return Ok(Workload::ALL.into());
    }
    let one = text.parse::<Workload>().map(|workload| [workload].into());
    one.map_err(|allowed| format!("{allowed}; all for every one without its parameters"))
}

pub(super) fn plan(text: &str) -> Result<Plan, String> {
    let found = Plan::ALL.iter().copied().find(|plan| plan.name() == text);
    found.ok_or_else(|| {
        let known: Vec<_> = Plan::ALL.iter().map(|plan| plan.name()).collect();
        format!("allowed is {}", known.join(", "))
    })
}

pub(super) fn format(text: &str) -> Result<Format, String> {
    Format::ALL
        .iter()
        .find_map(|&(name, format)| (name == text).then_some(format))
        .ok_or_else(|| "allowed is summary, table, json, csv, markdown, html or svg".to_owned())
}

/// A whole number from 1 on.
fn count(text: &str, most: usize, unit: &str) -> Result<usize, String> {
    let allowed = || format!("allowed is a whole number of {unit} from 1 to {most}");
    let number = usize::from_str(text).map_err(|_| allowed())?;
    if (1..=most).contains(&number) { Ok(number) } else { Err(allowed()) }
}

/// A number of threads, or a range of them.
pub(super) fn threads(text: &str) -> Result<Box<[usize]>, String> {
    let one = |text| count(text, grid::MOST_THREADS, "threads");
    match text.split_once('-').filter(|(first, _)| !first.is_empty()) {
        None => Ok([one(text)?].into()),
        Some((first, last)) => match (one(first)?, one(last)?) {
            (first, last) if first <= last => Ok((first..=last).collect()),
            _ => Err("allowed is a range from the fewest to the most, as 1-4".to_owned()),
        },
    }
}

pub(super) fn arena(text: &str) -> Result<usize, String> {
    count(text, grid::LARGEST_ARENA, "blocks")
}

pub(super) fn rounds(text: &str) -> Result<usize, String> {
    count(text, MOST_ROUNDS, "rounds")
}

pub(super) fn passes(text: &str) -> Result<usize, String> {
    count(text, MOST_ROUNDS, "passes")
}

pub(super) fn block_size(text: &str) -> Result<usize, String> {
    let allowed = || "allowed is 1 to 1G bytes, as 64, 1500 or 16K".to_owned();
    let (digits, shift) = match text.char_indices().next_back() {
        Some((end, 'k' | 'K')) => (&text[..end], 10),
        Some((end, 'm' | 'M')) => (&text[..end], 20),
        Some((end, 'g' | 'G')) => (&text[..end], 30),
        _ => (text, 0),
    };
    let size = usize::from_str(digits).ok().and_then(|number| number.checked_mul(1 << shift));
    size.filter(|size| (1..=grid::LARGEST_BLOCK).contains(size)).ok_or_else(allowed)
}

/// A number above 0.
fn positive(text: &str, most: f64, unit: &str) -> Result<f64, String> {
    let number = f64::from_str(text).ok();
    number
        .filter(|&number| number > 0.0 && number <= most)
        .ok_or_else(|| format!("allowed is a number of {unit} above 0, at most {most}"))
}

pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number = f64::from_str(text).ok().filter(|number| (0.0..=1e6).contains(number));
    number.ok_or_else(|| "allowed is a number of percent from 0 to 1000000".to_owned())
}

/// A time in seconds: above 0, at most a day.
///
/// # Errors
///
/// What is allowed, if `text` is anything else.
///
/// # Examples
///
/// ```
/// use bench_harness::arguments::seconds;
///
/// assert_eq!(seconds("0.5"), Ok(0.5));
/// assert!(seconds("-1").is_err() && seconds("soon").is_err());
/// ```
pub fn seconds(text: &str) -> Result<f64, String> {
    positive(text, 86_400.0, "seconds")
}

pub(super) fn nanoseconds(text: &str) -> Result<f64, String> {
    positive(text, 1e9, "nanoseconds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_suffixes() {
        assert_eq!(block_size("64"), Ok(64));
        assert_eq!(block_size("16K"), Ok(16 << 10));
        assert_eq!(block_size("2m"), Ok(2 << 20));
        assert_eq!(block_size("1G"), Ok(1 << 30));
        for wrong in ["", "K", "0", "2G", "-1", "1.5K", "64B", "99999999999999999999", "é"] {
            assert!(block_size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn threads_can_be_a_range() {
        let of = |text| threads(text).map(Vec::from);
        assert_eq!(of("3"), Ok(vec![3]));
        assert_eq!(of("1-4"), Ok(vec![1, 2, 3, 4]));
        for wrong in ["4-1", "0-2", "1-", "-1", "1-2-3", "1-9999"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_finite_and_above_zero() {
        assert_eq!(seconds("0.5"), Ok(0.5));
        for wrong in ["", "0", "-1", "NaN", "inf", "1e9", "soon", "60s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
