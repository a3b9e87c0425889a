//! The system's pages.

/// Bytes in a page of this system.
pub fn page_size() -> usize {
    // SAFETY: reads a constant of the system.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) }.try_into().unwrap()
}
