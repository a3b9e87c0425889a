//! The statistics of a pool.

use core::fmt;
use core::time::Duration;

use crate::BlockLayout;

/// The statistics of a pool, from [`BlockAlloc::stats`](crate::BlockAlloc::stats): where its blocks
/// are, and counts of its calls.
///
/// Each block is in exactly one of four places (invariant 2):
///
/// ```text
/// capacity = in_use + cached + returned() + never_used
///                   \_____________ available() ____________/
/// ```
///
/// The sum holds in every report. Each number is exact while no other thread is inside a call,
/// otherwise correct within the blocks that other threads move while the report is created.
///
/// [`Display`](fmt::Display) writes one line for a log.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::{BlockAlloc, BlockAllocExt};
///
/// let pool = Pool::new(1500, 64);
/// let packets = [pool.alloc()?, pool.alloc()?];
///
/// let stats = pool.stats();
/// assert_eq!((stats.capacity, stats.in_use, stats.available()), (64, 2, 62));
/// println!("{stats}");
/// # Ok::<(), block_core::AllocError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The number of bytes of a block.
    pub block_size: usize,
    /// The number of blocks.
    pub capacity: usize,
    /// The number of allocated blocks: handles, raw blocks, forgotten ones, and those that calls of
    /// other threads were moving.
    pub in_use: usize,
    /// The number of free blocks in the caches of threads. Every thread can allocate them.
    pub cached: usize,
    /// The number of blocks that were never allocated, so that no memory is committed for them.
    pub never_used: usize,
    /// An upper bound of the largest number of blocks that were in use at the same time. Never
    /// decreases, and is never below `in_use`. If
    /// [`high_water_is_exact`](Self::high_water_is_exact), it is that number. In a pool with
    /// magazines it includes blocks that were cached when it last rose; the backend says how many
    /// that can be. In a backend that does not count it, it is the capacity.
    pub high_water: usize,
    /// Whether `high_water` is the largest number of blocks that were in use at the same time, and
    /// not just an upper bound.
    pub high_water_is_exact: bool,
    /// The number of failed allocations. A call that waits counts once. 0 in a backend that does
    /// not count them.
    pub exhaustions: u64,
    /// The number of reclaims of the blocks in all magazines. A reclaim takes microseconds, and
    /// afterwards magazines hold fewer blocks. 0 in a backend without magazines.
    pub reclaims: u64,
    /// The number of calls that waited for a block. 0 in a pool that is not a `Waiting`.
    pub waits: u64,
    /// The sum of the times that calls have waited, without calls that still wait.
    pub time_waited: Duration,
    /// The longest time that a call has waited, without calls that still wait.
    pub longest_wait: Duration,
}

impl Stats {
    /// Creates statistics from the layout and the number of free blocks. A backend that knows more
    /// sets the fields.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Stats};
    ///
    /// let mut stats = Stats::new(&BlockLayout::new(64, 10)?, 8);
    /// stats.high_water = 3;
    /// assert_eq!((stats.in_use, stats.high_water), (2, 3));
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    pub const fn new(layout: &BlockLayout, available: usize) -> Self {
        Self {
            block_size: layout.block_size(),
            capacity: layout.capacity(),
            in_use: layout.capacity().saturating_sub(available),
            cached: 0,
            never_used: 0,
            high_water: layout.capacity(),
            high_water_is_exact: false,
            exhaustions: 0,
            reclaims: 0,
            waits: 0,
            time_waited: Duration::ZERO,
            longest_wait: Duration::ZERO,
        }
    }

    /// Returns the number of free blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Stats};
    ///
    /// let stats = Stats::new(&BlockLayout::new(64, 10)?, 8);
    /// assert_eq!(stats.available(), 8);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    pub const fn available(&self) -> usize {
        self.capacity.saturating_sub(self.in_use)
    }

    /// Returns the number of freed blocks that are in no magazine.
    ///
    /// # Examples
    ///
    /// ```
    /// use block_core::{BlockLayout, Stats};
    ///
    /// let mut stats = Stats::new(&BlockLayout::new(64, 10)?, 8);
    /// stats.never_used = 5;
    /// stats.cached = 1;
    /// assert_eq!(stats.returned(), 2);
    /// # Ok::<(), block_core::LayoutError>(())
    /// ```
    #[must_use]
    pub const fn returned(&self) -> usize {
        self.available().saturating_sub(self.cached).saturating_sub(self.never_used)
    }
}

/// Writes one line: where the blocks are, the largest number in use (or cached), and the failed
/// allocations.
impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { capacity, block_size, in_use, cached, never_used, .. } = *self;
        write!(f, "{capacity} blocks of {block_size} bytes: {in_use} in use, ")?;
        write!(f, "{cached} cached, {} returned, {never_used} never used; ", self.returned())?;
        let at_once = if self.high_water_is_exact { "in use" } else { "in use or cached" };
        write!(f, "at most {} {at_once} at once; ", self.high_water)?;
        write!(f, "{} exhaustions, {} reclaims", self.exhaustions, self.reclaims)?;
        if self.waits > 0 {
            let Self { waits, time_waited, longest_wait, .. } = self;
            write!(f, "; {waits} waits of {time_waited:?} together and {longest_wait:?} at most")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_line_of_a_log_says_where_the_blocks_are() {
        let mut stats = Stats::new(&BlockLayout::new(1500, 64).unwrap(), 60);
        stats.cached = 29;
        stats.never_used = 30;
        stats.high_water = 34;
        stats.exhaustions = 2;
        stats.reclaims = 1;
        assert_eq!(
            stats.to_string(),
            "64 blocks of 1500 bytes: 4 in use, 29 cached, 1 returned, 30 never used; \
             at most 34 in use or cached at once; 2 exhaustions, 1 reclaims"
        );
        stats.high_water_is_exact = true;
        assert!(stats.to_string().contains("; at most 34 in use at once; "), "{stats}");
    }

    #[test]
    fn waits_are_in_the_line_only_if_there_were_any() {
        let mut stats = Stats::new(&BlockLayout::new(64, 2).unwrap(), 2);
        assert!(stats.to_string().ends_with("0 exhaustions, 0 reclaims"), "{stats}");
        stats.waits = 3;
        stats.time_waited = Duration::from_millis(5);
        stats.longest_wait = Duration::from_micros(2500);
        let end = "0 reclaims; 3 waits of 5ms together and 2.5ms at most";
        assert!(stats.to_string().ends_with(end), "{stats}");
    }
}
