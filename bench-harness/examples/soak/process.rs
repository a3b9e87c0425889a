//! What the process has of the machine.

use std::fs;
use std::time::Duration;

/// Processor time of all threads so far.
pub(crate) fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes a `timespec` through a pointer that is valid for one.
    let answer = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(answer, 0, "POSIX has this clock");
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// KiB of resident memory, and those of it that are no file's: the program's own code may be dropped and read
/// again at any time. Where the system does not tell, twice the most so far.
pub(crate) fn resident_kib() -> (f64, f64) {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let mut pages = statm.split_whitespace().skip(1).map_while(|pages| pages.parse::<f64>().ok());
    // SAFETY: `sysconf` has no preconditions.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as f64 / 1024.0;
    match (pages.next(), pages.next()) {
        (Some(resident), Some(of_files)) => (page * resident, page * (resident - of_files)),
        _ => (most_resident_kib(), most_resident_kib()),
    }
}

fn most_resident_kib() -> f64 {
    // SAFETY: all zeros is a valid `rusage`; it is written through a pointer that is valid for one.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    let unit = if cfg!(target_vendor = "apple") { 1024.0 } else { 1.0 };
    usage.ru_maxrss as f64 / unit
}

/// Open files and threads, where the system tells: 0 elsewhere.
pub(crate) fn open_files_and_threads() -> (usize, usize) {
    let count = |folder| fs::read_dir(folder).map_or(0, Iterator::count);
    (count("/proc/self/fd"), count("/proc/self/task"))
}
