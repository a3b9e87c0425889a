//! What is done to a block while it is held: touched when it is measured, stamped when it is
//! verified.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hint::black_box;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crate::fault::Fault;

/// Looks at the blocks that a workload holds.
pub(crate) trait Probe: Send {
    /// What a probe knows of a block on its way to another thread.
    type Mark: Copy + Send;

    /// The block at `bytes` was just taken.
    fn taken(&mut self, bytes: *mut u8) -> Result<(), Fault>;

    /// The blocks were just taken, all at once.
    fn taken_at_once(&mut self, blocks: impl Iterator<Item = *mut u8>) -> Result<(), Fault>;

    /// The blocks are about to be given back, all at once.
    fn giving_at_once(&mut self, blocks: impl Iterator<Item = *mut u8>) -> Result<(), Fault>;

    /// The holder of the block at `bytes` writes its first byte so many times.
    fn rewritten(&mut self, bytes: *mut u8, times: u32);

    /// The block at `bytes` goes to another thread.
    fn sending(&mut self, bytes: *mut u8) -> Result<Self::Mark, Fault>;

    /// The block at `bytes` came from another thread.
    fn received(&mut self, bytes: *mut u8, mark: Self::Mark) -> Result<(), Fault>;

    /// The block at `bytes` is about to be given back.
    fn giving(&mut self, bytes: *mut u8) -> Result<(), Fault>;
}

/// What the measured runs do to a block: they write the payload, and look at nothing.
#[derive(Debug)]
pub(crate) struct Touch<W>(pub(crate) W);

/// A [`Payload`](crate::payload::Payload), compiled.
pub(crate) trait Write: Debug + Send {
    /// Writes it into a block.
    ///
    /// # Safety
    ///
    /// The block is held.
    unsafe fn write(&self, block: *mut u8);

    /// Writes it into each of them.
    ///
    /// # Safety
    ///
    /// The blocks are held.
    #[inline(always)]
    unsafe fn write_each(&self, blocks: impl Iterator<Item = *mut u8>) {
        for block in blocks {
            // SAFETY: the caller's promise.
            unsafe { self.write(block) };
        }
    }
}

/// Nothing is written. That the pointer is looked at keeps the compiler from leaving out a `malloc`
/// whose block nobody uses.
#[derive(Debug)]
pub(crate) struct Untouched;

/// The first byte, as any user would write something, and no more.
#[derive(Debug)]
pub(crate) struct FirstByte;

/// Every byte of a block of that size.
#[derive(Debug)]
pub(crate) struct EveryByte(pub(crate) usize);

impl Write for Untouched {
    #[inline(always)]
    unsafe fn write(&self, block: *mut u8) {
        black_box(block);
    }

    #[inline(always)]
    unsafe fn write_each(&self, _blocks: impl Iterator<Item = *mut u8>) {}
}

impl Write for FirstByte {
    #[inline(always)]
    unsafe fn write(&self, block: *mut u8) {
        // SAFETY: the block is held, and has at least one byte.
        unsafe { black_box(block).write_volatile(1) };
    }
}

impl Write for EveryByte {
    #[inline(always)]
    unsafe fn write(&self, block: *mut u8) {
        // SAFETY: the block is held, and has that many bytes.
        unsafe { black_box(block).write_bytes(1, self.0) };
        // As if somebody read them.
        black_box(block);
    }
}

impl<W: Write> Probe for Touch<W> {
    type Mark = ();

    #[inline(always)]
    fn taken(&mut self, bytes: *mut u8) -> Result<(), Fault> {
        // SAFETY: the workload holds the block.
        unsafe { self.0.write(bytes) };
        Ok(())
    }

    #[inline(always)]
    fn taken_at_once(&mut self, blocks: impl Iterator<Item = *mut u8>) -> Result<(), Fault> {
        // SAFETY: the workload holds the blocks.
        unsafe { self.0.write_each(blocks) };
        Ok(())
    }

    #[inline(always)]
    fn giving_at_once(&mut self, _blocks: impl Iterator<Item = *mut u8>) -> Result<(), Fault> {
        Ok(())
    }

    #[inline(always)]
    fn rewritten(&mut self, bytes: *mut u8, times: u32) {
        for _ in 0..times {
            // SAFETY: the workload holds the block, which has at least one byte.
            unsafe { bytes.write_volatile(1) };
        }
    }

    #[inline(always)]
    fn sending(&mut self, _bytes: *mut u8) -> Result<(), Fault> {
        Ok(())
    }

