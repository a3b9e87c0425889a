//! Exhaustion is exact (invariant 3) if the kernel refuses `membarrier`, from the start or later.
//!
//! The filter that refuses the call cannot be removed. So each case is a process of its own: it
//! runs this program again, and an environment variable selects the case.
#![cfg(all(not(any(block_loom, block_shuttle)), target_os = "linux"))]

#[path = "support/churn.rs"]
mod churn;
#[path = "support/refuse.rs"]
mod refuse;
#[path = "support/share.rs"]
mod share;
mod support;

use std::process::Command;

use block_lockfree::LockFreeAlloc;
use share::share_all_blocks;
use support::{Stamped, deadline, expect_all_blocks};

/// Makes `membarrier` fail with `errno` in this thread and those that it starts.
fn refuse(errno: libc::c_int) {
    refuse::refuse(libc::SYS_membarrier, errno);
    // SAFETY: the call takes numbers alone.
    let answer = unsafe { libc::syscall(libc::SYS_membarrier, libc::MEMBARRIER_CMD_QUERY, 0, 0) };
    assert_eq!(answer, -1);
    assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(errno));
}

fn exercise() {
    for (threads, each) in [(2, 1), (2, 64), (4, 5), (8, 33)] {
        let pool = LockFreeAlloc::new(64, threads * each).unwrap();
        share_all_blocks(&pool, threads, 400_000 / threads, |_| {});
    }
}

const CASE: &str = "MEMBARRIER_CASE";

/// Runs `case` in a process of its own, as the body of the test of this name.
fn alone(test: &str, case: impl FnOnce()) {
    if std::env::var(CASE).as_deref() == Ok(test) {
        let _end = deadline("membarrier refused", 120);
        return case();
    }
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args(["--exact", test]).env(CASE, test).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("1 passed"), "the case did not run: {text}");
}

#[test]
fn refused_from_the_start() {
    alone("refused_from_the_start", || {
        refuse(libc::EPERM);
        exercise();
    });
}

#[test]
fn unknown_to_the_kernel() {
    alone("unknown_to_the_kernel", || {
        refuse(libc::ENOSYS);
        exercise();
    });
}

#[test]
fn refused_after_pools_were_built() {
    alone("refused_after_pools_were_built", || {
        let old = LockFreeAlloc::new(64, 500).unwrap();
        drop((0..500).map(|_| Stamped::must(&old)).collect::<Vec<_>>());
        refuse(libc::EPERM);
        expect_all_blocks(&old);
        share_all_blocks(&old, 4, 100_000, |_| {});
        exercise(); // new pools count on the call, too: the answer was remembered
    });
}
