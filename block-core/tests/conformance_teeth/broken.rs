//! The pool with room for faults in the methods that a backend may override.
//!
//! Overrides cannot call the provided method that they replace; so each hands the call on to a pool
//! inside, whose provided methods are untouched.

use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::yield_now;

use block_core::{AllocError, BlockAlloc, BlockIndex, FreeError, Region};

use crate::fault::Fault;
use crate::pool::Pool;

/// A pool with one fault, or none.
pub struct Broken {
    inner: Pool,
    fault: Option<Fault>,
    /// Marks of its own, for the faults in how they are kept.
    marks: Vec<AtomicBool>,
    /// The allocated blocks of a pool that has retired, for the faults in how they are counted.
    out: Mutex<Option<usize>>,
}

impl Broken {
    pub fn new(region: Region, fault: Option<Fault>) -> Self {
        let marks = (0..region.layout().capacity()).map(|_| AtomicBool::new(false)).collect();
        Self { inner: Pool::new(region, fault), fault, marks, out: Mutex::new(None) }
    }

    fn keeps_its_own_marks(&self) -> bool {
        matches!(self.fault, Some(Fault::ChecksThenFrees | Fault::ClearsTheMarkLast))
    }

    fn mark(&self, block: NonNull<u8>) -> Result<&AtomicBool, FreeError> {
        Ok(&self.marks[self.region().locate(block)?.get()])
    }

    /// A checked free in steps that another thread can come between.
    ///
    /// # Safety
    ///
    /// As for `free_raw`.
    unsafe fn free_in_steps(&self, block: NonNull<u8>) -> Result<(), FreeError> {
        let mark = self.mark(block)?;
        if !mark.load(Ordering::Relaxed) {
            return Err(FreeError::NotAllocated);
        }
        if self.fault == Some(Fault::ChecksThenFrees) {
            yield_now();
            mark.store(false, Ordering::Relaxed);
        }
        // SAFETY: the block was out raw a moment ago. That it may be free by now is the fault.
        unsafe { self.release(block) };
        if self.fault == Some(Fault::ClearsTheMarkLast) {
            yield_now();
            mark.store(false, Ordering::Relaxed);
        }
        Ok(())
    }
}

// SAFETY: every call goes to the pool inside, which keeps the contract, but for the fault.
unsafe impl BlockAlloc for Broken {
    fn region(&self) -> &Region {
        self.inner.region()
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        self.inner.acquire()
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: the caller's promise is passed on.
        unsafe { self.inner.release(block) };
    }

    fn available(&self) -> usize {
        self.inner.available()
    }

    fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        match self.fault {
            Some(Fault::KeepsPartOfARefusedBulk) => {
                blocks.fill_with(|| self.acquire());
                let all = blocks.iter().all(Option::is_some);
                if !all {
                    blocks.fill(None);
                }
                all
            }
            Some(Fault::FillsPartOfARefusedBulk) => {
                let all = self.inner.acquire_bulk(blocks);
                if let (false, [first, _rest @ ..]) = (all, blocks) {
                    *first = Some(self.region().block(BlockIndex::new(0)));
                }
                all
            }
            Some(Fault::ForgetsTheLoanInBulk) => {
                let all = self.inner.acquire_bulk(blocks);
                let layout = self.region().layout();
                for block in blocks.iter().flatten() {
                    // SAFETY: the guard of a block that this call took. As if it were not written.
                    unsafe { block.add(layout.block_size()).write_bytes(0, layout.guard()) };
                }
                all
            }
            _ => self.inner.acquire_bulk(blocks),
        }
    }

    unsafe fn release_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) {
        let mut unscrubbed = Vec::new();
        if self.fault == Some(Fault::ForgetsTheScrubInBulk) {
            // SAFETY: the caller holds the blocks, all of whose bytes are initialised.
            unscrubbed
                .extend(blocks.iter().flatten().map(|block| (*block, unsafe { block.read() })));
        }
        // SAFETY: the caller's promise is passed on.
        unsafe { self.inner.release_bulk(blocks) };
        for (block, byte) in unscrubbed {
            // SAFETY: inside the region. That the block is no longer held is the fault.
            unsafe { block.write(byte) };
        }
    }

    fn can_retire(&self) -> bool {
        matches!(
            self.fault,
            Some(Fault::FreesUnderItsBlocks | Fault::NeverFrees | Fault::RetiresInTwoSteps)
        )
    }

    unsafe fn retire(&self) -> bool {
        if self.fault != Some(Fault::RetiresInTwoSteps) {
            return self.fault == Some(Fault::FreesUnderItsBlocks);
        }
        let out = self.capacity() - self.available();
        yield_now();
        *self.out.lock().unwrap() = Some(out);
        out == 0
    }

    unsafe fn release_owned(&self, block: NonNull<u8>) -> bool {
        // SAFETY: the caller's promise is passed on.
        unsafe { self.release(block) };
        let mut out = self.out.lock().unwrap();
        *out = out.map(|out| out - 1);
        *out == Some(0)
    }

    unsafe fn release_bulk_owned(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        let mut is_last = false;
        for block in blocks.iter_mut().filter_map(Option::take) {
            // SAFETY: the caller's promise is passed on.
            is_last = unsafe { self.release_owned(block) };
        }
        is_last
    }

    fn alloc_raw(&self) -> Result<NonNull<u8>, AllocError> {
        let block = self.inner.alloc_raw()?;
        if let Ok(mark) = self.mark(block) {
            mark.store(true, Ordering::Relaxed);
        }
        Ok(block)
    }

    unsafe fn free_raw(&self, block: NonNull<u8>) -> Result<(), FreeError> {
        if self.keeps_its_own_marks() {
            // SAFETY: the caller's promise is passed on.
            return unsafe { self.free_in_steps(block) };
        }
        // SAFETY: the caller's promise is passed on.
        let answer = unsafe { self.inner.free_raw(block) };
        match (self.fault, answer) {
            (Some(Fault::AcceptsWhatIsNotAllocated), Err(FreeError::NotAllocated))
            | (Some(Fault::AcceptsForeign), Err(FreeError::Foreign)) => Ok(()),
            (Some(Fault::CallsEverythingForeign), Err(_)) => Err(FreeError::Foreign),
            (Some(Fault::RoundsDown), Err(FreeError::NotBlockStart)) => {
                let first = self.region().block(BlockIndex::new(0)).addr().get();
                let within = (block.addr().get() - first) % self.region().layout().stride();
                let start = NonNull::new(block.as_ptr().wrapping_sub(within));
                // SAFETY: the caller's promise, for the block's start. That it is taken is the fault.
                start.map_or(answer, |start| unsafe { self.inner.free_raw(start) })
            }
            _ => answer,
        }
    }

    unsafe fn free_bulk_raw(&self, blocks: &mut [Option<NonNull<u8>>]) -> Result<(), FreeError> {
        if self.fault != Some(Fault::FreesPartOfARefusedBulk) && !self.keeps_its_own_marks() {
            // SAFETY: the caller's promise is passed on.
            return unsafe { self.inner.free_bulk_raw(blocks) };
        }
        for entry in blocks {
            if let Some(block) = *entry {
                // SAFETY: the caller's promise for each block is passed on.
                unsafe { self.free_raw(block)? };
                *entry = None;
            }
        }
        Ok(())
    }
}
