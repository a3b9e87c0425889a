//! Resource limits of the process: errors that name them.
//!
//! A limit holds for a whole process, so each test runs again in a child of its own, and lowers
//! the limit there.

#![cfg(all(feature = "std", target_os = "linux"))]

#[path = "support/address_space.rs"]
mod address_space;
#[path = "support/child.rs"]
mod child;
#[path = "support/page.rs"]
mod page;

use std::io::Read;
use std::ptr;
use std::sync::atomic::AtomicU32;

use address_space::limit_address_space;
use block_core::{BlockIndex, BlockLayout, MemoryPurpose, Region, RegionError, ResourceLimit};
use child::in_child;
use page::page_size;

/// Lowers the limit on locked memory to 16 pages, gives up the right to pass it, and returns the
/// bytes of a page.
fn lock_at_most_16_pages() -> usize {
    const NOBODY: libc::uid_t = 65534;
    let page = page_size();
    let limit = libc::rlimit { rlim_cur: (16 * page) as _, rlim_max: (16 * page) as _ };
    // SAFETY: reads a limit through a pointer to one; what it and the others change is this
    // process alone, a child made for that.
    unsafe {
        assert_eq!(libc::setrlimit(libc::RLIMIT_MEMLOCK, &limit), 0);
        assert!(libc::geteuid() != 0 || libc::setuid(NOBODY) == 0);
    }
    page
}

/// A locked region of blocks of 64 bytes.
fn lock(bytes: usize) -> Result<Region, RegionError> {
    Region::options().lock_in_memory(true).map(BlockLayout::new(64, bytes / 64).unwrap())
}

#[test]
fn memory_beyond_the_lock_limit_is_refused_and_the_error_names_the_limit() {
    in_child("memory_beyond_the_lock_limit_is_refused_and_the_error_names_the_limit", || {
        let most = 16 * lock_at_most_16_pages();
        let error = lock(8 << 20).unwrap_err();
        let RegionError::Lock { bytes, purpose, limit, os_error } = error else {
            panic!("{error:?}")
        };
        assert_eq!((bytes, limit), (8 << 20, Some(most as u64)));
        assert_eq!(purpose, MemoryPurpose::Blocks);
        assert!(os_error.is_some());
        let message = error.to_string();
        for part in ["8388608 bytes", &format!("{most} bytes"), "RLIMIT_MEMLOCK", "ulimit -l"] {
            assert!(message.contains(part), "{part:?} is not in {message:?}");
        }
    });
}

#[test]
fn the_marks_and_tables_are_locked_too_and_each_refusal_gives_all_back() {
    in_child("the_marks_and_tables_are_locked_too_and_each_refusal_gives_all_back", || {
        let page = lock_at_most_16_pages();
        // A byte for each block, with the feature `bytes` a word more.
        let tables = |pages: usize| {
            let blocks = pages * page / 64;
            let words = if cfg!(feature = "bytes") { blocks * size_of::<usize>() } else { 0 };
            blocks.div_ceil(page) + words.div_ceil(page)
        };
        let most = (1..16).rev().find(|pages| pages + tables(*pages) <= 16).unwrap();
        for _ in 0..100 {
            // Alone, the blocks would fit; their tables are locked beside them.
            assert!(matches!(lock((most + 1) * page), Err(RegionError::Lock { .. })));
            drop(lock(most * page).unwrap());
        }
        // Blocks and metadata leave no page for a backend's table.
        let region = lock(most * page).unwrap();
        let error = region.side_table::<AtomicU32>().unwrap_err();
        let expected_purpose = MemoryPurpose::Metadata;
        assert!(
            matches!(error, RegionError::Lock { limit: Some(_), purpose, .. } if purpose == expected_purpose),
            "{error:?}"
        );
    });
}

#[test]
fn memory_beyond_the_limit_of_the_address_space_is_refused_with_its_size() {
    in_child("memory_beyond_the_limit_of_the_address_space_is_refused_with_its_size", || {
        limit_address_space(512 << 20);
        let layout = BlockLayout::new(4096, (1 << 30) / 4096).unwrap();
        let expected = RegionError::Map {
            bytes: 1 << 30,
            purpose: MemoryPurpose::Blocks,
            os_error: Some(libc::ENOMEM),
            limit: Some(ResourceLimit::AddressSpace(512 << 20)),
        };
        assert_eq!(Region::map(layout).unwrap_err(), expected);
        let text = expected.to_string();
        for part in ["1073741824 bytes", "the blocks", "536870912 bytes", "RLIMIT_AS"] {
            assert!(text.contains(part), "{part:?} is not in {text:?}");
        }
        let error = Region::heap(layout).unwrap_err();
        assert!(matches!(error, RegionError::Heap { bytes, .. } if bytes >= 1 << 30), "{error:?}");
        assert!(error.to_string().contains("RLIMIT_AS"), "{error}");

        // What does fit still works.
        let region = Region::map(BlockLayout::new(4096, 1024).unwrap()).unwrap();
        // SAFETY: the first byte of a block that nobody else holds.
        unsafe { region.block(BlockIndex::new(1023)).write(1) };
    });
}

