//! Memory that cannot be had: an error that names what was asked for, never a panic, an overflow
//! or a region smaller than its layout.

#![cfg(feature = "std")]
#![cfg_attr(
    not(target_pointer_width = "64"),
    allow(arithmetic_overflow, reason = "there the tests are compiled, but ignored")
)]

#[cfg(all(unix, not(target_pointer_width = "64")))]
#[path = "support/address_space.rs"]
mod address_space;

use std::sync::atomic::AtomicU8;

use block_core::backend::ZeroIsValid;
use block_core::{
    AllocError, BlockLayout, BuildError, FreeError, HugePages, LayoutError, MemoryPurpose, Region,
    RegionError, RegionOptions,
};

const LIMIT: usize = isize::MAX as usize;
/// No system has half an address space to give, nor a hundred bytes less.
const HALF: usize = 1 << (usize::BITS - 2);

/// Layouts that are legal, but larger than any system's memory: at the limit of sizes, of
/// capacities, of alignments, and of their sums.
fn hopeless() -> Vec<BlockLayout> {
    // Half of 32 bits a system may well have to give.
    #[cfg(all(unix, not(target_pointer_width = "64")))]
    address_space::limit_address_space(512 << 20);
    let layout = |size, capacity, align| {
        BlockLayout::new(size, capacity).and_then(|layout| layout.with_align(align))
    };
    let legal = [
        layout(1, LIMIT, 1),
        layout(LIMIT - 4095, 1, 1),
        layout(LIMIT - 4095, 1, 64),
        layout(64, LIMIT / 64 - 1, 64),
        layout(1, LIMIT - 4095, 1),
        layout(4096, LIMIT / 4096 - 1, 4096),
        layout(1, LIMIT / (2 << 20) - 1, 2 << 20),
        layout(HALF, 1, 64),
        layout(HALF, 1, HALF),
        layout(1, 1, HALF),
    ];
    legal.into_iter().map(Result::unwrap).collect()
}

fn every_way_to_map() -> Vec<RegionOptions> {
    let mut ways = Vec::new();
    for pages in [
        HugePages::Off,
        HugePages::Transparent,
        HugePages::Explicit(1 << 16),
        HugePages::Explicit(2 << 20),
        HugePages::Explicit(1 << (usize::BITS - 2)),
        HugePages::Explicit(1 << (usize::BITS - 1)),
    ] {
        for (prefault, lock) in [(false, false), (true, false), (false, true)] {
            ways.push(Region::options().huge_pages(pages).prefault(prefault).lock_in_memory(lock));
        }
    }
    ways
}

#[test]
fn a_mapping_that_the_system_refuses_is_an_error_with_the_bytes_asked_for() {
    for layout in hopeless() {
        let error = Region::map(layout).unwrap_err();
        let RegionError::Map { bytes, .. } = error else { panic!("{layout:?}: {error:?}") };
        // What is mapped has room to align the first block within.
        assert!(bytes >= layout.region_bytes(), "{layout:?}: {error:?}");
        assert!(bytes <= layout.region_bytes() + (layout.align() - 1), "{layout:?}: {error:?}");
        assert!(error.to_string().contains(&bytes.to_string()), "{error}");
        assert!(error.to_string().contains("map"), "{error}");
    }
}

#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn a_refused_mapping_says_the_bytes_and_the_systems_reason() {
    let error = Region::map(BlockLayout::new(1 << 20, 1 << 40).unwrap()).unwrap_err();
    let RegionError::Map { bytes, os_error: Some(code), .. } = error else { panic!("{error:?}") };
    assert_eq!(bytes, 1 << 60);
    let reason = std::io::Error::from_raw_os_error(code).to_string();
    assert_eq!(
        error.to_string(),
        format!(
            "the system refused to map 1152921504606846976 bytes for the blocks of a pool: {reason}"
        )
    );
}

#[test]
fn no_option_makes_a_size_overflow() {
    for layout in hopeless() {
        for options in every_way_to_map() {
            let error = options.map(layout).expect_err("more than the address space");
            assert!(!error.to_string().is_empty(), "{layout:?} {options:?}");
        }
    }
}

