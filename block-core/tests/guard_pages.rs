//! What lies around the blocks of a mapped region: pages that nobody can access, so that an overrun that
//! leaves the region ends the process instead of reaching what another pool keeps there.

#![cfg(all(feature = "std", unix))]

#[cfg(target_os = "linux")]
#[path = "support/child.rs"]
mod child;
#[path = "support/page.rs"]
mod page;

use std::ops::Range;

use block_core::{BlockIndex, BlockLayout, HugePages, Region, RegionOptions};
#[cfg(target_os = "linux")]
use child::in_child;
use page::page_size;

const MIB: usize = 1 << 20;

/// The addresses of a region's blocks, up to the end of the last page.
fn pages(region: &Region) -> Range<usize> {
    let start = region.block(BlockIndex::new(0)).addr().get();
    start..start + region.layout().region_bytes().next_multiple_of(page_size())
}

/// Regions of less than a page and of many, over-aligned ones, and each way to have a mapping with guards.
fn regions() -> Vec<Region> {
    let layout = |size, capacity, align| {
        BlockLayout::new(size, capacity).unwrap().with_align(align).unwrap()
    };
    let plain = Region::options();
    let transparent = plain.huge_pages(HugePages::Transparent);
    let build = |(options, layout): (RegionOptions, _)| options.map(layout).unwrap();
    [
        (plain, layout(1, 1, 1)),
        (plain, layout(100, 1000, 64)),
        (plain, layout(4096, 16, 4096)),
        (plain, layout(64, 3, 4 * page_size())),
        (plain, layout(1, 2, 2 * MIB)),
        (plain.prefault(true), layout(100, 1000, 64)),
        (transparent, layout(4096, 600, 64)),
        (transparent.prefault(true), layout(4096, 600, 64)),
    ]
    .map(build)
    .into()
}

/// The signal that ends a process which writes to this address, if one does.
fn signal_at(address: usize) -> Option<libc::c_int> {
    let pointer = std::ptr::with_exposed_provenance_mut::<u8>(address);
    let mut status = 0;
    // SAFETY: the child writes a byte, which may end it, and leaves. It takes no lock that another
    // thread of the parent may have had.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            pointer.write_volatile(1);
            libc::_exit(0);
        }
        assert!(child > 0 && libc::waitpid(child, &mut status, 0) == child);
    }
    libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status))
}

#[track_caller]
fn faults(address: usize, region: &Region) {
    let signal = signal_at(address);
    assert!(
        matches!(signal, Some(libc::SIGSEGV | libc::SIGBUS)),
        "{signal:?} at {address:#x}: {region:?}"
    );
}

#[test]
fn a_write_beyond_either_end_of_a_mapped_region_faults() {
    for region in regions() {
        let Range { start, end } = pages(&region);
        let last = start + region.layout().region_bytes() - 1;
        for inside in [start, last] {
            assert_eq!(signal_at(inside), None, "{inside:#x} of {region:?}");
        }
        let page = page_size();
        for outside in [start - 1, start - page, end, end + page - 1] {
            faults(outside, &region);
        }
    }
}

#[test]
fn no_region_lies_next_to_another() {
    let regions = regions();
    let mut all: Vec<_> = regions.iter().map(pages).collect();
    all.sort_by_key(|pages| pages.start);
    for pair in all.windows(2) {
        assert!(pair[0].end + 2 * page_size() <= pair[1].start, "{pair:x?}");
    }
}

/// A guard is part of the region's own mapping, and not a gap: a gap would be filled. Linux lists it as
/// inaccessible, or, where it has marks for such pages, not apart.
#[test]
#[cfg(target_os = "linux")]
fn a_guard_is_mapped_at_either_end_of_the_blocks() {
    let regions = regions();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let address = |digits| usize::from_str_radix(digits, 16).unwrap();
    let mapped = |at| {
        maps.lines().any(|line| {
            let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
            (address(start)..address(end)).contains(&at)
        })
    };
    for region in &regions {
        let Range { start, end } = pages(region);
        for at in [start - 1, start, end - 1, end] {
            assert!(mapped(at), "{at:#x} of {region:?}\n{maps}");
        }
    }
}

/// Linux marks no page of locked memory.
#[test]
#[cfg(target_os = "linux")]
fn guards_of_locked_memory_are_protected_pages() {
    in_child("guards_of_locked_memory_are_protected_pages", || {
        // SAFETY: changes how this process maps memory from now on, and nothing else.
        if unsafe { libc::mlockall(libc::MCL_FUTURE) } != 0 {
            return println!("skipped: this process may not lock all its memory");
        }
        let region = Region::map(BlockLayout::new(100, 1000).unwrap()).unwrap();
        let Range { start, end } = pages(&region);
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        assert!(maps.contains(&format!("{:x}-{start:x} ---p", start - page_size())), "{maps}");
        assert!(maps.contains(&format!("{end:x}-{:x} ---p", end + page_size())), "{maps}");
        for outside in [start - 1, end] {
            faults(outside, &region);
        }
    });
}
