//! Debug builds say which raw blocks are out when their pool is dropped, and which calls took them.
//!
//! Each test drops a pool in a child of its own, whose standard error is looked at. A call of which a
//! line is expected has that line in a comment behind it, without the place, which is its own.

#![cfg(all(feature = "std", unix))]

#[path = "support/child.rs"]
mod child;
mod support;

use std::ptr::NonNull;

use block_core::{Block, BlockAlloc, BlockAllocExt, BlockLayout, Region};
use child::in_child;
use support::Pool;

/// What is said on standard error of the pools that `scenario` drops; nothing, whatever it does, without
/// debug assertions. `None` if there is nothing to look at: in the child.
fn report(test: &str, scenario: fn()) -> Option<String> {
    let output = in_child(test, scenario)?;
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    if cfg!(debug_assertions) {
        return Some(said);
    }
    assert_eq!(said, "", "only debug builds say anything");
    None
}

/// The lines that the comments under this tag demand.
fn expected(tag: &str) -> Vec<String> {
    let lines = include_str!("leak_report.rs").lines().zip(1..);
    let demanded = lines.filter_map(|(line, number)| {
        let (_, comment) = line.split_once(&format!("// {tag}: "))?;
        let (count, blocks) = comment.split_once(", ")?;
        Some(format!("    {count} taken at {}:{number}:COLUMN: block {blocks}", file!()))
    });
    demanded.collect()
}

/// The lines of a report between the first and the last, without columns.
fn calls(report: &str) -> Vec<String> {
    let calls = report.lines().filter(|line| line.contains(": block "));
    let without_column = |line: &str| match line.rsplit_once(": block ") {
        Some((place, blocks)) if place.contains(".rs:") => {
            let (place, _column) = place.rsplit_once(':').expect("file, line and column");
            format!("{place}:COLUMN: block {blocks}")
        }
        _ => line.to_owned(),
    };
    calls.map(without_column).collect()
}

#[test]
fn each_raw_block_that_is_out_is_reported_with_the_call_that_took_it() {
    fn scenario() {
        let pool = Pool::new(1500, 20);
        let freed = pool.alloc_raw().unwrap();
        for _ in 0..2 {
            let _ = pool.alloc_raw().unwrap(); // out: 2, 1, 2
        }
        let _ = pool.alloc().unwrap().into_raw(); // out: 1, 3
        let mut bulk = [None; 12];
        pool.alloc_bulk_raw(&mut bulk).unwrap(); // out: 12, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, ...
        pool.alloc().unwrap().leak()[0] = 1; // out: 1, 16
        let again = pool.alloc_raw().unwrap();
        // SAFETY: allocated above, and not used again but by the handle, which goes back.
        unsafe {
            pool.free_raw(freed).unwrap();
            drop(Block::from_raw(again, &pool).unwrap());
        }
    }
    let test = "each_raw_block_that_is_out_is_reported_with_the_call_that_took_it";
    let Some(report) = report(test, scenario) else { return };
    assert_eq!(calls(&report), expected("out"), "{report}");
    let first = "block-core: a pool of 20 blocks of 1500 bytes was dropped while 16 of them were out raw:\n";
    assert!(report.starts_with(first), "{report}");
    assert!(report.contains("Give raw blocks back with `free_raw`"), "{report}");
}

#[test]
fn a_refused_bulk_free_leaves_each_block_with_the_call_that_took_it() {
    fn scenario() {
        let pool = Pool::new(64, 4);
        let block = pool.alloc_raw().unwrap(); // refused: 1, 0
        // SAFETY: nothing is freed: the block stands twice.
        let answer = unsafe { pool.free_bulk_raw(&mut [Some(block), Some(block)]) };
        assert!(answer.is_err());
    }
    let test = "a_refused_bulk_free_leaves_each_block_with_the_call_that_took_it";
    let Some(report) = report(test, scenario) else { return };
    assert_eq!(calls(&report), expected("refused"), "{report}");
    assert!(report.contains("while 1 of them was out raw:"), "{report}");
}

#[test]
fn a_call_through_a_trait_object_is_known_too() {
    fn scenario() {
        let pool: Box<dyn BlockAlloc> = Box::new(Pool::new(64, 4));
        let _ = pool.alloc_raw().unwrap(); // dyn: 1, 0
    }
    let Some(report) = report("a_call_through_a_trait_object_is_known_too", scenario) else {
        return;
    };
    assert_eq!(calls(&report), expected("dyn"), "{report}");
}

