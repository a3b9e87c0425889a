//! The example of registered buffers runs, and gives advice if the kernel refuses a call.

#[path = "../../../examples/io_uring.rs"]
mod example;
#[path = "../../support/refuse.rs"]
mod refuse;

use std::io;

use example::linux::{Refused, refused, run};
use refuse::refuse;

/// Returns the output of the example if a system call fails.
fn run_without(call: libc::c_long, errno: libc::c_int) -> Result<String, String> {
    // The filter cannot be removed from its thread, so that thread must be a new one.
    let run = move || {
        refuse(call, errno);
        run().map_err(|error| error.to_string())
    };
    std::thread::spawn(run).join().unwrap()
}

#[test]
fn every_byte_that_is_written_is_read_back() {
    example::main().expect("io_uring works, or the example is skipped");
}

#[test]
fn a_pool_of_any_stride_goes_through_unless_refused() {
    let printed = run().unwrap();
    if printed.starts_with("skipped: ") {
        return println!("{printed}");
    }
    let expected = "blocks of 4096 bytes, 4096 apart, in 1 buffer: 30720 bytes written and read\n\
                    blocks of 1500 bytes, 1536 apart, in 1 buffer: 11250 bytes written and read";
    assert_eq!(printed, expected);
}

#[test]
fn a_ring_that_is_refused_is_skipped_with_advice() {
    for (errno, advice) in [
        (libc::EPERM, "kernel.io_uring_disabled=0"),
        (libc::ENOSYS, "Linux 5.1"),
        (libc::EACCES, "security module"),
        (libc::ENOMEM, "ulimit -l"),
    ] {
        let printed = run_without(libc::SYS_io_uring_setup, errno).unwrap();
        assert!(printed.starts_with("skipped: the kernel refused to set up a ring: "), "{printed}");
        assert!(printed.contains(advice), "{printed}");
    }
}

#[test]
fn memory_that_is_refused_is_skipped_with_advice() {
    let printed = run_without(libc::SYS_io_uring_register, libc::ENOMEM).unwrap();
    // If the kernel refuses the ring itself, the output says that.
    assert!(printed.starts_with("skipped: the kernel refused to "), "{printed}");
    if !printed.contains("set up a ring") {
        assert!(printed.contains("register the pool's memory"), "{printed}");
        assert!(printed.contains("ulimit -l"), "{printed}");
    }
}

#[test]
fn any_other_error_is_an_error() {
    let printed = run_without(libc::SYS_io_uring_setup, libc::EMFILE);
    assert_eq!(printed, Err(io::Error::from_raw_os_error(libc::EMFILE).to_string()));
    let printed = refused("to set up a ring", io::Error::other("no number"));
    assert!(!printed.is::<Refused>(), "{printed}");
}
