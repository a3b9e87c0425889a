//! The statistics of a pool: where its blocks are, its high-water mark, and the counts of calls.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use block_core::{Block, BlockAlloc, BlockAllocExt};
use block_lockfree::LockFreeAlloc;

/// The largest number of cached blocks per thread.
const MAGAZINE: usize = 62;
/// The largest number of blocks in the depot.
const DEPOT: usize = 496;

fn take(pool: &LockFreeAlloc, count: usize) -> Vec<Block<&LockFreeAlloc>> {
    (0..count).map(|_| pool.alloc().expect("enough are free")).collect()
}

#[test]
fn without_magazines_the_high_water_mark_is_the_most_that_were_held() {
    let pool = LockFreeAlloc::new(64, 1000).unwrap().with_magazine(0);
    let mut most = 0;
    for (one_by_one, in_one_call) in [(3, 0), (1, 7), (0, 5), (9, 9), (400, 100), (2, 300)] {
        let held = take(&pool, one_by_one);
        let mut bulk = vec![None; in_one_call];
        pool.alloc_bulk_raw(&mut bulk).unwrap();
        most = most.max(one_by_one + in_one_call);
        let stats = pool.stats();
        assert_eq!((stats.high_water, stats.never_used), (most, 1000 - most));
        assert_eq!((stats.in_use, stats.cached), (one_by_one + in_one_call, 0));
        // SAFETY: allocated above, and not used again.
        unsafe { pool.free_bulk_raw(&mut bulk).unwrap() };
        drop(held);
    }
    assert_eq!((pool.stats().returned(), pool.stats().high_water), (most, most));
}

#[test]
fn with_magazines_the_high_water_mark_is_above_the_most_held_by_what_they_hold() {
    let pool = LockFreeAlloc::new(64, 100_000).unwrap();
    const THREADS: usize = 4;
    for count in [1, 10, 63, 500, 2000] {
        let all_hold = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    let held = take(&pool, count);
                    all_hold.wait();
                    drop(held);
                });
            }
        });
        let (mark, held) = (pool.stats().high_water, THREADS * count);
        let most = held + THREADS * MAGAZINE + DEPOT;
        assert!((held..=most).contains(&mark), "{mark} for {held} held");
    }
}

#[test]
fn blocks_in_magazines_are_told_from_those_returned_and_those_never_used() {
    let pool = LockFreeAlloc::new(64, 1000).unwrap();
    let held = take(&pool, 100);
    let stats = pool.stats();
    assert_eq!((stats.in_use, stats.high_water), (100, 1000 - stats.never_used));
    assert_eq!(stats.cached, stats.high_water - 100, "nothing came back yet");
    drop(held);
    let stats = pool.stats();
    assert_eq!((stats.in_use, stats.available()), (0, 1000));
    assert!((1..=MAGAZINE + DEPOT).contains(&stats.cached), "{stats:?}");
    assert_eq!(stats.cached + stats.returned() + stats.never_used, 1000);
}

/// Takes all, is refused `refusals` times, by each kind of call in turn, and gives all back.
fn be_refused(pool: &LockFreeAlloc, refusals: usize) {
    let held: Vec<_> = std::iter::from_fn(|| pool.alloc().ok()).collect(); // the first refusal
    for refusal in 1..refusals {
        match refusal % 3 {
            0 => assert!(pool.alloc().is_err()),
            1 => assert!(pool.alloc_raw().is_err()),
            _ => assert!(pool.alloc_bulk_raw(&mut [None; 3]).is_err()),
        }
    }
    drop(held);
}

#[test]
fn every_refusal_is_counted_once_and_a_new_magazine_forgets_none() {
    let mut pool = LockFreeAlloc::new(64, 100).unwrap();
    let mut refusals = 0;
    for magazine in [62, 0, 5, 0, 62] {
        pool = pool.with_magazine(magazine);
        assert_eq!(pool.stats().exhaustions, refusals, "with magazines of {magazine}");
        be_refused(&pool, 10);
        refusals += 10;
        assert_eq!(pool.stats().exhaustions, refusals, "with magazines of {magazine}");
    }
}

#[test]
fn threads_that_have_ended_leave_their_refusals() {
    for magazine in [0, 62] {
        let pool = LockFreeAlloc::new(64, 100).unwrap().with_magazine(magazine);
        for _ in 0..20 {
            thread::scope(|scope| {
                scope.spawn(|| be_refused(&pool, 5));
            });
        }
        assert_eq!(pool.stats().exhaustions, 100, "with magazines of {magazine}");
    }
}

