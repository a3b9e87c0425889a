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
//! They cost nothing by the call, and at construction a few system calls. Linux 6.13 and later mark such pages
//! within a mapping (`MADV_GUARD_INSTALL`), at the price of the page tables that the marks lie in: up to a few
//! pages, which blocks in their neighbourhood would need, too. Elsewhere they are protected, which
//! takes two or three of the mappings that a process may have (on Linux 65,530, `vm.max_map_count`), where
//! bare neighbours share one.

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
    forbid(first.wrapping_sub(page), page)?;
    forbid(first.wrapping_add(mapping.bytes.next_multiple_of(page)), page)
}

/// Takes a page away: nobody can access it any more.
fn forbid(start: *mut u8, bytes: usize) -> io::Result<()> {
    if seeded!(mark(start, bytes), "no-guard-pages" => false) {
        return Ok(());
    }
    let access = seeded!(libc::PROT_NONE, "no-guard-pages" => libc::PROT_READ | libc::PROT_WRITE);
    // SAFETY: a page of a mapping that nobody else knows yet, and none that will be used.
    match unsafe { libc::mprotect(start.cast(), bytes, access) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The same by advice, which the kernel may not know. Whoever only pretends to (an emulator, which may take
/// all advice for hints) lets the page be filled.
#[cfg(target_os = "linux")]
fn mark(start: *mut u8, bytes: usize) -> bool {
    /// From `include/uapi/asm-generic/mman-common.h`, the same on every processor.
    const MADV_GUARD_INSTALL: libc::c_int = 102;
    // SAFETY: a page of a mapping that nobody else knows yet, and none that will be used.
    let advise = |advice| unsafe { libc::madvise(start.cast(), bytes, advice) };
    advise(MADV_GUARD_INSTALL) == 0
        && advise(libc::MADV_POPULATE_READ) != 0
        && io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT)
}

/// Linux alone has that.
#[cfg(not(target_os = "linux"))]
fn mark(_start: *mut u8, _bytes: usize) -> bool {
    false
}
