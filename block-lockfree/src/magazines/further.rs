//! The magazines of threads beyond the first ones, in tables that are mapped when such a thread first uses the
//! pool.
//!
//! A pool begins with a table for [`FIRST`] threads, so that a small pool stays small. Table `k` of the
//! further ones is for the numbers from `FIRST << k` on, as many as there are below. Their calls
//! look there after they have found no magazine in the first table.
//!
//! ```text
//! EMPTY --(a thread's mark)--> being made --> READY or REFUSED
//! ```
//!
//! The thread that swaps its mark in for `EMPTY` makes the table. No thread waits for it: a call that
//! finds the table being made works on the stack. That includes a handler that interrupted the
//! making. If the thread that makes the table is gone ([`is_gone`]), the next one makes it anew. A table that
//! the system refused is not asked for again: threads with its numbers work on the stack.
//!
//! # Memory orderings
//!
//! `READY` is stored with Release and loaded with Acquire, so the table is seen whole. A reclaimer sees each
//! table that may hold a block: its owner found it `READY` before the fence of its operation (steps 1 and 2
//! of [`exactness`](crate::exactness)), so a reclaimer whose fence came later finds it, too, and one whose
//! fence came earlier has closed the magazines to that operation.

use core::fmt;

use block_core::Region;

use crate::magazine::Magazine;
use crate::sync::{AtomicU32, LateInit, Ordering, Table, const_outside_models, table_for};
use crate::thread::{LIMIT, is_gone, lock_mark};

/// How many threads have their magazines in the first table. It is mapped where the system has mappings, as
/// it takes 16 KiB or more; so is each further one, since a handler may make it and must not use the heap.
pub(super) const FIRST: usize = if cfg!(any(block_loom, block_shuttle)) { 4 } else { 64 };
#[cfg(not(any(block_loom, block_shuttle)))]
const _: () = assert!(FIRST * size_of::<Magazine>() >= 1 << 14);

/// How many further tables there can be.
const TABLES: usize = (LIMIT / FIRST).ilog2() as usize;
const _: () = assert!(FIRST << TABLES == LIMIT);

const EMPTY: u32 = 0;
const READY: u32 = 1;
const REFUSED: u32 = 2;

/// One further table.
struct Further {
    /// One of the words above, or the mark of the thread that makes the table.
    state: AtomicU32,
    magazines: LateInit<Table<Magazine>>,
}

// SAFETY: `magazines` is written by the thread that swapped its mark into `state`, and only read once that is
// READY.
unsafe impl Sync for Further {}

impl Further {
    const_outside_models! {
        fn new() -> Self {
            Self { state: AtomicU32::new(EMPTY), magazines: LateInit::new() }
        }
    }

    #[inline]
    fn ready(&self) -> Option<&Table<Magazine>> {
        // Acquire: pairs with the Release in `made`.
        let is_ready = self.state.load(Ordering::Acquire) == READY;
        // SAFETY: written before it was READY, and not since.
        is_ready.then(|| unsafe { self.magazines.get() })
    }

    /// The table, made if need be.
    #[cold]
    fn made(&self, region: &Region, len: usize) -> Option<&Table<Magazine>> {
        let state = self.state.load(Ordering::Relaxed);
        if state == EMPTY || state > REFUSED && is_gone(state) {
            // Acquire: pairs with the last step of a thread that is gone, as `is_gone` does.
            let own = lock_mark();
            self.state.compare_exchange(state, own, Ordering::Acquire, Ordering::Relaxed).ok()?;
            if let Ok(magazines) = table_for(region, len) {
                // SAFETY: this thread's turn, by the exchange.
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
            // SAFETY: written once, and dropped only here. One that is half written stays.
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

    /// The table that has a number, from [`FIRST`] up to [`LIMIT`], and the number of its first magazine.
    #[inline]
    fn table(&self, number: usize) -> Option<(&Further, usize)> {
        let position = (number / FIRST).checked_ilog2()?;
        Some((self.0.get(position as usize)?, FIRST << position))
    }

    /// The magazine that goes with a number, if its table is there.
    #[inline]
    pub(super) fn magazine(&self, number: usize) -> Option<&Magazine> {
        let (table, first) = self.table(number)?;
        table.ready()?.get(number - first)
    }

    /// The magazine that goes with a number. Makes its table if need be, unless that is refused or another
    /// thread is about to.
    pub(super) fn magazine_or_create(&self, number: usize, region: &Region) -> Option<&Magazine> {
        let (table, first) = self.table(number)?;
        table.ready().or_else(|| table.made(region, first))?.get(number - first)
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
    fn every_number_has_a_slot_of_its_own_and_a_table_is_made_with_the_first_of_its_numbers() {
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

    /// As in a handler that interrupted it; and as after a thread that ended there.
    #[test]
    fn a_table_that_is_being_made_is_not_waited_for_and_one_whose_maker_is_gone_is_made_anew() {
        crate::thread::watch();
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