#[test]
fn memory_beyond_the_limit_on_data_is_refused_and_the_error_names_the_limit() {
    in_child("memory_beyond_the_limit_on_data_is_refused_and_the_error_names_the_limit", || {
        let limit = libc::rlimit { rlim_cur: 256 << 20, rlim_max: 256 << 20 };
        // SAFETY: reads a limit through a pointer to one, and changes only this process.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_DATA, &limit) }, 0);
        let error = Region::map(BlockLayout::new(4096, (1 << 30) / 4096).unwrap()).unwrap_err();
        let expected = Some(ResourceLimit::Data(256 << 20));
        assert!(matches!(error, RegionError::Map { limit, .. } if limit == expected), "{error:?}");
        assert!(error.to_string().contains("RLIMIT_DATA"), "{error}");
    });
}

/// `mlockall(MCL_FUTURE)` makes the system lock every new mapping.
#[test]
fn new_memory_beyond_the_lock_limit_is_refused_and_the_error_names_the_limit() {
    in_child("new_memory_beyond_the_lock_limit_is_refused_and_the_error_names_the_limit", || {
        let limit = libc::rlimit { rlim_cur: 4 << 20, rlim_max: 4 << 20 };
        // SAFETY: reads a limit through a pointer to one; all calls change only this process, a child
        // created for that.
        unsafe {
            assert_eq!(libc::setrlimit(libc::RLIMIT_MEMLOCK, &limit), 0);
            if libc::mlockall(libc::MCL_FUTURE) != 0 {
                return println!("skipped: this process must not lock memory");
            }
            assert!(libc::geteuid() != 0 || libc::setuid(65534) == 0);
        }
        let error = Region::map(BlockLayout::new(4096, (16 << 20) / 4096).unwrap()).unwrap_err();
        let expected = Some(ResourceLimit::LockedMemory(4 << 20));
        assert!(matches!(error, RegionError::Map { limit, .. } if limit == expected), "{error:?}");
        assert!(error.to_string().contains("RLIMIT_MEMLOCK"), "{error}");
    });
}

/// Pages of address space that this process has; asked without the heap, which may have nowhere to grow.
fn address_space() -> usize {
    let mut text = [0; 128];
    let bytes = std::fs::File::open("/proc/self/statm").unwrap().read(&mut text).unwrap();
    let text = std::str::from_utf8(&text[..bytes]).unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Takes the mappings that a process may have, every one: pages no two of which can be merged.
fn with_all_mappings_taken<R>(most: usize, act: impl FnOnce() -> R) -> R {
    let page = page_size();
    // SAFETY: pages of a mapping that is made here and goes here, and that nobody uses.
    unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let start = libc::mmap(ptr::null_mut(), most * page, libc::PROT_NONE, flags, -1, 0);
        assert_ne!(start, libc::MAP_FAILED);
        let taken = (1..most).step_by(2).take_while(|index| {
            libc::mprotect(start.byte_add(index * page), page, libc::PROT_READ) == 0
        });
        assert!(taken.count() < most / 2, "there are more than {most}");
        // The last one, which no page can be split for any more.
        let last = libc::mmap(ptr::null_mut(), page, libc::PROT_EXEC, flags, -1, 0);
        let result = act();
        assert_eq!(libc::munmap(start, most * page), 0);
        assert!(last == libc::MAP_FAILED || libc::munmap(last, page) == 0);
        result
    }
}

