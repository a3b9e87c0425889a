//! Writes after free and overruns end the process with a report that names block and offset; what is no
//! mistake is never reported.

#![cfg(all(feature = "std", unix))]

#[path = "support/child.rs"]
mod child;
#[path = "support/mistakes.rs"]
mod mistakes;
mod support;

use std::mem::MaybeUninit;

use block_core::{Block, BlockAlloc, BlockAllocExt, BlockIndex, BlockLayout, Region};
use child::aborts_in_child;
use mistakes::{CAPACITY, GUARD, SIZE, hardened_region};
use support::Pool;

#[test]
fn every_mistake_is_found_by_the_next_call_and_told_with_block_and_offset() {
    let test = "every_mistake_is_found_by_the_next_call_and_told_with_block_and_offset";
    for mistake in mistakes::all() {
        let commit = || mistakes::make(&mistake, &Pool::over(hardened_region()));
        if let Some(said) = aborts_in_child(test, &mistake.name, commit) {
            mistakes::is_told(&mistake, "the core's pool", &said);
        }
    }
}

/// The report of what `commit` does with a new pool.
fn report(test: &str, case: &str, commit: impl FnOnce(&Pool)) -> Option<String> {
    aborts_in_child(test, case, || commit(&Pool::over(hardened_region())))
}

