//! Huge pages from the system's reserve: what is refused says why, and what to do.

#![cfg(all(feature = "std", target_os = "linux"))]

use block_core::{BlockIndex, BlockLayout, HugePages, Region, RegionError};

const HUGE: usize = 2 << 20;
/// A mebibyte short of four pages of 2 MiB: what is mapped is rounded up.
const BYTES: usize = 7 << 20;

/// Pages of 2 MiB that are free, by the kernel's account; none where it has no such pages.
fn free_huge_pages() -> usize {
    std::fs::read_to_string("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages")
        .ok()
        .and_then(|count| count.trim().parse().ok())
        .unwrap_or(0)
}

fn explicit(layout: BlockLayout, page_size: usize) -> Result<Region, RegionError> {
    Region::options().huge_pages(HugePages::Explicit(page_size)).map(layout)
}

#[test]
fn a_reserve_that_does_not_suffice_is_an_error_that_says_how_to_reserve() {
    if free_huge_pages() > 0 {
        return println!("skipped: this system has huge pages reserved");
    }
    let error = explicit(BlockLayout::new(4096, BYTES / 4096).unwrap(), HUGE).unwrap_err();
    let RegionError::HugePages { bytes, page_size, os_error } = error else {
        panic!("{error:?}");
    };
    assert_eq!((bytes, page_size), (4 * HUGE, HUGE));
    assert!(os_error.is_some());
    let message = error.to_string();
    for part in ["2048 KiB", "8388608 bytes", "echo 4 >", "hugepages-2048kB/nr_hugepages"] {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

#[test]
fn a_reserve_that_suffices_backs_the_region() {
    if free_huge_pages() < 8 {
        return println!("skipped: this system has not enough huge pages reserved");
    }
    for align in [64, HUGE] {
        let layout = BlockLayout::new(4096, 3).unwrap().with_align(align).unwrap();
        let region = explicit(layout, HUGE).unwrap();
        for index in 0..3 {
            let block = region.block(BlockIndex::new(index));
            assert_eq!(block.addr().get() % align, 0);
            // SAFETY: the first byte of a block that nobody else holds.
            unsafe { block.write(1) };
        }
    }
}

#[test]
fn a_page_size_that_no_system_has_is_refused_by_value() {
    let layout = BlockLayout::new(64, 4).unwrap();
    for page_size in [0, 1, 4096, 1 << 15, (1 << 16) + 1, 3 << 20, usize::MAX] {
        let error = explicit(layout, page_size).unwrap_err();
        assert_eq!(error, RegionError::BadHugePageSize { page_size });
        let message = error.to_string();
        assert!(message.contains(&page_size.to_string()), "{message}");
        assert!(message.contains("65536"), "{message}");
    }
}

#[test]
fn a_page_size_that_this_processor_lacks_is_an_error_and_no_panic() {
    let layout = BlockLayout::new(64, 4).unwrap();
    for shift in 16..usize::BITS {
        let page_size = 1_usize << shift;
        let kib = page_size >> 10;
        let has_it = std::path::Path::new("/sys/kernel/mm/hugepages")
            .join(format!("hugepages-{kib}kB"))
            .exists();
        match explicit(layout, page_size) {
            Ok(region) => assert_eq!(region.layout(), &layout),
            Err(RegionError::HugePages { page_size: named, bytes, .. }) => {
                assert_eq!((named, bytes, has_it), (page_size, page_size, true));
            }
            Err(error @ RegionError::NoSuchHugePages { page_size: named }) => {
                assert_eq!((named, has_it), (page_size, false));
                let message = error.to_string();
                assert!(message.contains(&format!("no huge pages of {kib} KiB")), "{message}");
                assert!(!message.contains("too few"), "{message}");
            }
            Err(other) => panic!("{page_size}: {other:?}"),
        }
    }
}