    #[inline(always)]
    fn received(&mut self, _bytes: *mut u8, (): ()) -> Result<(), Fault> {
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

/// Every so many stamps the thread sleeps with the block in its hand, so that others come in
/// between even where they share its core; to yield is not enough on a busy one.
const SLEEP_EVERY: u64 = 64;
/// As briefly as the system can.
const SLEEP: Duration = Duration::from_micros(1);

impl Stamp {
    pub(crate) fn new(thread: usize, block_size: usize) -> Self {
        let width = block_size.min(size_of::<u64>());
        Self { held: HashMap::new(), width, thread: thread as u64, stamps: 0 }
    }

    /// The low byte tells threads apart, up to 256 of them, so that the stamp of a one-byte block
    /// does too.
    fn next(&mut self) -> u64 {
        self.stamps += 1;
        let stamp = (self.stamps << 24) | (self.thread + 1);
        if self.width == size_of::<u64>() { stamp } else { stamp & !(!0 << (8 * self.width)) }
    }

    /// The bytes of a held block, as atomics: if two threads hold it after all, that is still no
    /// data race, only a wrong answer. Relaxed is enough: what a stamp is compared with its own thread
    /// wrote, or the one that handed the block on, by a ring or a lock that orders the two.
    fn bytes<'a>(&self, bytes: *mut u8) -> &'a [AtomicU8] {
        // SAFETY: the workload holds the block, which has `width` bytes, until after `giving`;
        // what is not yet initialised is written before it is read. An `AtomicU8` is one byte.
        unsafe { std::slice::from_raw_parts(bytes.cast::<AtomicU8>(), self.width) }
    }
}

impl Probe for Stamp {
    type Mark = u64;

    fn taken(&mut self, bytes: *mut u8) -> Result<(), Fault> {
        let stamp = self.next();
        if self.held.insert(bytes.addr(), stamp).is_some() {
            return Err(Fault::Twice { address: bytes.addr() });
        }
        for (byte, value) in self.bytes(bytes).iter().zip(stamp.to_le_bytes()) {
            byte.store(value, Ordering::Relaxed);
        }
        if self.stamps.is_multiple_of(SLEEP_EVERY) {
            std::thread::sleep(SLEEP);
        }
        Ok(())
    }

    fn taken_at_once(&mut self, mut blocks: impl Iterator<Item = *mut u8>) -> Result<(), Fault> {
        blocks.try_for_each(|block| self.taken(block))
    }

    fn giving_at_once(&mut self, mut blocks: impl Iterator<Item = *mut u8>) -> Result<(), Fault> {
        blocks.try_for_each(|block| self.giving(block))
    }

    /// The stamp stays: it is what is looked for.
    fn rewritten(&mut self, _bytes: *mut u8, _times: u32) {}

    fn sending(&mut self, bytes: *mut u8) -> Result<u64, Fault> {
        let address = bytes.addr();
        self.held.remove(&address).ok_or(Fault::Twice { address })
    }

    fn received(&mut self, bytes: *mut u8, mark: u64) -> Result<(), Fault> {
        let address = bytes.addr();
        match self.held.insert(address, mark) {
            Some(_) => Err(Fault::Twice { address }),
            None => Ok(()),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes of two blocks of eight each are written by a probe.
    fn written(mut probe: impl Probe) -> (usize, usize) {
        let count = |block: [u8; 8]| block.iter().filter(|&&byte| byte == 1).count();
        let (mut alone, mut together) = ([0; 8], [0; 8]);
        assert_eq!(probe.taken(alone.as_mut_ptr()), Ok(()));
        assert_eq!(probe.taken_at_once([together.as_mut_ptr()].into_iter()), Ok(()));
        (count(alone), count(together))
    }

    #[test]
    fn a_payload_is_written_and_no_more() {
        assert_eq!(written(Touch(Untouched)), (0, 0));
        assert_eq!(written(Touch(FirstByte)), (1, 1));
        assert_eq!(written(Touch(EveryByte(7))), (7, 7));
    }

    /// Two holders of one block, one after the other in time, as two threads would be.
    fn overlapping(block_size: usize) -> [Result<(), Fault>; 2] {
        let mut block = vec![0; block_size];
        let block = block.as_mut_ptr();
        let (mut one, mut other) = (Stamp::new(0, block_size), Stamp::new(1, block_size));
        one.taken(block).expect("nobody else has it");
        other.taken(block).expect("it cannot know");
        [one.giving(block), other.giving(block)]
    }

    /// Invariant 1.
    #[test]
    fn the_first_of_two_holders_finds_the_stamp_of_the_second() {
        for block_size in [1, 2, 7, 8, 100] {
            let [first, second] = overlapping(block_size);
            assert!(matches!(first, Err(Fault::Overwritten { .. })), "{block_size}: {first:?}");
            assert_eq!(second, Ok(()), "{block_size}");
        }
    }

    #[test]
    fn a_thread_that_gets_a_block_twice_knows() {
        let mut block = 0;
        let mut stamp = Stamp::new(0, 1);
        assert_eq!(stamp.taken(&raw mut block), Ok(()));
        let address = (&raw mut block).addr();
        assert_eq!(stamp.taken(&raw mut block), Err(Fault::Twice { address }));
    }
}
