//! Addresses that are passed for blocks, and what must be said of them.

use std::ptr::{self, NonNull};

use block_core::{BlockIndex, FreeError};

use super::holding::Holding;
use super::{Answer, World};
use crate::calls::Address;
use crate::subject::Subject;

/// As in an [`Answer`]. Which error an address gets that is not exact may be another one for each backend,
/// since it may hit a block, and which blocks are out is the backend's choice.
pub(super) fn name(error: FreeError, is_exact: bool) -> &'static str {
    match error {
        _ if !is_exact => "refused",
        FreeError::Foreign => "foreign",
        FreeError::NotBlockStart => "misaligned",
        FreeError::NotAllocated => "not allocated",
        _ => "unknown",
    }
}

impl<S: Subject> World<'_, S> {
    /// The pointer, unless the address is null or needs what is not there.
    pub(super) fn pointer(&self, address: Address) -> Option<NonNull<u8>> {
        let layout = self.pool.region().layout();
        let (base, stride) = (self.base(), layout.stride() as isize);
        let of = |start: usize, strides: i8, bytes: i8| {
            let strides = isize::from(strides).wrapping_mul(stride);
            start.wrapping_add_signed(strides).wrapping_add_signed(bytes.into())
        };
        let address = match address {
            Address::Held(which, bytes) => {
                let entry = &self.held[Self::pick(self.held.len(), which)?];
                of(entry.holding.pointer().addr().get(), 0, bytes)
            }
            Address::Block(index, bytes) => {
                let index = BlockIndex::new(index % layout.capacity());
                of(self.pool.region().block(index).addr().get(), 0, bytes)
            }
            Address::End(strides, bytes) => of(base + layout.region_bytes(), strides, bytes),
            Address::Base(strides, bytes) => of(base, strides, bytes),
            Address::Far(bytes) => base.wrapping_add(bytes),
            Address::Absolute(address) => address,
            Address::Stack => (&raw const address).addr(),
            Address::Heap => (&raw const *self.elsewhere.heap).addr(),
            Address::Elsewhere(which) => {
                let index = BlockIndex::new(usize::from(which) % 4);
                self.elsewhere.region.block(index).addr().get()
            }
            Address::LastGiven => self.last_given?,
        };
        NonNull::new(ptr::without_provenance_mut(address))
    }

    /// What `locate` must answer, in 128 bits.
    pub(super) fn located(&self, block: NonNull<u8>) -> Result<usize, FreeError> {
        let layout = self.pool.region().layout();
        let (stride, capacity) = (layout.stride() as u128, layout.capacity() as u128);
        let offset = block.addr().get().checked_sub(self.base()).ok_or(FreeError::Foreign)? as u128;
        if offset >= stride * capacity {
            Err(FreeError::Foreign)
        } else if !offset.is_multiple_of(stride) {
            Err(FreeError::NotBlockStart)
        } else {
            Ok((offset / stride) as usize)
        }
    }

    /// Where the block stands in the list of those held, if its pointer may be freed.
    pub(super) fn freeable(&self, block: NonNull<u8>) -> Result<usize, FreeError> {
        let index = self.located(block)?;
        let is_it = |entry: &super::Entry<'_, S>| {
            entry.index == index && matches!(entry.holding, Holding::Raw(_))
        };
        self.held.iter().position(is_it).ok_or(FreeError::NotAllocated)
    }

    pub(super) fn locate(&mut self, address: Address) -> Answer {
        let Some(block) = self.pointer(address) else { return super::SKIPPED };
        let answer = self.pool.region().locate(block).map(BlockIndex::get);
        assert_eq!(answer, self.located(block), "locate {block:?}, base {:#x}", self.base());
        Ok(0)
    }
}
