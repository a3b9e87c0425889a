// What `block_allocator` 0.2 offered, with its names and signatures, for the examples of the guide
// that include this file (so these are no inner doc comments): the crate itself no longer builds.
//
// It works, over a pool that is never unmapped, so that what the original let safe code do to
// unmapped memory is done to a mapped one here.

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use block_core::{BlockAlloc, BlockAllocExt};
use block_lockfree::LockFreeAlloc;

#[derive(Debug)]
pub enum AllocError {
    BadArgument(String),
    MemoryMapFail(String),
    NoMemory,
}

impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadArgument(what) => write!(f, "Bad Argument : {what}"),
            Self::MemoryMapFail(why) => write!(f, "Memory Map Failure : {why}"),
            Self::NoMemory => f.write_str("Out of memory"),
        }
    }
}

impl std::error::Error for AllocError {}

pub struct Allocator<'a> {
    pool: &'static LockFreeAlloc,
    lifetime: PhantomData<&'a u8>,
}

impl<'a> Allocator<'a> {
    pub fn new(block_size: u32, num_blocks: u32) -> Result<Allocator<'a>, AllocError> {
        assert!(num_blocks < u32::MAX);
        assert!(block_size >= 4);
        assert!(num_blocks > 0);
        assert!(block_size.is_power_of_two());
        let pool = LockFreeAlloc::new(block_size as usize, num_blocks as usize)
            .map_err(|error| AllocError::MemoryMapFail(error.to_string()))?;
        Ok(Self { pool: Box::leak(Box::new(pool)), lifetime: PhantomData })
    }

    pub fn alloc(&self) -> Result<&'a mut [u8], AllocError> {
        let block = self.pool.alloc().map_err(|_| AllocError::NoMemory)?;
        Ok(block.leak())
    }

    pub fn free(&self, buf: &'a mut [u8]) -> Result<(), AllocError> {
        if buf.len() as u32 != self.get_block_size() {
            return Err(AllocError::BadArgument("Slice != allocator's block_size".to_string()));
        }
        // SAFETY: the slice is borrowed for as long as it can be used at all.
        unsafe { self.free_raw(buf.as_mut_ptr()) }
    }

    /// # Safety
    ///
    /// None is needed; the original had it so.
    pub unsafe fn alloc_raw(&self) -> Result<*mut u8, AllocError> {
        self.pool.alloc_raw().map(NonNull::as_ptr).map_err(|_| AllocError::NoMemory)
    }

    /// # Safety
    ///
    /// The pointer is one that this allocator gave out, and not used again.
    pub unsafe fn free_raw(&self, item: *mut u8) -> Result<(), AllocError> {
        let item = NonNull::new(item).ok_or(AllocError::BadArgument("Null".to_string()))?;
        // SAFETY: the caller's promise.
        unsafe { self.pool.free_raw(item) }
            .map_err(|error| AllocError::BadArgument(error.to_string()))
    }

    pub fn get_block_size(&self) -> u32 {
        self.pool.block_size() as u32
    }
}
