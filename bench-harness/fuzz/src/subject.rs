//! The pools that are called: both backends, and either wrapped for waiting.

use std::fmt::{Debug, Display};
use std::future::{Future, Pending};
use std::mem::MaybeUninit;
use std::time::Duration;

use block_core::backend::{Footprint, ZeroedMemory};
use block_core::wait::{AllocFuture, Waiting};
use block_core::{AllocError, Block, BlockAlloc, BlockLayout, BuildError, Region, StaticMemory};
use block_lockfree::LockFreeAlloc;
use block_mutex::MutexAlloc;

use crate::expected::Shape;

/// Caller's memory, for as long as a pool needs it.
pub(crate) type Memory = &'static mut [MaybeUninit<u8>];

/// A backend, with all its constructors.
pub(crate) trait Backend: Subject {
    fn new(block_size: usize, capacity: usize) -> Result<Self, BuildError>;
    fn from_region(region: Region) -> Result<Self, BuildError>;
    fn from_static(layout: BlockLayout, memory: Memory) -> Result<Self, BuildError>;
    fn in_static<const N: usize>(layout: BlockLayout, memory: &'static mut StaticMemory<N>)
    -> Self;
    /// What the backend says that its whole pool takes, and the bytes of an entry of its table.
    fn footprint(layout: &BlockLayout, shape: &Shape) -> (Footprint, Option<u128>);
}

impl Backend for LockFreeAlloc {
    fn new(block_size: usize, capacity: usize) -> Result<Self, BuildError> {
        Self::new(block_size, capacity)
    }

    fn from_region(region: Region) -> Result<Self, BuildError> {
        Self::from_region(region)
    }

    fn from_static(layout: BlockLayout, memory: Memory) -> Result<Self, BuildError> {
        Self::from_static(layout, memory)
    }

    fn in_static<const N: usize>(
        layout: BlockLayout,
        memory: &'static mut StaticMemory<N>,
    ) -> Self {
        Self::in_static(layout, memory)
    }

    fn footprint(layout: &BlockLayout, shape: &Shape) -> (Footprint, Option<u128>) {
        let entry =
            if shape.capacity < u32::MAX.into() { 8 } else { 2 * size_of::<usize>() as u128 };
        (Self::footprint(layout), Some(entry))
    }
}

impl Backend for MutexAlloc {
    fn new(block_size: usize, capacity: usize) -> Result<Self, BuildError> {
        Self::new(block_size, capacity)
    }

    fn from_region(region: Region) -> Result<Self, BuildError> {
        Self::from_region(region)
    }

    fn from_static(layout: BlockLayout, memory: Memory) -> Result<Self, BuildError> {
        Self::from_region(Region::from_static(layout, memory)?)
    }

    fn in_static<const N: usize>(
        layout: BlockLayout,
        memory: &'static mut StaticMemory<N>,
    ) -> Self {
        let mut memory = ZeroedMemory::of_static(memory, Footprint::of_region(&layout));
        let pool = Self::from_region(Region::in_memory(layout, &mut memory));
        pool.expect("it refuses no region")
    }

    fn footprint(layout: &BlockLayout, _: &Shape) -> (Footprint, Option<u128>) {
        (Footprint::of_region(layout), None)
    }
}

/// A pool that sequences of calls are made on.
pub(crate) trait Subject: BlockAlloc + Display + Debug + Sized {
    /// A wish for a block.
    type Wish<'a>: Future<Output = Result<Block<&'a Self>, AllocError>> + Send + Unpin
    where
        Self: 'a;

    /// A wish, where the pool's blocks can be waited for.
    fn wish(&self) -> Option<Self::Wish<'_>>;
    /// A call that waits no time, where one can wait.
    fn at_once(&self) -> Option<Result<Block<&Self>, AllocError>>;
    /// How many wait.
    fn waiters(&self) -> usize;
    /// The pool with other magazines, if it has any.
    fn with_magazine(self, blocks: usize) -> Self;
}

/// A backend alone: nobody can wait for its blocks.
macro_rules! nobody_waits {
    ($backend:ty, $with_magazine:expr) => {
        impl Subject for $backend {
            type Wish<'a> = Pending<Result<Block<&'a Self>, AllocError>>;

            fn wish(&self) -> Option<Self::Wish<'_>> {
                None
            }

            fn at_once(&self) -> Option<Result<Block<&Self>, AllocError>> {
                None
            }

            fn waiters(&self) -> usize {
                0
            }

            fn with_magazine(self, blocks: usize) -> Self {
                $with_magazine(self, blocks)
            }
        }
    };
}

nobody_waits!(LockFreeAlloc, LockFreeAlloc::with_magazine);
nobody_waits!(MutexAlloc, |pool, _| pool);

impl<B: Backend> Subject for Waiting<B> {
    type Wish<'a>
        = AllocFuture<&'a Self, B>
    where
        B: 'a;

    fn wish(&self) -> Option<Self::Wish<'_>> {
        Some(self.alloc_async())
    }

    fn at_once(&self) -> Option<Result<Block<&Self>, AllocError>> {
        Some(self.alloc_timeout(Duration::ZERO))
    }

    fn waiters(&self) -> usize {
        self.waiters()
    }

    fn with_magazine(self, blocks: usize) -> Self {
        Self::new(self.into_inner().with_magazine(blocks))
    }
}
