//! Frees of one block by several threads at once, and the instant at which a freed block changes
//! hands (invariants 1 and 5).

#![cfg(feature = "alloc")]

use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use block_core::{Block, BlockAlloc, FreeError, Region};

mod support;
use support::Pool;

/// A raw block as it crosses threads: its address, whose provenance is the pool's.
#[derive(Clone, Copy)]
struct Shared(NonNull<u8>);

impl Shared {
    /// The pointer, by way of the whole: a closure that names the field alone captures no more.
    fn get(self) -> NonNull<u8> {
        self.0
    }
}

// SAFETY: an address; the tests use the block behind it in one thread at a time.
unsafe impl Send for Shared {}
// SAFETY: a shared one gives out a copy of the address alone.
unsafe impl Sync for Shared {}

/// Lets two threads go through a list of blocks side by side, `claim` each of them, and holds that
/// for each block exactly one of the two succeeded.
fn one_of_two_wins(claim: impl Fn(&Pool, NonNull<u8>) -> Result<(), FreeError> + Sync) {
    const BLOCKS: usize = 64;
    const ROUNDS: usize = 2000;
    let pool = Pool::new(64, BLOCKS);
    for round in 0..ROUNDS {
        let mut blocks = [None; BLOCKS];
        pool.alloc_bulk_raw(&mut blocks).unwrap();
        let blocks = blocks.map(|block| Shared(block.unwrap()));
        let arrived = AtomicUsize::new(0);
        let wins = [const { AtomicUsize::new(0) }; BLOCKS];
        let race = || {
            for (position, Shared(block)) in blocks.iter().enumerate() {
                // Both are at this block before either goes on, or one of them is not running.
                arrived.fetch_add(1, Ordering::Relaxed);
                for _ in 0..500 {
                    if arrived.load(Ordering::Relaxed) >= 2 * (position + 1) {
                        break;
                    }
                    std::hint::spin_loop();
                }
                match claim(&pool, *block) {
                    Ok(()) => _ = wins[position].fetch_add(1, Ordering::Relaxed),
                    Err(error) => assert_eq!(error, FreeError::NotAllocated),
                }
            }
        };
        thread::scope(|scope| {
            scope.spawn(race);
            race();
        });
        for (position, wins) in wins.iter().enumerate() {
            let wins = wins.load(Ordering::Relaxed);
            assert_eq!(wins, 1, "round {round}: threads that freed block {position}");
        }
        pool.assert_only_held(&[]);
    }
}

#[test]
fn of_two_threads_that_free_one_block_at_once_exactly_one_succeeds() {
    // SAFETY: the blocks are not used again; of the two calls for each one succeeds.
    one_of_two_wins(|pool, block| unsafe { pool.free_raw(block) });
}

#[test]
fn of_two_threads_that_free_one_block_in_bulk_at_once_exactly_one_succeeds() {
    // SAFETY: the blocks are not used again; of the two calls for each one succeeds.
    one_of_two_wins(|pool, block| unsafe { pool.free_bulk_raw(&mut [Some(block)]) });
}

#[test]
fn of_two_threads_that_make_a_handle_of_one_block_at_once_exactly_one_succeeds() {
    // SAFETY: one of the two calls for each block succeeds; its handle gives the block back.
    one_of_two_wins(|pool, block| unsafe { Block::from_raw(block, pool) }.map(drop));
}

