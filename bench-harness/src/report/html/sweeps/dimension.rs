//! What changes along a curve, and what stays the same.

use crate::numbers::{bytes, plural};
use crate::report::html::axis::{Axis, whole};
use crate::report::html::words::{count, short_bytes};
use crate::report::view::{Blocks, Cell};

/// What changes along a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    BlockSize,
    Arena,
    Occupancy,
    Payload,
}

/// What is done with a block, in rising order.
const PAYLOADS: [&str; 3] = ["none", "line", "block"];

/// All that stays the same along a curve; what changes is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fixed<'a> {
    pub(super) workload: &'a str,
    pub(super) threads: usize,
    pub(super) block_size: usize,
    pub(super) arena: usize,
    pub(super) payload: Option<&'a str>,
}

impl Dimension {
    pub(super) const ALL: [Self; 4] =
        [Self::BlockSize, Self::Arena, Self::Occupancy, Self::Payload];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::BlockSize => "Block size",
            Self::Arena => "Arena",
            Self::Occupancy => "Occupancy",
            Self::Payload => "Payload",
        }
    }

    pub(super) fn caption(self) -> &'static str {
        match self {
            Self::BlockSize => {
                "Larger blocks are more memory, not more work, unless they are touched."
            }
            Self::Arena => "More blocks than the caches hold cost misses.",
            Self::Occupancy => {
                "Pairs while so much of the arena is held; 100 % is the time of a refusal."
            }
            Self::Payload => {
                "What is written into each block: nothing, its first byte, or all of it."
            }
        }
    }

    /// Where a cell lies, and on which curve; nothing if it is on none.
    pub(super) fn of(self, cell: &Cell) -> Option<(Fixed<'_>, f64)> {
        let Blocks { block_size, arena, payload } = cell.blocks();
        let (workload, threads) = (&*cell.workload, cell.threads);
        let fixed = Fixed { workload, threads, block_size, arena, payload };
        match self {
            Self::BlockSize => Some((Fixed { block_size: 0, ..fixed }, block_size as f64)),
            Self::Arena => Some((Fixed { arena: 0, ..fixed }, arena as f64)),
            Self::Occupancy => Some((Fixed { workload: "", ..fixed }, occupancy(workload)?)),
            Self::Payload => {
                let place = PAYLOADS.iter().position(|known| *known == cell.payload())?;
                Some((Fixed { payload: None, ..fixed }, place as f64))
            }
        }
    }

    pub(super) fn axis(self, values: &[f64]) -> Axis {
        match self {
            Self::BlockSize => Axis::of("bytes of a block", values, short_bytes),
            Self::Arena => Axis::of("blocks of the arena", values, whole),
            Self::Occupancy => {
                let names: Vec<_> = values.iter().map(f64::to_string).collect();
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                Axis::named("percent of the arena held, not to scale", &names)
            }
            Self::Payload => Axis::named("written into each block", &PAYLOADS),
        }
    }

    /// Where a value lies on the axis: that of the occupancy is not to scale, since what matters
    /// of it is close to the full arena.
    pub(super) fn place(self, value: f64, values: &[f64]) -> f64 {
        match self {
            Self::Occupancy => values.iter().take_while(|other| **other < value).count() as f64,
            Self::BlockSize | Self::Arena | Self::Payload => value,
        }
    }

    pub(super) fn words(self, value: f64) -> String {
        match self {
            Self::BlockSize => short_bytes(value),
            Self::Arena => whole(value),
            Self::Occupancy => format!("{value} %"),
            Self::Payload => PAYLOADS[value as usize].to_owned(),
        }
    }
}

/// Percent of the arena that is held.
fn occupancy(workload: &str) -> Option<f64> {
    match workload {
        "pair" => Some(0.0),
        "near-full" => Some(99.8),
        "exhausted" => Some(100.0),
        _ => workload
            .strip_prefix("near-full:")?
            .parse()
            .ok()
            .filter(|at| (0.0..=100.0).contains(at)),
    }
}

impl std::fmt::Display for Fixed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { workload, threads, block_size, arena, payload } = self;
        if !workload.is_empty() {
            write!(f, "{workload}, ")?;
        }
        f.write_str(&plural(*threads, "thread"))?;
        if *block_size > 0 {
            write!(f, ", {}", bytes(*block_size))?;
        }
        if *arena > 0 {
            write!(f, ", capacity {}", count(*arena))?;
        }
        if let Some(payload) = payload {
            write!(f, ", payload: {payload}")?;
        }
        Ok(())
    }
}