#[test]
fn a_heap_that_refuses_is_an_error_with_the_bytes_asked_for() {
    for layout in hopeless() {
        let error = Region::heap(layout).unwrap_err();
        let RegionError::Heap { bytes, .. } = error else { panic!("{layout:?}: {error:?}") };
        assert!(bytes >= layout.region_bytes(), "{layout:?}: {error:?}");
        assert!(error.to_string().contains(&bytes.to_string()), "{error}");
        assert!(error.to_string().contains("heap"), "{error}");
    }
}

#[test]
fn an_alignment_that_passes_the_limit_is_a_layout_error() {
    let layout = BlockLayout::new(1, 2).unwrap();
    for (align, message) in [(HALF, "aligned to"), (0, "power of two"), (3, "power of two")] {
        let error = layout.with_align(align).unwrap_err();
        assert!(error.to_string().contains(&align.to_string()), "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
    let largest = BlockLayout::new(1, 1).unwrap();
    assert!(largest.with_align(HALF).is_ok());
    assert!(matches!(largest.with_align(HALF << 1), Err(LayoutError::TooLarge { .. })));
}

/// The metadata of blocks that could just be mapped may be what no longer fits.
#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn a_table_that_the_system_refuses_is_an_error_and_no_overflow() {
    let Ok(region) = Region::map(BlockLayout::new(1, 1 << 45).unwrap()) else {
        return println!("skipped: this system has no 32 TiB of address space");
    };
    let error = region.side_table::<std::sync::atomic::AtomicUsize>().unwrap_err();
    assert!(matches!(error, RegionError::Map { bytes, .. } if bytes == 1 << 48), "{error:?}");
}

/// Invariant 4 for tables: no product or sum wraps to a small table under a long slice.
#[test]
#[cfg_attr(not(target_pointer_width = "64"), ignore = "needs a 64-bit address space")]
fn a_table_whose_bytes_no_word_can_count_is_refused() {
    #[repr(align(0x80000))]
    struct Entry {
        _count: AtomicU8,
    }
    // SAFETY: an integer, for which zero is a value, and padding; no destructor.
    unsafe impl ZeroIsValid for Entry {}
    const ENTRY: usize = size_of::<Entry>();
    assert_eq!(ENTRY, 1 << 19);

    // 2^64 bytes, 2^63 bytes, and the most that the limit lets through, for the system to refuse.
    for capacity in [1 << 45, 1 << 44, (1 << 44) - 1] {
        let Ok(region) = Region::map(BlockLayout::new(1, capacity).unwrap()) else {
            println!("skipped: this system has no address space for {capacity} blocks");
            continue;
        };
        let error = region.side_table::<Entry>().unwrap_err();
        if capacity < 1 << 44 {
            assert!(matches!(error, RegionError::Map { .. }), "{error:?}");
            continue;
        }
        assert_eq!(error, RegionError::TableTooLarge { entries: capacity, entry_size: ENTRY });
        let message = error.to_string();
        for value in [capacity, ENTRY, isize::MAX as usize] {
            assert!(message.contains(&value.to_string()), "{value} is not in {message:?}");
        }
    }
}

#[test]
fn a_build_error_says_what_the_error_within_says_and_adds_nothing_twice() {
    let layout = LayoutError::BadAlign { align: 48 };
    let region = RegionError::Heap { bytes: 77, purpose: MemoryPurpose::Blocks, limit: None };
    assert_eq!(BuildError::from(layout).to_string(), layout.to_string());
    assert_eq!(BuildError::from(region).to_string(), region.to_string());
    // A report that walks the sources must not print the same words again.
    for error in [BuildError::from(layout), BuildError::from(region)] {
        let source = std::error::Error::source(&error);
        assert!(source.is_none_or(|source| source.to_string() != error.to_string()));
    }
}

#[test]
fn errors_are_errors_of_std_and_may_cross_threads() {
    fn crosses<E: std::error::Error + Send + Sync + Copy + 'static>() {}
    crosses::<AllocError>();
    crosses::<FreeError>();
    crosses::<LayoutError>();
    crosses::<RegionError>();
    crosses::<BuildError>();
}

#[test]
fn each_free_error_has_words_of_its_own() {
    let all = [FreeError::Foreign, FreeError::NotBlockStart, FreeError::NotAllocated];
    let words: std::collections::HashSet<_> = all.iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), all.len());
}
