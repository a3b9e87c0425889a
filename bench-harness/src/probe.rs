//! What is done to a block while it is held: touched when it is measured, stamped when it is
//! verified.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::fault::Fault;

/// Looks at the blocks that a workload holds.
pub(crate) trait Probe {
    /// The block at `bytes` was just taken.
    fn taken(&mut self, bytes: *mut u8) -> Result<(), Fault>;

    /// The block at `bytes` is about to be given back.
    fn giving(&mut self, bytes: *mut u8) -> Result<(), Fault>;
}

/// Writes the first byte, as any user would write something, and no more.
#[derive(Debug)]
pub(crate) struct Touch;

impl Probe for Touch {
    #[inline(always)]
    fn taken(&mut self, bytes: *mut u8) -> Result<(), Fault> {
        // SAFETY: the workload holds the block, which has at least one byte.
        unsafe { black_box(bytes).write_volatile(1) };
        Ok(())
    }

    #[inline(always)]
    fn giving(&mut self, _bytes: *mut u8) -> Result<(), Fault> {
        Ok(())
    }
}

/// Writes a number that no other holder writes, and looks whether it is still there.
#[derive(Debug)]
pub(crate) struct Stamp {
    /// What stands in each block that this thread holds.
    held: HashMap<usize, u64>,
    /// Bytes of a stamp: those of the number, or of the block if that has fewer.
    width: usize,
    thread: u64,
    stamps: u64,
}

/// Every so many stamps the thread steps aside with the block in its hand, so that others come in
/// between even where there are more threads than cores.
const STEP_ASIDE: u64 = 16;

impl Stamp {
    pub(crate) fn new(thread: usize, block_size: usize) -> Self {
        let width = block_size.min(size_of::<u64>());
        Self { held: HashMap::new(), width, thread: thread as u64, stamps: 0 }
    }

    /// The low byte tells threads apart, so that the stamp of a one-byte block does too.
    fn next(&mut self) -> u64 {
        self.stamps += 1;
        let stamp = (self.stamps << 24) | (self.thread + 1);
        if self.width == size_of::<u64>() { stamp } else { stamp & !(!0 << (8 * self.width)) }
    }

    /// The bytes of a held block, as atomics: if two threads hold it after all, that is still no
    /// data race, only a wrong answer.
    fn bytes<'a>(&self, bytes: *mut u8) -> &'a [AtomicU8] {
        // SAFETY: the workload holds the block, which has `width` bytes, until after `giving`;
        // what is not yet initialised is written before it is read. An `AtomicU8` is one byte.
        unsafe { std::slice::from_raw_parts(bytes.cast::<AtomicU8>(), self.width) }
    }
}

impl Probe for Stamp {
    fn taken(&mut self, bytes: *mut u8) -> Result<(), Fault> {
        let stamp = self.next();
        if self.held.insert(bytes.addr(), stamp).is_some() {
            return Err(Fault::Twice { address: bytes.addr() });
        }
        for (byte, value) in self.bytes(bytes).iter().zip(stamp.to_le_bytes()) {
            byte.store(value, Ordering::Relaxed);
        }
        if self.stamps.is_multiple_of(STEP_ASIDE) {
            std::thread::yield_now();
        }
        Ok(())
    }

    fn giving(&mut self, bytes: *mut u8) -> Result<(), Fault> {
        let address = bytes.addr();
        let wrote = self.held.remove(&address).ok_or(Fault::Twice { address })?;
        let mut found = [0; size_of::<u64>()];
        for (value, byte) in found.iter_mut().zip(self.bytes(bytes)) {
            *value = byte.load(Ordering::Relaxed);
        }
        let found = u64::from_le_bytes(found);
        if found == wrote { Ok(()) } else { Err(Fault::Overwritten { address, wrote, found }) }
    }
}
