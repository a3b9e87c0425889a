//! Guard pages: the pages just before and just behind the used bytes of a mapping are inaccessible.
//!
//! ```text
//!                    base                                end
//!     | alignment | page |  used bytes  | rest of a page | page | alignment |
//!                 |guard>|                               |guard>|
//! ```
//!
//! An access past the last byte faults at `end`, less than a page behind it. The bytes are at the
//! start of their pages and not at the end, because users who register or align blocks rely on it.
//!
//! Guards cost nothing per call, and a few system calls per region. Each region takes two or three
//! of the mappings that a process may have (65,530 on Linux, `vm.max_map_count`), because a
//! protected page is a separate mapping and divides its neighbours.
//!
//! Linux 6.13 and later can mark guard pages within a mapping instead (`MADV_GUARD_INSTALL`). A
//! mark takes no mapping. But when `mlockall(MCL_CURRENT)` brings in all memory, the kernel stops
//! at the first mark of a mapping, so the blocks behind it stay out. So marks are used only if the
//! process has no mappings left for protected pages.

use core::ptr::NonNull;
use std::io;

use super::page::page_size;

/// Returns the number of bytes that a mapping needs before and behind the used bytes.
pub(super) fn room() -> usize {
    page_size()
}

/// Makes the pages around the used bytes inaccessible. The mapping has [`room`] around them, so
/// both pages belong to it.
pub(super) fn put_around(base: NonNull<u8>, bytes: usize) -> io::Result<()> {
    let (first, page) = (base.as_ptr(), page_size());
    let guards = [first.wrapping_sub(page), first.wrapping_add(bytes.next_multiple_of(page))];
    let protect = || guards.iter().try_for_each(|guard| set_access(*guard, page, libc::PROT_NONE));
    if protect().is_ok() && mappings_are_left() {
        return Ok(());
    }
    let open = libc::PROT_READ | libc::PROT_WRITE;
    let mark = |guard: &*mut u8| set_access(*guard, page, open).is_ok() && mark(*guard, page);
    if guards.iter().all(mark) { Ok(()) } else { protect() }
}

/// Sets the access rights of a page.
fn set_access(start: *mut u8, bytes: usize, access: libc::c_int) -> io::Result<()> {
    // SAFETY: a page of a mapping that nothing uses yet, and that will not be used.
    match unsafe { libc::mprotect(start.cast(), bytes, access) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Returns whether this process may have a few more mappings. Otherwise the tables of the region
/// and the next region could not be mapped.
fn mappings_are_left() -> bool {
    const PAGES: usize = 5;
    let (flags, page) = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, page_size());
    // SAFETY: only changes and unmaps new address space.
    unsafe {
        let probe = libc::mmap(core::ptr::null_mut(), PAGES * page, libc::PROT_READ, flags, -1, 0);
        if probe == libc::MAP_FAILED {
            return false;
        }
        // Every page becomes a mapping of its own.
        let mut odd = (1..PAGES).step_by(2);
        let are_left =
            odd.all(|odd| libc::mprotect(probe.byte_add(odd * page), page, libc::PROT_NONE) == 0);
        // A mapping as a whole can always be unmapped.
        libc::munmap(probe, PAGES * page) == 0 && are_left
    }
}

/// Marks a page as inaccessible and returns whether that succeeded. An emulator may ignore all
/// advice and report success, so this checks that the page cannot be filled.
#[cfg(target_os = "linux")]
fn mark(start: *mut u8, bytes: usize) -> bool {
    /// From `include/uapi/asm-generic/mman-common.h`, the same on every processor.
    const MADV_GUARD_INSTALL: libc::c_int = 102;
    // SAFETY: a page of a mapping that nothing uses yet, and that will not be used.
    let advise = |advice| unsafe { libc::madvise(start.cast(), bytes, advice) };
    advise(MADV_GUARD_INSTALL) == 0
        && advise(libc::MADV_POPULATE_READ) != 0
        && io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT)
}

/// Returns `false`: only Linux has such marks.
#[cfg(not(target_os = "linux"))]
fn mark(_start: *mut u8, _bytes: usize) -> bool {
    false
}
