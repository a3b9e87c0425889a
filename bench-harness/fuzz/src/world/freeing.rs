//! Calls that give blocks back, or try to.

use std::ptr::NonNull;

use block_core::{Block, BlockAllocExt, FreeError};

use super::address::name;
use super::holding::{Holding, Pointer};
use super::{Answer, Entry, SKIPPED, World};
use crate::calls::{Address, FreeBy, Into};
use crate::subject::Subject;

/// Not made: a pointer hits a block that is out raw, and so would those of other backends or not.
const BY_CHANCE: Answer = Err("refused");

impl<'a, S: Subject> World<'a, S> {
    /// The holder gives a block up, which nobody else may have written to. The block is yet to go.
    pub(super) fn dismiss(&mut self, position: usize) -> Holding<'a, S> {
        let entry = self.lift(position);
        self.last_given = Some(entry.holding.pointer().addr().get());
        self.model.goes(entry.index, entry.contents);
        entry.holding
    }

    /// An entry that is as it was written.
    fn lift(&mut self, position: usize) -> Entry<'a, S> {
        let mut entry = self.held.swap_remove(position);
        let is_changed = entry.contents.differs(entry.holding.bytes(self.pool));
        assert!(!is_changed, "invariant 1: block {} was written to", entry.index);
        entry
    }

    pub(super) fn give(&mut self, which: u8) -> Answer {
        let Some(position) = Self::pick(self.held.len(), which) else { return SKIPPED };
        self.dismiss(position).give(self.pool);
        Ok(1)
    }

    pub(super) fn give_many(&mut self, from: u8, count: u8, gaps: u8) -> Answer {
        let Some(from) = Self::pick(self.held.len(), from) else { return SKIPPED };
        let (mut unchecked, mut raw, mut handles) = (Vec::new(), Vec::new(), Vec::new());
        let count = usize::from(count).min(self.held.len() - from);
        for number in 0..count {
            let is_gap = gaps >> (number % 8) & 1 == 1;
            match self.dismiss(from) {
                Holding::Unchecked(Pointer(block)) => unchecked.push(Some(block)),
                Holding::Raw(Pointer(block)) => {
                    raw.extend(is_gap.then_some(None));
                    raw.push(Some(block));
                }
                Holding::Handle(block) => {
                    handles.extend(is_gap.then_some(None));
                    handles.push(Some(block));
                }
            }
        }
        // SAFETY: each was acquired from this pool and held once, by an entry that is gone.
        unsafe { self.pool.release_bulk(&mut unchecked) };
        // SAFETY: nothing uses the blocks after this; the entries that held them are gone.
        let answer = unsafe { self.pool.free_bulk_raw(&mut raw) };
        assert_eq!(answer, Ok(()), "invariant 5: right frees");
        self.pool.free_bulk(&mut handles);
        let left = unchecked.iter().chain(&raw).flatten().count();
        assert_eq!(left + handles.iter().flatten().count(), 0, "`None` is left in every entry");
        Ok(count)
    }

    pub(super) fn convert(&mut self, which: u8, into: Into) -> Answer {
        let Some(position) = Self::pick(self.held.len(), which) else { return SKIPPED };
        let Entry { holding, index, contents } = self.lift(position);
        let holding = match (holding, into) {
            (Holding::Handle(block), Into::Buffer) => {
                self.begin_buffer(block, index);
                return Ok(1);
            }
            (Holding::Handle(block), Into::Slice) => {
                Holding::Raw(Pointer(NonNull::from(block.leak()).cast()))
            }
            (handle @ Holding::Handle(_), Into::Forgotten) => handle.forget(),
            (Holding::Raw(Pointer(block)), Into::Other) => {
                // SAFETY: the block goes on in the handle alone.
                let handle = unsafe { Block::from_raw(block, self.pool) };
                Holding::Handle(handle.expect("invariant 5: a block that is out raw"))
            }
            (handle @ Holding::Handle(_), Into::Other) => Holding::Raw(handle.into_pointer().1),
            (other, _) => other,
        };
        self.held.push(Entry { holding, index, contents });
        Ok(1)
    }

    pub(super) fn write(&mut self, which: u8) -> Answer {
        let Some(position) = Self::pick(self.held.len(), which) else { return SKIPPED };
        let mut entry = self.lift(position);
        entry.contents = self.model.next_stamp();
        entry.contents.write(entry.holding.bytes(self.pool));
        self.held.push(entry);
        Ok(1)
    }

    /// A pointer that may be wrong, by a call that must see it.
    pub(super) fn free(&mut self, address: Address, by: FreeBy) -> Answer {
        let Some(block) = self.pointer(address) else { return SKIPPED };
        let expected = self.freeable(block);
        if expected.is_ok() && !address.is_exact() {
            return BY_CHANCE;
        }
        match by {
            FreeBy::FreeMany => return self.free_many(&[address]),
            FreeBy::IntoHandle => {
                // SAFETY: if it succeeds, the pointer's entry becomes the handle's.
                let answer = unsafe { Block::from_raw(block, self.pool) };
                assert_eq!(
                    answer.as_ref().err(),
                    expected.as_ref().err(),
                    "invariant 5: {block:?}"
                );
                if let (Ok(handle), Ok(position)) = (answer, expected) {
                    self.held[position].holding = Holding::Handle(handle);
                }
            }
            FreeBy::Free => {
                if let Ok(position) = expected {
                    self.dismiss(position);
                }
                // SAFETY: if it succeeds, the entry that held the block is gone.
                let answer = unsafe { self.pool.free_raw(block) };
                assert_eq!(answer, expected.map(|_| ()), "invariant 5: {block:?}");
            }
        }
        expected.map(|_| 1).map_err(|error| name(error, address.is_exact()))
    }

    /// All or nothing: the first wrong one is named, and one that stands twice is wrong.
    pub(super) fn free_many(&mut self, addresses: &[Address]) -> Answer {
        let are_exact = addresses.iter().all(|address| address.is_exact());
        let pointer = |&address: &Address| self.pointer(address);
        let mut blocks: Vec<Option<NonNull<u8>>> = addresses.iter().map(pointer).collect();
        let before = blocks.clone();
        let expected = self.freeable_together(&blocks);
        if expected.is_ok() {
            if !are_exact && before.iter().any(Option::is_some) {
                return BY_CHANCE;
            }
            for block in before.iter().flatten() {
                let position = self.freeable(*block).expect("seen just now");
                self.dismiss(position);
            }
        }
        // SAFETY: if it succeeds, the entries that held the blocks are gone.
        let answer = unsafe { self.pool.free_bulk_raw(&mut blocks) };
        assert_eq!(answer, expected, "invariant 5: {before:?}, base {:#x}", self.base());
        match answer {
            Ok(()) => assert_eq!(blocks.iter().flatten().count(), 0, "`None` is left"),
            Err(_) => assert_eq!(blocks, before, "nothing has changed"),
        }
        answer.map(|()| 1).map_err(|error| name(error, are_exact))
    }

    fn freeable_together(&self, blocks: &[Option<NonNull<u8>>]) -> Result<(), FreeError> {
        let mut positions = Vec::new();
        for block in blocks.iter().flatten() {
            positions.push(self.freeable(*block)?);
        }
        let count = positions.len();
        positions.sort_unstable();
        positions.dedup();
        if positions.len() < count { Err(FreeError::NotAllocated) } else { Ok(()) }
    }
}