/// Invariant 5: a refused call changes nothing, not even for as long as it takes.
#[test]
fn a_refused_bulk_free_does_not_disturb_the_right_frees_of_other_threads() {
    const BLOCKS: usize = 64;
    const ROUNDS: usize = 500;
    let pool = Pool::new(64, BLOCKS + 1);
    let free = pool.region().block(block_core::BlockIndex::new(BLOCKS));
    for (wrong, why) in [(NonNull::dangling(), FreeError::Foreign), (free, FreeError::NotAllocated)]
    {
        let wrong = Shared(wrong);
        for round in 0..ROUNDS {
            let mut blocks = [None; BLOCKS];
            pool.alloc_bulk_raw(&mut blocks).unwrap();
            let blocks = blocks.map(|block| Shared(block.unwrap()));
            let done = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        let mut list = blocks.map(|block| Some(block.get())).to_vec();
                        list.push(Some(wrong.get()));
                        // SAFETY: the call fails, so nothing is freed.
                        let answer = unsafe { pool.free_bulk_raw(&mut list) };
                        // As soon as the first block is free, it is that one's turn.
                        let expected = [Err(why), Err(FreeError::NotAllocated)];
                        assert!(expected.contains(&answer), "{answer:?}");
                    }
                });
                for (position, block) in blocks.iter().enumerate().rev() {
                    // SAFETY: out raw, and the block is not used again.
                    let answer = unsafe { pool.free_raw(block.get()) };
                    if answer.is_err() {
                        done.store(true, Ordering::Relaxed);
                    }
                    assert_eq!(answer, Ok(()), "round {round}: a right free of block {position}");
                }
                done.store(true, Ordering::Relaxed);
            });
            pool.assert_only_held(&[]);
        }
    }
}

#[test]
fn a_block_freed_by_one_thread_is_refused_from_every_other() {
    let pool = Pool::new(64, 4);
    let block = Shared(pool.alloc_raw().unwrap());
    // SAFETY: the block is not used again.
    let free = || unsafe { pool.free_raw(block.get()) };
    thread::scope(|scope| {
        // A block may be freed by another thread than the one that took it.
        assert_eq!(scope.spawn(free).join().unwrap(), Ok(()));
        for _ in 0..4 {
            let again = scope.spawn(free).join().unwrap();
            assert_eq!(again, Err(FreeError::NotAllocated));
        }
        assert_eq!(free(), Err(FreeError::NotAllocated));
    });
    pool.assert_only_held(&[]);
}

/// A pool in which somebody else waits for each block: before a release returns, the block is
/// freed once more by mistake, and then out again, raw.
struct Contended {
    pool: Pool,
    /// What the mistaken free was answered, and whom the block went to.
    meanwhile: Mutex<Vec<(Result<(), FreeError>, Shared)>>,
}

// SAFETY: all of it is the inner pool's, whose blocks nobody else gives out.
unsafe impl BlockAlloc for Contended {
    fn region(&self) -> &Region {
        self.pool.region()
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        self.pool.acquire()
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        // SAFETY: the caller's promise is passed on; the mistaken free must fail.
        let mistaken = unsafe {
            self.pool.release(block);
            self.pool.free_raw(block)
        };
        let next = Shared(self.pool.alloc_raw().unwrap());
        self.meanwhile.lock().unwrap().push((mistaken, next));
    }

    fn available(&self) -> usize {
        self.pool.available()
    }
}

#[test]
fn the_mark_is_out_before_the_next_holder_has_the_block_and_is_not_touched_after() {
    let contended = Contended { pool: Pool::new(64, 2), meanwhile: Mutex::default() };
    type Free = unsafe fn(&Contended, NonNull<u8>) -> Result<(), FreeError>;
    let frees: [Free; 3] = [
        // SAFETY: the caller of each of these does not use the block again.
        |pool, block| unsafe { pool.free_raw(block) },
        // SAFETY: the caller does not use the block again.
        |pool, block| unsafe { pool.free_bulk_raw(&mut [None, Some(block)]) },
        // SAFETY: the caller does not use the block again; the handle gives it back.
        |pool, block| unsafe { Block::from_raw(block, pool) }.map(drop),
    ];
    for free in frees {
        let block = contended.alloc_raw().unwrap();
        // SAFETY: the block is not used again by this holder.
        assert_eq!(unsafe { free(&contended, block) }, Ok(()));
        let (mistaken, Shared(next)) = contended.meanwhile.lock().unwrap().pop().unwrap();
        assert_eq!(mistaken, Err(FreeError::NotAllocated), "freed again during the release");
        assert_eq!(next, block, "the block went to the one who waited for it");
        // SAFETY: it is the next holder's, who frees it once.
        assert_eq!(unsafe { contended.pool.free_raw(next) }, Ok(()), "the next holder's free");
        contended.pool.assert_only_held(&[]);
    }
}
