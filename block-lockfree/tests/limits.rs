//! Small pools in processes with little memory. Each case runs in a child process.
#![cfg(all(not(any(block_loom, block_shuttle)), target_os = "linux"))]

use std::process::Command;

use block_core::{BlockAlloc, BlockAllocExt, BlockLayout, Region};
use block_lockfree::LockFreeAlloc;

/// Reads a number of KiB from a file in `/proc`.
fn kib(file: &str, key: &str) -> usize {
    let status = std::fs::read_to_string(file).unwrap();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Runs an ignored test of this program in a process of its own.
fn in_child(test: &str) {
    let this = std::env::current_exe().unwrap();
    let arguments = ["--exact", test, "--ignored", "--nocapture", "--test-threads=1"];
    let answer = Command::new(this).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&answer.stdout);
    assert!(answer.status.success(), "{said}{}", String::from_utf8_lossy(&answer.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

/// Sets a limit of this process. The type of `which` depends on the C library.
fn set_limit(which: libc::c_int, kib: usize) {
    let bytes = (kib << 10) as libc::rlim_t;
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: reads one `rlimit`.
    assert_eq!(unsafe { libc::setrlimit(which as _, &limit) }, 0);
}

#[test]
fn a_pool_of_one_kibibyte_is_built_where_600_kib_are_left() {
    in_child("address_space_is_short");
    in_child("data_is_short");
}

#[test]
#[ignore = "limits its process: run as a child"]
fn address_space_is_short() {
    set_limit(libc::RLIMIT_AS as libc::c_int, kib("/proc/self/status", "VmSize") + 600);
    let pool = LockFreeAlloc::new(64, 16).unwrap();
    drop(pool.alloc().unwrap());
    assert!(pool.stats().cached > 0);
    assert_eq!(pool.with_magazine(0).available(), 16);
}

#[test]
#[ignore = "limits its process: run as a child"]
fn data_is_short() {
    set_limit(libc::RLIMIT_DATA as libc::c_int, kib("/proc/self/status", "VmData") + 600);
    let pool = LockFreeAlloc::new(64, 16).unwrap();
    drop(pool.alloc().unwrap());
    assert!(pool.stats().cached > 0);
    assert_eq!(pool.with_magazine(0).available(), 16);
}

#[test]
fn a_pool_whose_magazines_are_refused_works_on_the_stack() {
    in_child("no_mapping_is_left");
}

#[test]
#[ignore = "limits its process: run as a child"]
fn no_mapping_is_left() {
    let layout = BlockLayout::new(64, 16).unwrap();
    let regions = [(); 2].map(|()| Region::heap(layout).unwrap());
    let built = LockFreeAlloc::new(64, 16).unwrap();
    // Small tables come from the heap, which has some room, magazines from a mapping.
    set_limit(libc::RLIMIT_AS as libc::c_int, kib("/proc/self/status", "VmSize"));
    let [one, two] = regions.map(|region| LockFreeAlloc::from_region(region).unwrap());
    for pool in [one, two.with_magazine(8), built.with_magazine(10)] {
        drop(pool.alloc().unwrap());
        assert_eq!((pool.stats().cached, pool.available()), (0, 16));
        assert!(format!("{pool:?}").contains("magazine: 0"), "{pool:?}");
    }
}

#[test]
fn small_pools_stay_small_where_all_memory_is_locked() {
    in_child("all_memory_is_locked");
}

#[test]
#[ignore = "locks the memory of its process: run as a child"]
fn all_memory_is_locked() {
    // SAFETY: takes a number.
    if unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE) } != 0 {
        return println!("this process may not lock its memory");
    }
    let before = kib("/proc/self/status", "VmRSS");
    let pools: Vec<_> = (0..100)
        .map(|_| {
            let pool = LockFreeAlloc::new(64, 16).unwrap();
            drop(pool.alloc());
            pool
        })
        .collect();
    let each = (kib("/proc/self/status", "VmRSS") - before) / pools.len();
    assert!(each <= 64, "{each} KiB for each pool of 1 KiB");
}

/// Returns the number of page faults of the calling thread.
fn faults() -> libc::c_long {
    // SAFETY: zero is a value of it; the call writes one.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_THREAD, &mut usage), 0);
        usage.ru_minflt + usage.ru_majflt
    }
}

/// The calls use magazines and the depot: at times three batches are in transfer.
#[test]
fn no_call_on_a_prefaulted_pool_faults() {
    let layout = BlockLayout::new(64, 1000).unwrap();
    let pool = |prefault| {
        let region = Region::options().prefault(prefault).map(layout).unwrap();
        LockFreeAlloc::from_region(region).unwrap()
    };
    let mut held = vec![None; 1000];
    let mut work = |pool: &LockFreeAlloc| {
        let before = faults();
        for count in [1, 200, 1000, 300] {
            held[..count].iter_mut().for_each(|block| *block = pool.acquire());
            for block in held[..count].iter().flatten() {
                // SAFETY: acquired above, and given up here.
                unsafe { pool.release(*block) };
            }
        }
        faults() - before
    };
    let (other, prefaulted) = (pool(false), pool(true));
    assert!(work(&other) > 0, "what is not prefaulted; and the code and stack of the next line");
    assert_eq!(work(&prefaulted), 0);
}
