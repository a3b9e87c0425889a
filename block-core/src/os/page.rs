//! The page size.

/// Returns the page size in bytes: a power of two.
pub(crate) fn page_size() -> usize {
    // SAFETY: reads a constant of the system.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(bytes).expect("every unix has a page size")
}
