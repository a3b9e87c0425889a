//! Pools that are owned by their blocks. Such a pool is freed once, after its last owner and its
//! last block, on any thread and whatever other threads do.
#![cfg(not(any(block_loom, block_shuttle)))]

#[path = "support/counted.rs"]
mod counting;
#[cfg(unix)]
#[path = "support/handler.rs"]
mod handling;

use std::cell::RefCell;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Barrier};

use block_core::{Block, BlockAlloc, BlockAllocExt, BlockLayout, Lease, Region, SharedPool};
use block_lockfree::LockFreeAlloc;
use counting::{Counted, Life};

type Owned = Block<Lease<Counted>>;
type Owner = SharedPool<Counted>;

/// The magazines of a pool: none, the smallest ones, the usual ones.
const MAGAZINES: [usize; 4] = [0, 1, 2, 62];

fn shared(capacity: usize, magazine: usize) -> (Owner, Arc<Life>) {
    let pool = LockFreeAlloc::new(64, capacity).unwrap().with_magazine(magazine);
    let (pool, life) = Counted::new(pool);
    (SharedPool::new(pool), life)
}

/// An owned block full of one byte, counted in the pool's life.
struct Held {
    block: Option<Owned>,
    life: Arc<Life>,
    byte: u8,
}

impl Held {
    fn alloc(pool: &Owner, life: &Arc<Life>, byte: u8) -> Option<Self> {
        let mut block = pool.alloc_owned().ok()?;
        life.allocated.fetch_add(1, SeqCst);
        block.fill(byte);
        Some(Self { block: Some(block), life: Arc::clone(life), byte })
    }

    fn block(&self) -> &Owned {
        self.block.as_ref().expect("taken out by the drop only")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        assert!(self.block().iter().all(|&byte| byte == self.byte), "another holder wrote");
        self.life.allocated.fetch_sub(1, SeqCst);
        self.block = None;
    }
}

/// Repeatable random numbers (xorshift*, Marsaglia 2003 and Vigna 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}

std::thread_local! {
    /// Freed by a destructor of the thread.
    static AT_THE_END: RefCell<Option<Held>> = const { RefCell::new(None) };
}

/// Clones and drops the owner, and allocates and frees blocks, until nothing is left.
fn live_and_end(owner: Owner, mut held: Vec<Held>, life: &Arc<Life>, mut random: Random) {
    let mut owner = Some(owner);
    if random.below(4) == 0 {
        AT_THE_END.set(held.pop());
    }
    for steps_left in (0..random.below(12)).rev().chain(std::iter::repeat(0)) {
        for _ in 0..random.below(40) {
            std::hint::spin_loop();
        }
        match (random.below(6), &owner) {
            (0, _) => owner = None,
            (1, Some(pool)) if steps_left > 0 => {
                held.extend(Held::alloc(pool, life, random.below(250) as u8));
            }
            (2, Some(pool)) => owner = Some(pool.clone()),
            (3, _) => {
                // Through a block, of a pool that may have no owner any more.
                if let Some(held) = held.last() {
                    let pool = held.block().pool();
                    drop(pool.alloc());
                    assert!(pool.available() < pool.capacity());
                }
            }
            _ if !held.is_empty() => drop(held.swap_remove(random.below(held.len()))),
            _ => {}
        }
        if owner.is_none() && held.is_empty() {
            return;
        }
    }
}

#[test]
fn owners_and_blocks_that_race_free_the_pool_once() {
    let mut random = Random(0x2015);
    for round in 0..1500 {
        let capacity = [1, 2, 3, 8, 40, 200][random.below(6)];
        let magazine = MAGAZINES[random.below(4)];
        let (pool, life) = shared(capacity, magazine);
        let threads = [0, 1, 2].map(|id| {
            let held = (0..random.below(4)).map_while(|_| Held::alloc(&pool, &life, id));
            let (held, owner, life) = (held.collect(), pool.clone(), Arc::clone(&life));
            let random = Random(random.0 ^ u64::from(id) << 40);
            std::thread::spawn(move || live_and_end(owner, held, &life, random))
        });
        drop(pool);
        // To the end of the destructors of the threads, which a scope does not wait for.
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let freed = life.freed.load(SeqCst);
        assert_eq!(freed, 1, "round {round}, {capacity} blocks, magazines of {magazine}");
    }
}

