//! Tables of magazines for threads with high numbers, mapped when such a thread first uses the
//! pool.
//!
//! A pool starts with a table for [`FIRST`] threads, so that a small pool stays small. Further
//! table `k` is for the [`FIRST`]` << k` numbers from `FIRST << k` on. A call of such a thread
//! looks there after it has found no magazine in the first table.
//!
//! ```text
//! EMPTY --(a thread's mark)--> being created --> READY or REFUSED
//! ```
//!
//! The thread that replaces `EMPTY` by its mark creates the table. No thread waits for it: a call
//! that finds the table being created uses the stack, also if it is a signal handler that
//! interrupted the creation. If the creating thread does not exist any more ([`is_gone`]), the next
//! one creates the table again. If the system has refused a table, it is not asked for it again:
//! threads with these numbers use the stack.
//!
//! # Memory orderings
//!
//! `READY` is stored with Release and loaded with Acquire, so a thread that sees it sees the whole
//! table. A reclaimer sees each table that may contain a block: the owner found the table `READY`
//! before the fence of its operation (steps 1 and 2 of `docs/exactness.md`). A
//! reclaimer whose fence comes later sees the table, too. A reclaimer whose fence came earlier has
//! closed the magazines to that operation.

use core::fmt;

use block_core::Region;

use crate::magazine::Magazine;
use crate::sync::{AtomicU32, LateInit, Ordering, Table, const_outside_models, table_for};
use crate::thread::{LIMIT, is_gone, lock_mark};

/// The number of threads with a magazine in the first table. A table has 16 KiB or more and is
/// therefore mapped where the system has mappings: a signal handler may create one and must not use
/// the heap.
pub(super) const FIRST: usize = if cfg!(any(block_loom, block_shuttle)) { 4 } else { 64 };
#[cfg(not(any(block_loom, block_shuttle)))]
const _: () = assert!(FIRST * size_of::<Magazine>() >= 1 << 14);

/// The largest number of further tables.
const TABLES: usize = (LIMIT / FIRST).ilog2() as usize;
const _: () = assert!(FIRST << TABLES == LIMIT);

const EMPTY: u32 = 0;
const READY: u32 = 1;
const REFUSED: u32 = 2;

/// One further table.
struct Further {
    /// EMPTY, READY or REFUSED, or the mark of the thread that creates the table.
    state: AtomicU32,
    magazines: LateInit<Table<Magazine>>,
}

// SAFETY: `magazines` is written by the thread whose mark is in `state`, and only read while that
// is READY.
unsafe impl Sync for Further {}

impl Further {
    const_outside_models! {
        fn new() -> Self {
            Self { state: AtomicU32::new(EMPTY), magazines: LateInit::new() }
        }
    }

    #[inline]
    fn ready(&self) -> Option<&Table<Magazine>> {
        // Acquire: pairs with the Release in `create`.
        let is_ready = self.state.load(Ordering::Acquire) == READY;
        // SAFETY: written before the state became READY, and not since.
        is_ready.then(|| unsafe { self.magazines.get() })
    }

    /// Returns the table, and creates it if it does not exist.
    #[cold]
    fn create(&self, region: &Region, len: usize) -> Option<&Table<Magazine>> {
        let state = self.state.load(Ordering::Relaxed);
        if state == EMPTY || state > REFUSED && is_gone(state) {
            // Acquire: pairs with the last step of a thread that has ended, as in `is_gone`.
            let own = lock_mark();
            self.state.compare_exchange(state, own, Ordering::Acquire, Ordering::Relaxed).ok()?;
            if let Ok(magazines) = table_for(region, len) {
                // SAFETY: only this thread writes, since it made the exchange.
                unsafe { self.magazines.set(magazines) };
                // Release: pairs with the Acquire in `ready`.
                self.state.store(READY, Ordering::Release);
            } else {
                self.state.store(REFUSED, Ordering::Relaxed);
            }
        }
        self.ready()
    }
}

