//! How much of an arena is held all along: a parameter of `near-full`.

use std::fmt;
use std::str::FromStr;

/// A share of an arena's blocks, exact in thousandths: none of them or more, but not all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Occupancy(u16);

/// All of an arena.
const ALL: u16 = 1_000;

impl Occupancy {
    /// That of `near-full` without a parameter: 99.8 %.
    pub const USUAL: Self = Self(998);

    /// So many thousandths; `None` for all of them, or more.
    #[must_use]
    pub const fn per_mille(thousandths: u16) -> Option<Self> {
        if thousandths < ALL { Some(Self(thousandths)) } else { None }
    }

    /// So many whole percent.
    ///
    /// # Panics
    ///
    /// From 100 on.
    pub(super) const fn percent(percent: u16) -> Self {
        assert!(percent < 100, "a take must find a block");
        Self(10 * percent)
    }

    /// Blocks of the arena that are left, rounded down.
    pub(super) const fn free(self, arena: usize) -> usize {
        let (all, free) = (ALL as usize, (ALL - self.0) as usize);
        // Of the thousands and of the rest: the product of arena and share might overflow.
        arena / all * free + arena % all * free / all
    }

    /// The smallest arena in which a block is left for each thread.
    pub(super) const fn least_arena(self, threads: usize) -> usize {
        (threads * ALL as usize).div_ceil((ALL - self.0) as usize)
    }
}

impl fmt::Display for Occupancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 10, self.0 % 10) {
            (percent, 0) => write!(f, "{percent}"),
            (percent, tenths) => write!(f, "{percent}.{tenths}"),
        }
    }
}

impl FromStr for Occupancy {
    type Err = String;

    /// Percent, with at most one decimal.
    fn from_str(text: &str) -> Result<Self, String> {
        let (percent, tenths) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str, most| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= most;
            if digits { text.parse::<u16>().ok() } else { None }
        };
        match digits(percent, 3).zip(digits(tenths, 1)).map(|(whole, tenths)| 10 * whole + tenths) {
            Some(ALL) => Err("with 100 % held every take fails: that is exhausted".to_owned()),
            Some(thousandths) if thousandths < ALL => Ok(Self(thousandths)),
            _ => {
                Err("allowed is near-full:PERCENT, from 0 to 99.9 with at most one decimal"
                    .to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_share_reads_back_as_it_is_printed() {
        for thousandths in 0..ALL {
            let occupancy = Occupancy::per_mille(thousandths).expect("below all");
            assert_eq!(occupancy.to_string().parse(), Ok(occupancy));
        }
        assert_eq!(Occupancy::per_mille(ALL), None);
        assert_eq!("99.8".parse(), Ok(Occupancy::USUAL));
        assert_eq!("90.0".parse(), Ok(Occupancy::percent(90)));
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for wrong in ["", ".", "9.", ".5", "+9", "-1", "99.85", "1e1", "0100", "101", "100.1", "a"]
        {
            let refused = wrong.parse::<Occupancy>().expect_err(wrong);
            assert!(refused.contains("from 0 to 99.9"), "{wrong}: {refused}");
        }
        for all in ["100", "100.0"] {
            assert!(all.parse::<Occupancy>().expect_err(all).ends_with("that is exhausted"));
        }
    }

    /// Each thread has a block in the least arena, and not in a smaller one.
    #[test]
    fn the_least_arena_leaves_a_block_for_each_thread() {
        for thousandths in 0..ALL {
            let occupancy = Occupancy(thousandths);
            for threads in [1, 2, 7, 64] {
                let least = occupancy.least_arena(threads);
                assert!(occupancy.free(least) >= threads, "{occupancy} %, {threads}");
                assert!(occupancy.free(least - 1) < threads, "{occupancy} %, {threads}");
            }
        }
    }

    #[test]
    fn none_held_leaves_all_and_all_but_a_thousandth_leaves_that() {
        assert_eq!(Occupancy(0).free(12_345), 12_345);
        assert_eq!(Occupancy(999).free(12_345), 12);
        assert_eq!(Occupancy::USUAL.free(10_000_000), 20_000);
    }
}
