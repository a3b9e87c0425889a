//! Calls that take blocks.

use std::mem;
use std::ptr::NonNull;

use block_core::{Block, BlockAllocExt};

use super::holding::{Holding, Pointer};
use super::{Answer, Entry, MOST_HELD, SKIPPED, World};
use crate::calls::{Count, Way};
use crate::subject::Subject;

const EXHAUSTED: Answer = Err("exhausted");

impl<'a, S: Subject> World<'a, S> {
    pub(super) fn take(&mut self, way: Way) -> Answer {
        if self.held.len() >= MOST_HELD {
            return SKIPPED;
        }
        match Holding::take(self.pool, way) {
            Some(holding) => {
                self.model.take(1);
                self.admit(holding);
                Ok(1)
            }
            None => self.refused(1),
        }
    }

    pub(super) fn refused(&mut self, count: usize) -> Answer {
        self.model.refuse(count);
        EXHAUSTED
    }

    /// A block that a call answered with: one of the region's, nobody else's, and as it was left.
    pub(super) fn admit(&mut self, mut holding: Holding<'a, S>) {
        let (pool, index) = (self.pool, self.index_of(&holding));
        let (expected, contents) = (self.model.comes(index), self.model.next_stamp());
        let bytes = holding.bytes(pool);
        assert_eq!(bytes.len(), pool.block_size(), "invariant 4: all of a block");
        assert!(!expected.differs(bytes), "invariant 6: block {index} held {expected:?}");
        contents.write(bytes);
        self.held.push(Entry { holding, index, contents });
    }

    /// Invariant 4.
    fn index_of(&self, holding: &Holding<'a, S>) -> usize {
        let (region, block) = (self.pool.region(), holding.pointer());
        let index = region.locate(block).expect("invariant 4: a block of the region");
        assert_eq!(block.addr().get() % region.layout().align(), 0, "invariant 4: aligned");
        index.get()
    }

    fn resolve(&self, count: Count) -> usize {
        let of = |number: usize, more: i8| number.saturating_add_signed(more.into());
        match count {
            Count::Of(count) => count.into(),
            Count::Free(more) => of(self.model.free, more),
            Count::Capacity(more) => of(self.model.capacity, more),
        }
    }

    pub(super) fn take_many(&mut self, way: Way, count: Count, filled: u8) -> Answer {
        let count = self.resolve(count);
        if self.held.len() + count > MOST_HELD {
            return SKIPPED;
        }
        if way == Way::Handle {
            return self.take_handles(count, filled);
        }
        // What stood in the entries before is overwritten, the calls promise.
        let mut blocks = vec![Some(NonNull::dangling()); count];
        let is_done = match way {
            Way::Raw => self.pool.alloc_bulk_raw(&mut blocks).is_ok(),
            _ => self.pool.acquire_bulk(&mut blocks),
        };
        if !is_done {
            assert_eq!(blocks.iter().flatten().count(), 0, "all or none");
            return self.refused(count);
        }
        self.model.take(count);
        for block in blocks {
            let block = Pointer(block.expect("all or none"));
            self.admit(if way == Way::Raw {
                Holding::Raw(block)
            } else {
                Holding::Unchecked(block)
            });
        }
        Ok(count)
    }

    /// In some of the entries stand handles, which go back first.
    fn take_handles(&mut self, count: usize, filled: u8) -> Answer {
        let mut blocks: Vec<Option<Block<&S>>> = Vec::with_capacity(count);
        for _ in 0..count.min(usize::from(filled % 8)) {
            blocks.push(self.some_handle());
        }
        blocks.resize_with(count, || None);
        if self.pool.alloc_bulk(&mut blocks).is_err() {
            assert!(blocks.iter().all(Option::is_none), "all or none");
            return self.refused(count);
        }
        self.model.take(count);
        for block in blocks {
            self.admit(Holding::Handle(block.expect("all or none")));
        }
        Ok(count)
    }

    /// A handle that goes back.
    fn some_handle(&mut self) -> Option<Block<&'a S>> {
        let is_handle = |entry: &Entry<'_, S>| matches!(entry.holding, Holding::Handle(_));
        let position = self.held.iter().position(is_handle)?;
        match self.dismiss(position) {
            Holding::Handle(block) => Some(block),
            _ => None,
        }
    }

    pub(super) fn take_three(&mut self) -> Answer {
        match self.pool.alloc_array::<3>() {
            Ok(blocks) => {
                self.model.take(3);
                blocks.into_iter().for_each(|block| self.admit(Holding::Handle(block)));
                Ok(3)
            }
            Err(_) => self.refused(3),
        }
    }

    pub(super) fn churn(&mut self, way: Way, times: u8) -> Answer {
        let times = if times < 240 { usize::from(times) } else { 1100 };
        for _ in 0..times {
            let Some(holding) = Holding::take(self.pool, way) else { return self.refused(1) };
            self.model.take(1);
            let index = self.index_of(&holding);
            let contents = self.model.comes(index);
            self.model.goes(index, contents);
            holding.give(self.pool);
        }
        Ok(times)
    }

    /// All free blocks, if they are not too many, and then no more.
    pub(super) fn take_all_once(&mut self) {
        if self.model.capacity <= MOST_HELD {
            while self.take(Way::Unchecked) == Ok(1) {}
            assert_eq!(self.held.len(), self.model.capacity, "invariant 2: all can be had");
            self.account();
            for Entry { holding, .. } in mem::take(&mut self.held) {
                holding.give(self.pool);
            }
        }
    }
}