#[test]
fn a_reclaim_is_counted_and_a_look_at_the_pool_is_none() {
    let pool = LockFreeAlloc::new(64, 100).unwrap();
    let first = take(&pool, 1); // so that this thread does not inherit the other one's magazine
    thread::scope(|scope| {
        scope.spawn(|| drop(take(&pool, 50)));
    });
    for _ in 0..10 {
        assert_eq!(pool.available(), 99);
        assert_eq!(pool.stats().reclaims, 0);
    }
    let held = (take(&pool, 99), first);
    let reclaims = pool.stats().reclaims;
    assert!(reclaims > 0, "not all were to be had without");
    assert_eq!(pool.stats().exhaustions, 0);
    drop(held);
    let pool = pool.with_magazine(0).with_magazine(5);
    assert_eq!(pool.stats().reclaims, reclaims, "new magazines forget none");
}

#[test]
fn whatever_threads_do_every_look_adds_up_and_no_count_falls() {
    const CAPACITY: usize = 200;
    for magazine in [0, 62] {
        let pool = LockFreeAlloc::new(64, CAPACITY).unwrap().with_magazine(magazine);
        let (watched, refused) = (AtomicBool::new(false), AtomicU64::new(0));
        thread::scope(|scope| {
            for seed in 0..3_usize {
                let (pool, watched, refused) = (&pool, &watched, &refused);
                scope.spawn(move || {
                    let mut held = Vec::new();
                    // Relaxed, here and below: they carry nothing.
                    for step in (0_usize..).take_while(|_| !watched.load(Ordering::Relaxed)) {
                        // Up to half of the pool each: three of them find it exhausted at times.
                        if (step * (seed + 3) / 60) % 2 == 0 && held.len() < CAPACITY / 2 {
                            match pool.alloc() {
                                Ok(block) => held.push(block),
                                Err(_) => drop(refused.fetch_add(1, Ordering::Relaxed)),
                            }
                        } else {
                            held.pop();
                        }
                    }
                });
            }
            let mut before = pool.stats();
            for _ in 0..100 {
                let now = pool.stats();
                let places = now.in_use + now.cached + now.returned() + now.never_used;
                let fell = now.high_water < before.high_water
                    || now.exhaustions < before.exhaustions
                    || now.reclaims < before.reclaims;
                if places != CAPACITY || now.high_water > CAPACITY || fell {
                    watched.store(true, Ordering::Relaxed);
                    panic!("with magazines of {magazine}:\n{before:?}\n{now:?}");
                }
                before = now;
                thread::yield_now();
            }
            watched.store(true, Ordering::Relaxed);
        });
        let stats = pool.stats();
        assert_eq!((stats.in_use, stats.exhaustions), (0, refused.into_inner()), "{stats:?}");
    }
}

#[test]
fn a_pool_without_magazines_reclaims_nothing_when_it_is_exhausted() {
    let pool = LockFreeAlloc::new(64, 2).unwrap().with_magazine(0);
    let _held = take(&pool, 2);
    assert!(pool.alloc().is_err());
    let stats = pool.stats();
    assert_eq!((stats.exhaustions, stats.reclaims), (1, 0));
}

/// In random order, as requests end.
fn shuffle<T>(list: &mut [T]) {
    let mut random = 12345_u64;
    for last in (1..list.len()).rev() {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        list.swap(last, (random % (last as u64 + 1)) as usize);
    }
}

/// Runs `body` while another thread allocates and frees one block at a time. Stops that thread
/// after two minutes, so that a test that would not end fails.
fn beside_a_busy_thread(pool: &LockFreeAlloc, body: impl FnOnce()) {
    let (over, is_late) = (AtomicBool::new(false), AtomicBool::new(false));
    // Relaxed, here and below: they carry nothing.
    thread::scope(|scope| {
        scope.spawn(|| {
            let begin = std::time::Instant::now();
            while !over.load(Ordering::Relaxed) {
                (0..1000).for_each(|_| drop(pool.alloc().unwrap()));
                if begin.elapsed().as_secs() > 120 {
                    is_late.store(true, Ordering::Relaxed);
                    return;
                }
            }
        });
        body();
        over.store(true, Ordering::Relaxed);
    });
    assert!(!is_late.into_inner(), "it did not end beside a busy thread");
}

