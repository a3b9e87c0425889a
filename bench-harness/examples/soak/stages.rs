//! What the harness's workloads leave out: exhaustion by all threads at once, threads that end with full
//! caches, buffers, and waiting.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use bench_harness::workers::Workers;
use block_core::BlockAlloc;
use block_core::BlockAllocExt;
use block_core::buffer::{BlockBuf, BlockBytes};
use block_core::wait::Waiting;
use block_lockfree::LockFreeAlloc;

use super::handler;
use super::pools::{BLOCK_SIZE, Pool};

/// Threads that a thread starts, one after the other.
const GENERATIONS: usize = 2;
/// Blocks that each of them takes: more than half a magazine.
const TAKEN: usize = 40;
/// Those that it leaves to the thread that started it.
const LEFT: usize = 8;
/// Buffers of a thread, one after the other.
const BUFFERS: usize = 64;
/// Bytes of a buffer that are written: whole stamps.
const WRITTEN: usize = BLOCK_SIZE - size_of::<u64>();
/// How often a thread waits for a block.
const WAITS: usize = 32;
/// How long, before that is called a fault: nobody keeps a block so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// The threads, and what they did so far.
#[derive(Debug)]
pub(crate) struct Stages<'a> {
    pub(crate) workers: &'a Workers,
    pub(crate) threads: usize,
    /// Times that all blocks were held.
    pub(crate) exhaustions: u64,
    /// Threads that ended.
    pub(crate) ended: u64,
    pub(crate) buffers: u64,
    /// Blocks that were waited for.
    pub(crate) waits: u64,
}

impl<'a> Stages<'a> {
    /// Nothing done yet.
    pub(crate) fn new(workers: &'a Workers, threads: usize) -> Self {
        Self { workers, threads, exhaustions: 0, ended: 0, buffers: 0, waits: 0 }
    }

    fn each<R: Send>(&self, each: impl Fn(usize) -> R + Sync) -> Vec<R> {
        self.workers.each(self.threads, each)
    }

    /// All threads take until they are refused, then give back what another one took. If nobody else
    /// `disturbs` them they have every block then, and each is refused another; and afterwards each gets
    /// its share of all blocks, without a refusal (invariant 3).
    ///
    /// # Errors
    ///
    /// A number of blocks that is not that of those there are.
    pub(crate) fn exhaustion(&mut self, pool: &Pool, disturbs: bool) -> Result<(), String> {
        let (alloc, free) = (&*pool.alloc, pool.free());
        let take =
            |most: usize| move |_| (0..most).map_while(|_| alloc.alloc().ok()).collect::<Vec<_>>();
        let held = self.each(take(free + 1));
        self.exhaustions += 1;
        let got: usize = held.iter().map(Vec::len).sum();
        if got > free || (got < free && !disturbs) {
            return Err(format!(
                "all threads together took {got} blocks until they were refused; {free} were free"
            ));
        }
        if !disturbs && self.each(|_| alloc.alloc().is_ok()).contains(&true) {
            return Err("a block was given although every one was held".to_owned());
        }
        let held = Mutex::new(held);
        self.each(|_| {
            let others = held.lock().unwrap_or_else(PoisonError::into_inner).pop();
            drop(others);
        });
        let share = free / self.threads;
        if !disturbs && self.each(take(share)).iter().any(|held| held.len() < share) {
            return Err(format!("a thread was refused its {share} of {free} free blocks"));
        }
        Ok(())
    }

    /// Threads that end with blocks in their caches, and leave some that they hold to others.
    ///
    /// # Errors
    ///
    /// A thread or a block that is refused.
    pub(crate) fn generations(&mut self, pool: &Pool) -> Result<(), String> {
        let alloc = &*pool.alloc;
        let live = move || {
            let held: Option<Vec<_>> = (0..TAKEN).map(|_| alloc.alloc().ok()).collect();
            handler::ready(true);
            let held = held.map(|mut held| held.split_off(TAKEN - LEFT));
            handler::ready(false);
            held
        };
        let lived = self.each(|_| {
            (0..GENERATIONS).try_for_each(|_| {
                let left = thread::scope(|scope| {
                    let thread = thread::Builder::new().spawn_scoped(scope, live);
                    thread.map(|thread| thread.join().expect("nothing in it panics"))
                });
                let left = left.map_err(|error| format!("no thread: {error}"))?;
                left.map(drop).ok_or_else(|| "refused a block with others free".to_owned())
            })
        });
        self.ended += (self.threads * GENERATIONS) as u64;
        lived.into_iter().collect()
    }

    /// Buffers are written, frozen and shared; mostly another thread looks at the parts and drops them.
    ///
    /// # Errors
    ///
    /// A buffer that is refused, or whose bytes are not those that were written.
    pub(crate) fn buffers(&mut self, pool: &Pool) -> Result<(), String> {
        let alloc = &*pool.alloc;
        let shared =
            Mutex::new(Vec::<BlockBytes<&dyn BlockAlloc>>::with_capacity(2 * self.threads));
        let done = self.each(|thread| {
            (0..BUFFERS).try_for_each(|round| {
                let stamp = ((thread as u64) << 32 | round as u64).to_ne_bytes();
                let refused = |_| "refused a buffer with blocks free".to_owned();
                let mut buffer = BlockBuf::alloc_in(alloc).map_err(refused)?;
                while buffer.len() < WRITTEN {
                    buffer.extend_from_slice(&stamp);
                }
                let first = buffer.freeze_to(WRITTEN / 2 / stamp.len() * stamp.len());
                let parts = [first.clone(), buffer.freeze()];
                let others = {
                    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    let most = shared.len().min(parts.len());
                    let others: Vec<_> = shared.drain(..most).collect();
                    shared.extend(parts);
                    others
                };
                let is_whole = |bytes: &BlockBytes<_>| {
                    bytes.chunks_exact(stamp.len()).all(|word| *word == bytes[..stamp.len()])
                };
                let whole = others.iter().chain([&first]).all(is_whole);
                if whole {
                    Ok(())
                } else {
                    Err("a buffer was written to after it was frozen".to_owned())
                }
            })
        });
        self.buffers += (self.threads * BUFFERS) as u64;
        done.into_iter().collect()
    }

    /// All threads wait, again and again, for the one block that is left.
    ///
    /// # Errors
    ///
    /// A thread that waits in vain.
    pub(crate) fn waiting(&mut self, pool: &Waiting<LockFreeAlloc>) -> Result<(), String> {
        let mut others: Vec<_> = std::iter::from_fn(|| pool.alloc().ok()).collect();
        drop(others.pop());
        let served = self.each(|_| (0..WAITS).all(|_| pool.alloc_timeout(PATIENCE).is_ok()));
        self.waits += (self.threads * WAITS) as u64;
        let all = served.into_iter().all(|served| served);
        if all { Ok(()) } else { Err("a thread waited in vain for a block".to_owned()) }
    }
}