/// Through the pointer of a block that is held, or was.
fn overwrite(block: *mut u8, from: usize, bytes: &[u8]) {
    // SAFETY: the tests keep to the region, which is alive. The rest is the mistake.
    unsafe { block.add(from).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
}

#[test]
fn a_block_copied_over_its_neighbour_with_what_is_behind_it_is_found() {
    let test = "a_block_copied_over_its_neighbour_with_what_is_behind_it_is_found";
    let said = report(test, "copy", |pool| {
        let (first, second) = (pool.acquire().unwrap(), pool.acquire().unwrap());
        // SAFETY: a stride is inside the region for each; the guard is the mistake.
        unsafe {
            second.copy_from_nonoverlapping(first, SIZE + GUARD);
            pool.release(second);
        }
    });
    let Some(said) = said else { return };
    assert!(said.contains("overrun: block 1 of 4, offset 1"), "{said}");
}

#[test]
fn the_report_counts_what_is_wrong_and_says_what_to_look_for() {
    let test = "the_report_counts_what_is_wrong_and_says_what_to_look_for";
    let overrun = report(test, "overrun", |pool| {
        let block = pool.acquire().unwrap();
        overwrite(block.as_ptr(), SIZE + 5, &[0; 3]);
        // SAFETY: acquired above.
        unsafe { pool.release(block) };
    });
    if let Some(said) = overrun {
        assert!(said.contains("3 of the 28 bytes guarded behind the block's 100"), "{said}");
        assert!(said.contains("Look for a write past its end"), "{said}");
    }
    let write = report(test, "write", |pool| {
        let block = pool.alloc_raw().unwrap();
        // SAFETY: allocated above.
        unsafe { pool.free_raw(block).unwrap() };
        overwrite(block.as_ptr(), 10, &[1; 20]);
        let _ = pool.alloc();
    });
    if let Some(said) = write {
        assert!(said.contains("20 of the block's 100 bytes are wrong"), "{said}");
        assert!(said.contains("Look for a write through an old pointer"), "{said}");
    }
}

/// So logs get it, and an abort while a panic unwinds has its reason.
#[test]
fn the_programs_panic_hook_sees_the_report_even_in_a_panic() {
    let test = "the_programs_panic_hook_sees_the_report_even_in_a_panic";
    let said = report(test, "hook", |pool| {
        std::panic::set_hook(Box::new(|info| eprintln!("hook: {info}")));
        let mut block = pool.alloc().unwrap();
        overwrite(block.as_mut_ptr(), SIZE, &[0]);
        panic!("on purpose"); // drops the handle
    });
    let Some(said) = said else { return };
    let (first, second) = said.split_once("on purpose").expect(&said);
    assert!(first.contains("hook: ") && second.contains("hook: "), "{said}");
    assert!(second.contains("block-core: overrun: block 0 of 4, offset 100"), "{said}");
}

#[cfg(feature = "wait")]
#[test]
fn a_block_that_goes_straight_to_a_waiter_is_looked_at_on_the_way() {
    use block_core::wait::Waiting;
    let test = "a_block_that_goes_straight_to_a_waiter_is_looked_at_on_the_way";
    for is_bulk in [false, true] {
        let said = aborts_in_child(test, if is_bulk { "bulk" } else { "single" }, || {
            let pool = Waiting::new(Pool::over(hardened_region()));
            let mut held: [_; CAPACITY] = std::array::from_fn(|_| Some(pool.alloc().unwrap()));
            let mut waiter = Box::pin(pool.alloc_async());
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(waiter.as_mut().poll(&mut context).is_pending());
            overwrite(held[2].as_mut().unwrap().as_mut_ptr(), SIZE, &[0]);
            if is_bulk { pool.free_bulk(&mut held[2..]) } else { drop(held[2].take()) }
        });
        let Some(said) = said else { continue };
        assert!(said.contains("overrun: block 2 of 4, offset 100"), "{said}");
    }
}

#[cfg(feature = "bytes")]
#[test]
fn the_last_buffer_of_a_block_is_looked_at_when_it_goes() {
    use block_core::buffer::BlockBuf;
    use bytes::BufMut;
    let test = "the_last_buffer_of_a_block_is_looked_at_when_it_goes";
    let said = report(test, "buffer", |pool| {
        let mut buffer = BlockBuf::alloc_in(pool).unwrap();
        buffer.put_slice(&[1; SIZE]);
        let bytes = buffer.freeze();
        let (left, right) = (bytes.slice(..50), bytes.slice(50..));
        overwrite(left.as_ptr().cast_mut(), SIZE, &[0]);
        drop((bytes, left));
        eprintln!("not yet");
        drop(right);
    });
    let Some(said) = said else { return };
    assert!(said.contains("not yet\n"), "{said}");
    assert!(said.contains("overrun: block 0 of 4, offset 100"), "{said}");
}

#[cfg(feature = "allocator-api2")]
#[test]
fn no_container_is_told_that_the_guard_is_its_own() {
    use allocator_api2::alloc::Allocator;
    let pool = block_core::PoolAllocator::new(Pool::over(hardened_region()));
    for asked in 1..=SIZE {
        let layout = std::alloc::Layout::from_size_align(asked, 1).unwrap();
        let answer = pool.allocate(layout).unwrap();
        assert!((asked..=SIZE).contains(&answer.len()), "{} for {asked}", answer.len());
        // SAFETY: allocated with this layout, and valid for what was answered.
        unsafe {
            answer.cast::<u8>().write_bytes(0xff, answer.len());
            pool.deallocate(answer.cast(), layout);
        }
    }
    assert!(!pool.fits(std::alloc::Layout::from_size_align(SIZE + 1, 1).unwrap()));
}

/// By every call, through handles, slices and registered buffers, to the last byte.
#[test]
fn a_block_that_is_written_whole_is_no_mistake() {
    let pool = Pool::over(hardened_region());
    for round in 0..3 {
        let mut handles: Vec<_> = (0..CAPACITY).map(|_| pool.alloc().unwrap()).collect();
        for handle in &mut handles {
            assert_eq!(handle.len(), SIZE);
            assert_eq!(handle[..], [0; SIZE], "round {round}");
            handle.fill(0xff);
        }
        for handle in handles {
            let bytes = handle.leak();
            bytes.fill(7);
            let buffers = pool.region().fixed_buffers().unwrap();
            let at = buffers.of_slice(bytes).unwrap();
            assert_eq!((at.buffer, at.pointer.as_ptr()), (0, bytes.as_mut_ptr()));
            // SAFETY: out raw, and the slice is not used again.
            drop(unsafe { Block::from_raw(std::ptr::NonNull::from(bytes).cast(), &pool) }.unwrap());
        }
        let mut bulk = [None; CAPACITY];
        assert!(pool.acquire_bulk(&mut bulk));
        for block in bulk.iter().flatten() {
            // SAFETY: held by this test.
            unsafe { block.write_bytes(0xff, SIZE) };
        }
        // SAFETY: acquired above, and not used again.
        unsafe { pool.release_bulk(&mut bulk) };
    }
    pool.assert_only_held(&[]);
}

/// The guard is found in every kind of memory, the last block's included.
#[test]
fn regions_of_every_kind_have_room_for_the_last_guard() {
    let layout = BlockLayout::new(33, 5).unwrap().with_guard(9).unwrap();
    let memory = vec![MaybeUninit::new(0xa5); Region::static_bytes(&layout)];
    let regions = [
        Region::map(layout).unwrap(),
        Region::heap(layout).unwrap(),
        Region::from_static(layout, memory.leak()).unwrap(),
    ];
    for region in regions {
        let pool = Pool::over(region);
        for _ in 0..2 {
            let handles: Vec<_> = (0..5).map(|_| pool.alloc().unwrap()).collect();
            assert_eq!(handles.len(), 5);
        }
        let last = pool.region().block(BlockIndex::new(4)).addr().get();
        let first = pool.region().block(BlockIndex::new(0)).addr().get();
        assert_eq!(last + layout.stride() - first, layout.region_bytes());
    }
}

/// Off, nothing is there: no byte more, and what a holder left stays.
#[test]
fn without_options_a_region_is_as_it_was() {
    let plain = BlockLayout::new(SIZE, CAPACITY).unwrap();
    let off = plain.with_guard(16).unwrap().with_guard(0).unwrap();
    assert_eq!(off, plain);
    assert_eq!((off.stride(), off.guard(), off.region_bytes()), (128, 0, 512));
    let guarded = plain.with_guard(GUARD + 1).unwrap();
    assert_eq!(Region::static_bytes(&guarded), Region::static_bytes(&plain) + 64 * CAPACITY);
    let options = Region::options().verify_on_acquire(true).verify_on_acquire(false);
    assert_eq!(options, Region::options());
    assert!(!Pool::new(SIZE, CAPACITY).region().is_hardened());
    assert!(hardened_region().is_hardened() && hardened_region().zeroes_on_release());
    let region = options.map(off).unwrap();
    assert!(!region.is_hardened() && !region.zeroes_on_release());
    let block = region.block(BlockIndex::new(0));
    // SAFETY: nobody else has the region.
    unsafe {
        block.write_bytes(7, 128);
        region.on_acquire(block);
        region.on_release(block);
        let all = std::slice::from_raw_parts(block.as_ptr(), 128);
        assert_eq!(all, [7; 128], "neither read nor written");
    }
}

/// Of a backend that was written without loans nothing is found, and it is accused of nothing.
#[test]
fn where_nothing_is_ever_lent_no_guard_is_looked_for() {
    let region = hardened_region();
    // SAFETY: nobody else has the region.
    unsafe { region.on_release(region.block(BlockIndex::new(0))) };
}