/// A region takes several of them.
#[test]
fn mappings_beyond_the_systems_count_are_refused_and_each_refusal_gives_all_back() {
    let test = "mappings_beyond_the_systems_count_are_refused_and_each_refusal_gives_all_back";
    in_child(test, || {
        let most = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap();
        let most: usize = most.trim().parse().unwrap();
        if most > 1 << 17 {
            return println!("skipped: a process may have {most} mappings here");
        }
        let layout = BlockLayout::new(64, 10).unwrap();
        // What fails is told when there is room for the message.
        let (before, errors, after) = with_all_mappings_taken(most, || {
            let before = address_space();
            (before, [(); 100].map(|()| Region::map(layout).err()), address_space())
        });
        let refused = RegionError::Map {
            bytes: 640,
            purpose: MemoryPurpose::Blocks,
            os_error: Some(libc::ENOMEM),
            limit: Some(ResourceLimit::Mappings(most as u64)),
        };
        assert_eq!(errors, [Some(refused); 100]);
        assert_eq!(before, after, "pages of address space");
        drop(Region::map(layout).unwrap());
    });
}

/// How many of the pages of a region's blocks are in memory.
fn resident_pages(region: &Region) -> usize {
    let page = page_size();
    let mut flags = vec![0_u8; region.layout().region_bytes().div_ceil(page)];
    let first = region.block(BlockIndex::new(0)).as_ptr();
    // SAFETY: writes one byte for each page of the region's blocks.
    let answer = unsafe { libc::mincore(first.cast(), flags.len() * page, flags.as_mut_ptr()) };
    assert_eq!(answer, 0, "{}", std::io::Error::last_os_error());
    flags.iter().filter(|flags| **flags & 1 == 1).count()
}

/// As a real-time program does once everything is set up.
#[test]
fn locking_all_memory_brings_in_every_block_of_every_region() {
    in_child("locking_all_memory_brings_in_every_block_of_every_region", || {
        let layout = BlockLayout::new(page_size(), 256).unwrap();
        let regions: Vec<_> = (0..4).map(|_| Region::map(layout).unwrap()).collect();
        // SAFETY: changes nothing but where memory is kept, of a process made for that.
        if unsafe { libc::mlockall(libc::MCL_CURRENT) } != 0 {
            return println!("skipped: RLIMIT_MEMLOCK is too low for mlockall");
        }
        for region in &regions {
            assert_eq!(resident_pages(region), 256, "{region:?}");
        }
    });
}

/// Takes this many of the mappings that a process may have (`vm.max_map_count`).
fn take_mappings(number: usize) {
    let (flags, page) =
        (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE, page_size());
    // SAFETY: new address space, which no one else has.
    let own = unsafe { libc::mmap(ptr::null_mut(), number * page, libc::PROT_NONE, flags, -1, 0) };
    assert_ne!(own, libc::MAP_FAILED);
    for odd in (1..number).step_by(2) {
        // SAFETY: a page of the address space above.
        unsafe { libc::mprotect(own.byte_add(odd * page), page, libc::PROT_READ) };
    }
}

#[test]
fn regions_dropped_near_the_limit_on_mappings_return_their_memory() {
    in_child("regions_dropped_near_the_limit_on_mappings_return_their_memory", || {
        let resident = || {
            let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
            statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap()
        };
        let most = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap();
        let most: usize = most.trim().parse().unwrap();
        if most > 1 << 17 {
            return println!("skipped: vm.max_map_count is {most}");
        }
        // Page counts are exact to some 64 pages per processor; the list takes some, too.
        const SLACK: usize = 1000;
        take_mappings(most - 530);
        let before = resident();
        let layout = BlockLayout::new(page_size(), 16).unwrap();
        let build = || {
            let region = Region::options().prefault(true).map(layout).ok();
            region.filter(|region| resident_pages(region) == 16)
        };
        // Memory of the vector is mapped before there are no mappings left.
        let mut regions = Vec::with_capacity(3000);
        regions.extend((0..3000).map_while(|_| build()).map(Some));
        let built = regions.len();
        // By protected guard pages there would be 265 at most: the limit does not stop marked ones.
        if built < 3000 {
            assert!(built >= 100, "{built} regions");
            println!("skipped: this system marks no guard pages");
        }
        // Blocks, and the tables that belong to them.
        let all = resident() - before;
        assert!(all >= 16 * built, "{all} pages of {built} regions are in memory");
        // Every second one first: the mapping that several share would have to be split.
        regions.iter_mut().step_by(2).for_each(|region| drop(region.take()));
        let half = resident() - before;
        assert!(half <= all / 2 + SLACK, "{half} pages of {built} regions are left of half");
        regions.clear();
        let left = resident() - before;
        assert!(left <= SLACK, "{left} pages of {built} regions are left");
        assert!(build().is_some(), "no new region after {built} were dropped");
        println!("{built} regions, {half} and {left} pages left");
    });
}
