//! When memory is committed: at first use, or at construction if asked; and that it is given back.
//!
//! What is measured belongs to the whole process, so the tests take turns.

#![cfg(all(feature = "std", target_os = "linux"))]

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};

use block_core::{BlockIndex, BlockLayout, HugePages, Region, RegionError};

const MIB: usize = 1 << 20;
/// Memory that the test itself and a huge page for each thing touched may take.
const SLACK: usize = 16 * MIB;

static TURN: Mutex<()> = Mutex::new(());

fn my_turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A line of the kernel's account of this process, in bytes.
fn status(key: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).unwrap();
    let kib = line.trim().strip_suffix(" kB").unwrap();
    kib.parse::<usize>().unwrap() * 1024
}

fn resident() -> usize {
    status("VmRSS")
}

fn touch(region: &Region, index: usize) {
    // SAFETY: the first byte of a block of the region, which nobody else holds.
    unsafe { region.block(BlockIndex::new(index)).write(1) };
}

/// Builds a region of a GiB, and holds that neither that nor a touched block commits more than
/// that block's pages.
fn commits_only_what_is_touched(build: impl Fn(BlockLayout) -> Result<Region, RegionError>) {
    let _turn = my_turn();
    for align in [64, 4096, 2 * MIB] {
        let layout = BlockLayout::new(4096, 1024 * MIB / align.max(4096)).unwrap();
        let layout = layout.with_align(align).unwrap();
        let before = resident();
        let region = build(layout).unwrap();
        let built = resident().saturating_sub(before);
        assert!(built < SLACK, "{layout:?}: building it committed {built} bytes");
        for index in [0, layout.capacity() / 2, layout.capacity() - 1] {
            touch(&region, index);
        }
        let touched = resident().saturating_sub(before);
        assert!(touched < SLACK, "{layout:?}: touching three blocks committed {touched} bytes");
    }
}

/// The first touch of a block's memory is its first loan.
#[test]
fn a_hardened_region_is_committed_as_its_blocks_are_lent() {
    let _turn = my_turn();
    let layout = BlockLayout::new(4000, 64 << 10).unwrap().with_guard(8).unwrap();
    let before = resident();
    let region = Region::options().verify_on_acquire(true).map(layout).unwrap();
    let last = region.block(BlockIndex::new(layout.capacity() - 1));
    // SAFETY: nobody else has the region.
    unsafe {
        region.on_acquire(last);
        last.write_bytes(7, 4000);
        region.on_release(last);
    }
    let committed = resident().saturating_sub(before);
    assert!(committed < SLACK, "{layout:?}: a loan committed {committed} bytes");
}

#[test]
fn a_mapping_is_committed_as_its_blocks_are_touched() {
    commits_only_what_is_touched(Region::map);
}

#[test]
fn a_large_heap_region_is_committed_as_its_blocks_are_touched_over_aligned_or_not() {
    commits_only_what_is_touched(Region::heap);
}

#[test]
fn a_region_with_transparent_huge_pages_is_committed_by_the_huge_page() {
    commits_only_what_is_touched(|layout| {
        Region::options().huge_pages(HugePages::Transparent).map(layout)
    });
}

#[test]
fn a_prefaulted_region_is_resident_at_once_and_touching_it_adds_nothing() {
    let _turn = my_turn();
    for pages in [HugePages::Off, HugePages::Transparent] {
        let layout = BlockLayout::new(4096, 64 * MIB / 4096).unwrap();
        let before = resident();
        let region = Region::options().prefault(true).huge_pages(pages).map(layout).unwrap();
        let built = resident();
        assert!(built >= before + 64 * MIB - MIB, "{pages:?}: {before}, then {built} bytes");
        (0..layout.capacity()).for_each(|index| touch(&region, index));
        assert!(resident() < built + SLACK, "{pages:?}: {built}, then {} bytes", resident());
    }
}

#[test]
fn the_side_tables_of_a_prefaulted_region_are_prefaulted_too() {
    let _turn = my_turn();
    let layout = BlockLayout::new(1, 32 * MIB).unwrap();
    let before = resident();
    let region = Region::options().prefault(true).map(layout).unwrap();
    let with_marks = resident();
    assert!(with_marks >= before + 63 * MIB, "{before}, then {with_marks} bytes");
    let _table = region.side_table::<std::sync::atomic::AtomicU8>().unwrap();
    assert!(resident() >= with_marks + 31 * MIB, "{with_marks}, then {} bytes", resident());
}

/// A table too small for a mapping of its own otherwise; a thousand of them, so that it shows.
#[test]
fn small_side_tables_of_a_prefaulted_region_are_prefaulted_too() {
    let _turn = my_turn();
    const TABLES: usize = 1000;
    // Three pages of zeros that nobody has touched.
    let layout = BlockLayout::new(1, 3 * 4096).unwrap();
    let region = Region::options().prefault(true).map(layout).unwrap();
    let before = resident();
    let tables: Vec<_> =
        (0..TABLES).map(|_| region.side_table::<std::sync::atomic::AtomicU8>().unwrap()).collect();
    let built = resident();
    assert!(tables.iter().all(|table| table.iter().all(|entry| entry.load(Relaxed) == 0)));
    assert!(built >= before + TABLES * layout.capacity(), "{before}, then {built} bytes");
}

#[test]
fn a_locked_region_is_resident_and_locked_and_dropping_it_unlocks() {
    let _turn = my_turn();
    let layout = BlockLayout::new(4096, 256).unwrap();
    let before = (resident(), status("VmLck"));
    let region = match Region::options().lock_in_memory(true).map(layout) {
        Ok(region) => region,
        Err(error @ RegionError::Lock { .. }) => return println!("skipped: {error}"),
        Err(other) => panic!("{other}"),
    };
    // The blocks, and at least one page of marks.
    assert!(status("VmLck") >= before.1 + MIB + 4096, "{before:?}, then {}", status("VmLck"));
    assert!(resident() >= before.0 + MIB - MIB / 8, "{before:?}, then {} bytes", resident());
    drop(region);
    assert_eq!(status("VmLck"), before.1);
}

#[test]
fn a_dropped_region_gives_its_memory_and_its_address_space_back() {
    let _turn = my_turn();
    // What the heap reserves for the threads of the tests that wait stays far below this.
    const SPACE: usize = 1 << 30;
    let aligned = BlockLayout::new(4096, 32).unwrap().with_align(2 * MIB).unwrap();
    let before = (resident(), status("VmSize"));
    for _ in 0..200 {
        for region in [Region::map(aligned).unwrap(), Region::heap(aligned).unwrap()] {
            let _table = region.side_table::<std::sync::atomic::AtomicU8>().unwrap();
            (0..aligned.capacity()).for_each(|index| touch(&region, index));
        }
    }
    let after = (resident(), status("VmSize"));
    assert!(after.0 < before.0 + SLACK, "resident: {} bytes, then {}", before.0, after.0);
    assert!(after.1 < before.1 + SPACE, "mapped: {} bytes, then {}", before.1, after.1);
}