impl Drop for Further {
    fn drop(&mut self) {
        if self.ready().is_some() {
            // SAFETY: written once and dropped only here. A table that was not completed is leaked.
            unsafe { self.magazines.drop_in_place() };
        }
    }
}

/// The further tables of a pool.
pub(super) struct Tables([Further; TABLES]);

impl Tables {
    #[cfg(not(any(block_loom, block_shuttle)))]
    pub(super) const fn new() -> Self {
        Self([const { Further::new() }; TABLES])
    }

    #[cfg(any(block_loom, block_shuttle))]
    pub(super) fn new() -> Self {
        Self(core::array::from_fn(|_| Further::new()))
    }

    /// Returns the table for a number from [`FIRST`] up to [`LIMIT`], and the table's first number.
    #[inline]
    fn table(&self, number: usize) -> Option<(&Further, usize)> {
        let position = (number / FIRST).checked_ilog2()?;
        Some((self.0.get(position as usize)?, FIRST << position))
    }

    /// Returns the magazine of the thread with this number if its table exists.
    #[inline]
    pub(super) fn magazine(&self, number: usize) -> Option<&Magazine> {
        let (table, first) = self.table(number)?;
        table.ready()?.get(number - first)
    }

    /// Returns the magazine of the thread with this number. Creates its table if it does not exist,
    /// unless the system has refused it or another thread is creating it.
    pub(super) fn magazine_or_create(&self, number: usize, region: &Region) -> Option<&Magazine> {
        let (table, first) = self.table(number)?;
        table.ready().or_else(|| table.create(region, first))?.get(number - first)
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ready = self.0.iter().filter(|table| table.ready().is_some()).count();
        f.debug_struct("Tables").field("ready", &ready).finish()
    }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use block_core::BlockLayout;
    use std::vec::Vec;

    fn region() -> Region {
        Region::map(BlockLayout::new(64, 16).unwrap()).unwrap()
    }

    #[test]
    fn every_number_has_a_magazine_and_a_table_is_created_for_the_first_of_its_numbers() {
        let (tables, region) = (Tables::new(), region());
        assert!((0..LIMIT + 10).all(|number| tables.magazine(number).is_none()));
        let mut magazines: Vec<_> = (FIRST..LIMIT)
            .map(|number| core::ptr::from_ref(tables.magazine_or_create(number, &region).unwrap()))
            .collect();
        let found = (FIRST..LIMIT).map(|it| core::ptr::from_ref(tables.magazine(it).unwrap()));
        assert!(found.eq(magazines.iter().copied()));
        magazines.sort();
        magazines.dedup();
        assert_eq!(magazines.len(), LIMIT - FIRST);
        let others =
            (0..FIRST).chain(LIMIT..LIMIT + 10).chain([usize::MAX / size_of::<Magazine>()]);
        assert!(
            others.into_iter().all(|number| tables.magazine_or_create(number, &region).is_none())
        );
    }

    /// As in a signal handler that interrupted the creation, and after a thread that ended during
    /// it.
    #[test]
    fn no_thread_waits_for_a_table_and_one_whose_creator_has_ended_is_created_again() {
        crate::thread::prepare();
        let (tables, region) = (Tables::new(), region());
        let life = || {
            crate::thread::assign();
            lock_mark()
        };
        let gone = std::thread::spawn(life).join().unwrap();
        tables.0[0].state.store(lock_mark(), Ordering::Relaxed);
        assert!(tables.magazine_or_create(FIRST, &region).is_none());
        tables.0[0].state.store(gone, Ordering::Relaxed);
        assert!(tables.magazine(FIRST).is_none());
        assert!(tables.magazine_or_create(FIRST, &region).is_some());
        tables.0[1].state.store(REFUSED, Ordering::Relaxed);
        assert!(tables.magazine_or_create(2 * FIRST, &region).is_none());
    }
}