#[test]
fn a_pool_that_many_threads_have_used_is_freed_with_its_last_block() {
    for magazine in MAGAZINES {
        let (pool, life) = shared(5000, magazine);
        let barrier = Barrier::new(64);
        std::thread::scope(|scope| {
            for _ in 0..64 {
                let (pool, life, barrier) = (pool.clone(), &life, &barrier);
                scope.spawn(move || {
                    let held: Vec<_> =
                        (0..70).map(|byte| Held::alloc(&pool, life, byte).unwrap()).collect();
                    barrier.wait();
                    drop(held);
                });
            }
        });
        let last = Held::alloc(&pool, &life, 1).unwrap();
        drop(pool);
        assert!(last.block().pool().alloc().is_err(), "a pool without owners lends nothing");
        assert_eq!(life.freed.load(SeqCst), 0);
        drop(last);
        assert_eq!(life.freed.load(SeqCst), 1, "magazines of {magazine}");
    }
}

#[test]
fn the_last_block_is_freed_by_a_destructor_after_the_threads_number_is_gone() {
    for magazine in MAGAZINES {
        let (pool, life) = shared(10, magazine);
        let thread = {
            let life = Arc::clone(&life);
            std::thread::spawn(move || {
                // Made before the thread gets its number, so it is dropped after that is returned.
                AT_THE_END.set(None);
                AT_THE_END.set(Held::alloc(&pool, &life, 1));
                drop(pool);
                assert_eq!(life.freed.load(SeqCst), 0);
            })
        };
        thread.join().unwrap();
        assert_eq!(life.freed.load(SeqCst), 1, "magazines of {magazine}");
    }
}

#[test]
fn a_hardened_pool_is_freed_with_its_last_block() {
    for magazine in MAGAZINES {
        let layout = BlockLayout::new(24, 100).unwrap().with_guard(8).unwrap();
        let region = Region::options().verify_on_acquire(true).map(layout).unwrap();
        let pool = LockFreeAlloc::from_region(region).unwrap().with_magazine(magazine);
        let (pool, life) = Counted::new(pool);
        let pool = SharedPool::new(pool);
        let blocks: Vec<_> = (0..100).map(|_| pool.alloc_owned().unwrap()).collect();
        drop(pool);
        drop(blocks);
        assert_eq!(life.freed.load(SeqCst), 1);
    }
}

#[test]
fn bulk_frees_end_the_life_of_a_pool() {
    for magazine in MAGAZINES {
        for bulk in [1, 30, 62, 100] {
            let (pool, life) = shared(300, magazine);
            let mut blocks = Vec::new();
            blocks.resize_with(bulk, || None);
            pool.alloc_owned_bulk(&mut blocks).unwrap();
            let mut raw: Vec<_> =
                blocks.iter_mut().map(|block| block.take().map(Block::into_raw)).collect();
            let last = pool.alloc_owned().unwrap();
            drop(pool);
            // SAFETY: from `into_raw`, and not used afterwards.
            unsafe { last.pool().free_bulk_raw(&mut raw).unwrap() };
            assert_eq!(life.freed.load(SeqCst), 0);
            drop(last);
            assert_eq!(life.freed.load(SeqCst), 1, "{bulk} blocks, magazines of {magazine}");
        }
    }
}

