//! Guard pages: the pages of a mapping just before and just behind the bytes that are used cannot be
//! accessed.
//!
//! ```text
//!                         base                                    end
//!     | what aligns | a page | the bytes that are used | the rest | a page | what was not |
//!     | `base`      |        |                         | of a page|        | needed to    |
//!     |             |<guard->|                                    |<guard->| align        |
//! ```
//!
//! An access that runs past the last byte faults at `end`, less than a page behind it. The bytes stay at
//! the start of their pages, not at the end of them where none would remain: whoever registers or aligns
//! blocks relies on it.
//!
//! They cost nothing per call, and a few system calls at construction. Each region takes two or three of
//! the mappings that a process may have (on Linux 65,530, `vm.max_map_count`), because a protected page is
//! a mapping of its own, and divides its neighbours.
//!
//! Linux 6.13 and later can mark such pages within a mapping instead (`MADV_GUARD_INSTALL`). The mark
//! takes no mapping, but when `mlockall(MCL_CURRENT)` brings in all memory, the kernel stops at the first
//! mark of a mapping: blocks, and whatever else the system keeps in the same mapping behind them, stay out.
//! So marks are used only where the process has no mapping left for protected pages.

use std::io;

use super::Mapping;
use crate::page::page_size;

/// Bytes that a mapping must have before those that are used, and as many behind them.
pub(super) fn room() -> usize {
    page_size()
}

/// Makes the pages around those of the bytes that are used inaccessible. The mapping was made with [`room`]
/// around the bytes, so both pages are its own.
pub(super) fn put_around(mapping: &Mapping) -> io::Result<()> {
    let (first, page) = (mapping.base.as_ptr(), page_size());
    let guards =
        [first.wrapping_sub(page), first.wrapping_add(mapping.bytes.next_multiple_of(page))];
    let protect = || guards.iter().try_for_each(|guard| set_access(*guard, page, libc::PROT_NONE));
    if protect().is_ok() && mappings_are_left() {
        return Ok(());
    }
    let open = libc::PROT_READ | libc::PROT_WRITE;
    let mark = |guard: &*mut u8| set_access(*guard, page, open).is_ok() && mark(*guard, page);
    if guards.iter().all(mark) { Ok(()) } else { protect() }
}

/// Sets how a page may be accessed.
fn set_access(start: *mut u8, bytes: usize, access: libc::c_int) -> io::Result<()> {
    // SAFETY: a page of a mapping that nothing uses yet, and one that will not be used.
    match unsafe { libc::mprotect(start.cast(), bytes, access) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Whether this process may have a few more mappings: without any, neither the tables that belong to a
/// region nor the next region could be mapped.
fn mappings_are_left() -> bool {
    const PAGES: usize = 5;
    let (flags, page) = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, page_size());
    // SAFETY: new address space, and only that is changed and unmapped.
    unsafe {
        let probe = libc::mmap(core::ptr::null_mut(), PAGES * page, libc::PROT_READ, flags, -1, 0);
        if probe == libc::MAP_FAILED {
            return false;
        }
        // Every page becomes a mapping of its own.
        let mut odd = (1..PAGES).step_by(2);
        let are_left =
            odd.all(|odd| libc::mprotect(probe.byte_add(odd * page), page, libc::PROT_NONE) == 0);
        // A whole mapping and its parts can always be unmapped.
        libc::munmap(probe, PAGES * page) == 0 && are_left
    }
}

/// Marks a page as inaccessible and returns whether that succeeded. An emulator may ignore all advice and
/// report success, so this checks that the page cannot be filled.
#[cfg(target_os = "linux")]
fn mark(start: *mut u8, bytes: usize) -> bool {
    /// From `include/uapi/asm-generic/mman-common.h`, the same on every processor.
    const MADV_GUARD_INSTALL: libc::c_int = 102;
    // SAFETY: a page of a mapping that nothing uses yet, and one that will not be used.
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