#[test]
fn reports_beside_a_busy_thread_are_right_within_what_it_moves() {
    const PEAK: usize = 50_000;
    const CAPACITY: usize = 2 * PEAK;
    for magazine in [0, 62] {
        let pool = LockFreeAlloc::new(8, CAPACITY).unwrap().with_magazine(magazine);
        let mut held = take(&pool, PEAK);
        shuffle(&mut held);
        drop(held);
        let at_rest = pool.stats();
        beside_a_busy_thread(&pool, || {
            for _ in 0..1000 {
                let stats = pool.stats();
                let places = stats.in_use + stats.cached + stats.returned() + stats.never_used;
                assert_eq!(places, CAPACITY, "{stats}");
                // One block is in use; a batch may be on its way.
                assert!(stats.in_use <= 100, "{stats}");
                assert_eq!(stats.high_water, at_rest.high_water, "{stats}");
                assert!(stats.high_water >= PEAK.max(stats.in_use), "{stats}");
                assert!(pool.available() >= CAPACITY - 100);
            }
        });
        assert_eq!(pool.stats().in_use, 0);
    }
}

#[test]
fn a_bulk_call_comes_to_an_end_beside_a_busy_thread() {
    const MANY: usize = 300_000;
    let pool = LockFreeAlloc::new(8, 2 * MANY).unwrap().with_magazine(0);
    let mut all = vec![None; 2 * MANY];
    assert!(pool.acquire_bulk(&mut all));
    shuffle(&mut all);
    // SAFETY: acquired above, and not used again.
    unsafe { pool.release_bulk(&mut all) };
    let mut blocks = vec![None; MANY];
    beside_a_busy_thread(&pool, || {
        for _ in 0..3 {
            assert!(pool.acquire_bulk(&mut blocks), "invariant 3: enough are free");
            assert!(pool.stats().in_use >= MANY);
            // SAFETY: acquired above, and not used again.
            unsafe { pool.release_bulk(&mut blocks) };
        }
        // One block more than can be free beside the busy thread, or two: these take parts and put
        // them back, or see that there are too few.
        let mut all = vec![None; 2 * MANY];
        for _ in 0..3 {
            if pool.acquire_bulk(&mut all) {
                // SAFETY: as above. (The busy thread held no block at that instant.)
                unsafe { pool.release_bulk(&mut all) };
            }
        }
    });
    assert_eq!(pool.available(), 2 * MANY);
    let distinct: std::collections::HashSet<_> = std::iter::from_fn(|| pool.acquire()).collect();
    assert_eq!(distinct.len(), 2 * MANY, "invariants 1 and 2");
}

#[test]
fn a_call_for_more_than_the_capacity_fails_without_a_reclaim() {
    for magazine in [0, 5, 62] {
        let pool = LockFreeAlloc::new(64, 100).unwrap().with_magazine(magazine);
        drop(take(&pool, 30)); // some of them lie in a magazine
        let before = pool.stats();
        for asked in [101, 1000] {
            assert!(!pool.acquire_bulk(&mut vec![Some(std::ptr::NonNull::dangling()); asked]));
            assert!(pool.alloc_bulk_raw(&mut vec![None; asked]).is_err());
        }
        assert!(pool.alloc_array::<101>().is_err());
        let after = pool.stats();
        assert_eq!(after.exhaustions, before.exhaustions + 5);
        assert_eq!(after.reclaims, 0, "none could have helped");
        assert_eq!(after.cached, before.cached, "and no magazine was disturbed");
        assert_eq!(after.high_water, before.high_water);
    }
}

#[test]
fn the_high_water_mark_is_exact_until_magazines_were_used() {
    let exact = |pool: &LockFreeAlloc| pool.stats().high_water_is_exact;
    let pool = LockFreeAlloc::new(64, 100).unwrap();
    assert!(!exact(&pool));
    assert!(pool.to_string().contains("; at most 0 in use or cached at once; "), "{pool}");
    let pool = pool.with_magazine(0);
    assert!(exact(&pool), "the first magazines were never used");
    drop(take(&pool, 1));
    let pool = pool.with_magazine(10);
    assert!(!exact(&pool));
    drop(take(&pool, 1));
    assert!(!exact(&pool.with_magazine(0)), "they may have held blocks");
}

#[test]
fn a_person_can_read_what_is_printed() {
    let pool = LockFreeAlloc::new(1500, 64).unwrap().with_magazine(0);
    let _held = take(&pool, 3);
    drop(take(&pool, 2));
    assert_eq!(
        pool.to_string(),
        "64 blocks of 1500 bytes: 3 in use, 0 cached, 2 returned, 59 never used; \
         at most 5 in use at once; 0 exhaustions, 0 reclaims"
    );
    let debug = format!("{pool:?}");
    for part in ["LockFreeAlloc", "block_size: 1500", "magazine: 0", "in_use: 3", "high_water: 5"] {
        assert!(debug.contains(part), "no {part:?} in {debug}");
    }
    assert!(debug.len() < 740, "a person reads this: {debug}");
    let with_magazines = LockFreeAlloc::new(1500, 64).unwrap().with_magazine(20);
    assert!(format!("{with_magazines:?}").contains("magazine: 20"), "{with_magazines:?}");
}