#[cfg(unix)]
mod unix {
    use super::*;
    use handling::handle;
    use std::mem::ManuallyDrop;
    use std::ptr::null_mut;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicPtr};

    /// The block and the owner that the handler drops.
    static GIVEN_UP: AtomicPtr<ManuallyDrop<(Owned, Owner)>> = AtomicPtr::new(null_mut());
    /// Held by the test that uses it.
    static IN_USE: Mutex<()> = Mutex::new(());

    extern "C" fn give_up(_signal: libc::c_int) {
        let given_up = GIVEN_UP.load(SeqCst);
        // SAFETY: valid until the pointer is null again, and dropped once, by the one signal.
        unsafe { ManuallyDrop::drop(&mut *given_up) };
        GIVEN_UP.store(null_mut(), SeqCst);
    }

    /// A handler may free a block that is not the last one, and drop an owner that is not, at any
    /// point of the calls that it interrupts.
    #[test]
    fn handlers_free_blocks_and_drop_owners_in_the_middle_of_other_calls() {
        let _in_use = IN_USE.lock();
        handle(libc::SIGUSR1, give_up);
        let (pool, life) = shared(100, 62);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (sender, receiver) = std::sync::mpsc::channel();
            let (worker, stop) = (pool.clone(), &stop);
            scope.spawn(move || {
                sender.send(handling::Target::this_thread()).unwrap();
                let mut held = Vec::new();
                while !stop.load(SeqCst) {
                    held.extend(worker.alloc_owned().ok());
                    if held.len() == 90 {
                        held.clear();
                    }
                }
            });
            let target = receiver.recv().unwrap();
            for _ in 0..2000 {
                let Ok(block) = pool.alloc_owned() else { continue };
                let mut given_up = ManuallyDrop::new((block, pool.clone()));
                GIVEN_UP.store(&raw mut given_up, SeqCst);
                // SAFETY: the thread lives until it is told to stop.
                unsafe { target.interrupt(libc::SIGUSR1) };
                while !GIVEN_UP.load(SeqCst).is_null() {
                    std::thread::yield_now();
                }
            }
            stop.store(true, SeqCst);
        });
        drop(pool);
        assert_eq!(life.freed.load(SeqCst), 1);
    }

    /// Where the last owner is dropped by a handler that interrupted a call on the pool, the pool
    /// may leak, but no call is harmed.
    #[test]
    fn a_handler_that_drops_the_last_owner_in_the_middle_of_a_call_does_no_harm() {
        let _in_use = IN_USE.lock();
        handle(libc::SIGUSR2, give_up);
        for _ in 0..300 {
            let (pool, life) = shared(100, 62);
            let (first, second) = (pool.alloc_owned().unwrap(), pool.alloc_owned().unwrap());
            let stop = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let (sender, receiver) = std::sync::mpsc::channel();
                let stop = &stop;
                scope.spawn(move || {
                    sender.send(handling::Target::this_thread()).unwrap();
                    while !stop.load(SeqCst) {
                        drop(first.pool().alloc());
                    }
                });
                let target = receiver.recv().unwrap();
                let mut given_up = ManuallyDrop::new((second, pool));
                GIVEN_UP.store(&raw mut given_up, SeqCst);
                // SAFETY: the thread lives until it is told to stop.
                unsafe { target.interrupt(libc::SIGUSR2) };
                while !GIVEN_UP.load(SeqCst).is_null() {
                    std::thread::yield_now();
                }
                stop.store(true, SeqCst);
            });
            assert!(life.freed.load(SeqCst) <= 1);
        }
    }

    /// A forked child may drop its copies of owners and blocks. The blocks of threads that exist in
    /// the parent only are never freed there, so neither is the pool.
    #[test]
    fn a_child_of_fork_frees_its_own_blocks_and_keeps_the_pool() {
        for magazine in MAGAZINES {
            let (pool, life) = shared(100, magazine);
            let mine = Held::alloc(&pool, &life, 1).unwrap();
            let (sender, receiver) = std::sync::mpsc::channel();
            let (go, wait) = std::sync::mpsc::channel::<()>();
            let other = {
                let (pool, life) = (pool.clone(), Arc::clone(&life));
                std::thread::spawn(move || {
                    let theirs = Held::alloc(&pool, &life, 2).unwrap();
                    sender.send(()).unwrap();
                    let _ = wait.recv();
                    drop((pool, theirs));
                })
            };
            receiver.recv().unwrap();
            // SAFETY: the child calls the pool and `_exit`, and frees no heap memory.
            let child = unsafe { libc::fork() };
            if child == 0 {
                drop((pool, mine));
                let freed = life.freed.load(SeqCst);
                // SAFETY: ends this process without anything else.
                unsafe { libc::_exit(if freed == 0 { 7 } else { 1 }) }
            }
            let mut status = 0;
            // SAFETY: waits for the child made above.
            unsafe { libc::waitpid(child, &mut status, 0) };
            assert_eq!(libc::WEXITSTATUS(status), 7, "magazines of {magazine}: {status:x}");
            drop((pool, mine));
            assert_eq!(life.freed.load(SeqCst), 0, "the other thread holds a block");
            drop(go);
            other.join().unwrap();
            assert_eq!(life.freed.load(SeqCst), 1);
        }
    }
}
