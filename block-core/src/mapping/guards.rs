//! Guard pages: what lies in a mapping before and behind the bytes that are used cannot be accessed.
//!
//! ```text
//!   start                base                                   end
//!     | a page, and what   | the bytes that are     | the rest    | a page, and what was |
//!     | aligns `base`      | used                   | of a page   | not needed to align  |
//!     |<----- guard ------>|                                      |<------ guard ------->|
//! ```
//!
//! An access that runs past the last byte faults at `end`, less than a page behind it. The bytes stay at
//! the start of their pages, not at the end of them where none would remain: whoever registers or aligns
//! blocks relies on it.
//!
//! They cost nothing by the call, at construction two system calls, and two or three of the mappings that a
//! process may have (on Linux 65,530, `vm.max_map_count`), where bare neighbours share one.

use std::io;

use super::Mapping;
use crate::page::page_size;

/// Bytes that a mapping must have before those that are used, and as many behind them.
pub(super) fn room() -> usize {
    page_size()
}

/// Makes all of the mapping inaccessible, but for the pages of the bytes that are used. It was made
/// with [`room`] around these, so they have pages of their own.
pub(super) fn put_around(mapping: &Mapping) -> io::Result<()> {
    let (first, bytes) = (mapping.base.as_ptr(), mapping.bytes.next_multiple_of(page_size()));
    let start = mapping.map.as_mut_ptr();
    let end = first.wrapping_add(bytes);
    // At least one: what aligns `base` is reserved, and the room behind outlasts the rest of a page.
    let behind = mapping.map.len() - (end.addr() - start.addr());
    forbid(start, first.addr() - start.addr())?;
    forbid(end, behind)
}

/// Whole pages of a mapping, from the one that starts at `start` to the last with one of the `bytes`.
fn forbid(start: *mut u8, bytes: usize) -> io::Result<()> {
    let access = seeded!(libc::PROT_NONE, "no-guard-pages" => libc::PROT_READ | libc::PROT_WRITE);
    // SAFETY: the pages are of a mapping that nobody else knows yet, and none that will be used.
    match unsafe { libc::mprotect(start.cast(), bytes, access) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