#[test]
fn a_pool_in_memory_without_room_for_the_calls_reports_the_blocks() {
    fn scenario() {
        let layout = BlockLayout::new(64, 4).unwrap();
        let memory = Box::leak(Box::new_uninit_slice(Region::static_bytes(&layout)));
        let pool = Pool::over(Region::from_static(layout, memory).unwrap());
        let _ = pool.alloc_raw().unwrap();
    }
    let test = "a_pool_in_memory_without_room_for_the_calls_reports_the_blocks";
    let Some(report) = report(test, scenario) else { return };
    assert_eq!(calls(&report), ["    1 taken by calls that are not known: block 0"], "{report}");
}

#[test]
fn at_most_ten_calls_are_listed() {
    fn scenario() {
        let pool = Pool::new(64, 40);
        let take = [pool.alloc_raw(), pool.alloc_raw(), pool.alloc_raw(), pool.alloc_raw()];
        let more = [pool.alloc_raw(), pool.alloc_raw(), pool.alloc_raw(), pool.alloc_raw()];
        let most = [pool.alloc_raw(), pool.alloc_raw(), pool.alloc_raw(), pool.alloc_raw()];
        assert!([take, more, most].iter().flatten().all(Result::is_ok));
    }
    let Some(report) = report("at_most_ten_calls_are_listed", scenario) else { return };
    assert_eq!(calls(&report).len(), 10, "{report}");
    assert!(report.contains("    and more, taken at 2 other places\n"), "{report}");
}

#[test]
fn ten_calls_are_listed_and_no_more_are_spoken_of() {
    fn scenario() {
        let pool = Pool::new(64, 40);
        let take = [pool.alloc_raw(), pool.alloc_raw(), pool.alloc_raw(), pool.alloc_raw()];
        let most = [pool.alloc_raw(), pool.alloc_raw(), pool.alloc_raw(), pool.alloc_raw()];
        let last = [pool.alloc_raw(), pool.alloc_raw()];
        assert!(take.iter().chain(&most).chain(&last).all(Result::is_ok));
    }
    let test = "ten_calls_are_listed_and_no_more_are_spoken_of";
    let Some(report) = report(test, scenario) else { return };
    assert_eq!(calls(&report).len(), 10, "{report}");
    assert!(!report.contains("and more"), "{report}");
}

#[test]
fn at_most_ten_blocks_of_a_call_are_listed() {
    fn scenario() {
        let pool = Pool::new(64, 40);
        pool.alloc_bulk_raw(&mut [None; 10]).unwrap(); // listed: 10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
        pool.alloc_bulk_raw(&mut [None; 11]).unwrap(); // listed: 11, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, ...
    }
    let Some(report) = report("at_most_ten_blocks_of_a_call_are_listed", scenario) else { return };
    assert_eq!(calls(&report), expected("listed"), "{report}");
}

#[test]
fn a_panic_that_leaves_raw_blocks_behind_is_not_buried_under_a_report() {
    fn scenario() {
        let unwound = std::panic::catch_unwind(|| {
            let pool = Pool::new(64, 4);
            let _ = pool.alloc_raw().unwrap();
            std::panic::resume_unwind(Box::new("on purpose"));
        });
        assert!(unwound.is_err());
    }
    let test = "a_panic_that_leaves_raw_blocks_behind_is_not_buried_under_a_report";
    let Some(report) = report(test, scenario) else { return };
    assert_eq!(report, "");
}

#[test]
#[cfg(target_os = "linux")]
fn a_report_that_cannot_be_written_harms_nobody() {
    fn scenario() {
        use std::os::fd::AsRawFd;
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        // SAFETY: replaces standard error of this process, a child made for that.
        assert_eq!(unsafe { libc::dup2(full.as_raw_fd(), 2) }, 2);
        let pool = Pool::new(64, 4);
        let _ = pool.alloc_raw().unwrap();
    }
    report("a_report_that_cannot_be_written_harms_nobody", scenario);
}

#[test]
fn a_pool_without_raw_blocks_out_says_nothing() {
    fn scenario() {
        let pool = Pool::new(64, 4);
        let raw = pool.alloc_raw().unwrap();
        let handle = pool.alloc().unwrap();
        // SAFETY: allocated above, and not used again.
        unsafe { pool.free_raw(raw).unwrap() };
        pool.assert_only_held(&[NonNull::from(&*handle).cast()]);
        std::mem::forget(handle);
        // Reserved, not used: no walk over its marks would end in time.
        #[cfg(target_pointer_width = "64")]
        drop(Region::map(BlockLayout::new(64, 1 << 33).unwrap()).unwrap());
    }
    let test = "a_pool_without_raw_blocks_out_says_nothing";
    let Some(report) = report(test, scenario) else { return };
    assert_eq!(report, "");
}
