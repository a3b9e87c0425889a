//! Handles that own their pool, next to the borrowed ones of [`paths`].

use block_core::{Block, BlockAlloc, FreeError, Lease, SharedPool};
use block_lockfree::LockFreeAlloc;

use super::paths;
use crate::contender::{Contender, Hand};
use crate::lineup::{Entry, Kind};

/// The registry entry of the lock-free pool by owned handles.
pub const ENTRY: Entry = Entry {
    name: "block-lockfree-owned",
    kind: Kind::Pool,
    usual: false,
    touches_all: false,
    paths: &["owned"],
    description: "block-lockfree: handles that own their pool, from a SharedPool",
    build: |case| Ok(vec![Box::new(Owned(SharedPool::new(paths::lock_free(&case.shape)?)))]),
};

/// A pool whose handles own it: [`SharedPool::alloc_owned`], freed by dropping.
#[derive(Debug)]
pub struct Owned(SharedPool<LockFreeAlloc>);

/// A hand that allocates owned handles.
#[derive(Debug)]
pub struct OwnedHand<'a>(&'a SharedPool<LockFreeAlloc>);

impl Contender for Owned {
    type Hand<'a> = OwnedHand<'a>;

    fn hand(&self, _thread: usize) -> OwnedHand<'_> {
        OwnedHand(&self.0)
    }

    fn pool(&self) -> Option<&dyn BlockAlloc> {
        Some(&*self.0)
    }

    fn moves_in_bulk(&self) -> bool {
        true
    }
}

impl Hand for OwnedHand<'_> {
    type Held = Block<Lease<LockFreeAlloc>>;

    #[inline(always)]
    fn take(&mut self) -> Option<Self::Held> {
        self.0.alloc_owned().ok()
    }

    #[inline(always)]
    fn bytes(held: &mut Self::Held) -> *mut u8 {
        held.as_mut_ptr()
    }

    #[inline(always)]
    fn give(&mut self, held: Self::Held) -> Result<(), FreeError> {
        drop(held);
        Ok(())
    }

    #[inline(always)]
    fn take_bulk(&mut self, blocks: &mut [Option<Self::Held>]) -> bool {
        self.0.alloc_owned_bulk(blocks).is_ok()
    }

    #[inline(always)]
    fn give_bulk(&mut self, blocks: &mut [Option<Self::Held>]) -> Result<(), FreeError> {
        self.0.free_owned_bulk(blocks);
        Ok(())
    }
}
