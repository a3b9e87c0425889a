//! Anonymous mappings, prepared as the options say.

use core::ptr::NonNull;
use std::io;

use memmap2::MmapOptions;

#[cfg(unix)]
pub(crate) use super::owned_mapping::OwnedMapping;
#[cfg(not(unix))]
pub(crate) use memmap2::MmapRaw as OwnedMapping;

use super::{guards, limits};
use crate::memory::backing::{align_up, reserve};
use crate::{HugePages, MemoryPurpose, RegionError, RegionOptions};

/// The smallest page size of all supported systems.
const SMALLEST_PAGE: usize = 4096;
/// The alignment of transparent huge pages on common processors.
const TRANSPARENT_PAGE: usize = 2 << 20;

/// A mapping and its used part: `bytes` bytes from `base` on. The rest is alignment and guards.
struct Mapping {
    map: OwnedMapping,
    base: NonNull<u8>,
    bytes: usize,
}

/// Maps `bytes` bytes at an address aligned to `align`. Returns the mapping and the address.
pub(crate) fn map(
    bytes: usize,
    align: usize,
    purpose: MemoryPurpose,
    options: &RegionOptions,
) -> Result<(OwnedMapping, NonNull<u8>), RegionError> {
    #[cfg(unix)]
    super::owned_mapping::retry();
    let mapping = match options.huge_pages {
        HugePages::Off => lazily(bytes, align, purpose),
        HugePages::Transparent if bytes < TRANSPARENT_PAGE => lazily(bytes, align, purpose),
        HugePages::Transparent => transparent(bytes, align, purpose),
        HugePages::Explicit(page_size) => huge(bytes, align, page_size),
    }?;
    if options.lock {
        mapping.lock(purpose)?;
    } else if options.prefault {
        mapping.prefault();
    }
    Ok((mapping.map, mapping.base))
}

/// Reserves only address space: pages and swap are committed at first use.
fn lazily(bytes: usize, align: usize, purpose: MemoryPurpose) -> Result<Mapping, RegionError> {
    let refused = |bytes, os_error| RegionError::Map {
        bytes,
        purpose,
        os_error,
        limit: limits::exceeded_by(bytes, os_error),
    };
    let reserved = reserve(bytes, align, SMALLEST_PAGE).ok_or_else(|| refused(bytes, None))?;
    let refused = |error: io::Error| refused(reserved, error.raw_os_error());
    // Users write to blocks, hence the guards. Entries of metadata are reached by checked indices,
    // and guards could take two more of the mappings that a process may have.
    let has_guards = purpose == MemoryPurpose::Blocks;
    let room = if has_guards { guards::room() } else { 0 };
    // No overflow: `reserve` returns at most `isize::MAX`. A larger sum is an error of the system.
    let map = MmapOptions::new()
        .len(reserved + 2 * room)
        .no_reserve_swap()
        .map_anon()
        .map_err(refused)?;
    let mapping = Mapping::over(map.into(), room, bytes, align);
    if has_guards {
        guards::put_around(mapping.base, bytes).map_err(refused)?;
    }
    Ok(mapping)
}

/// Maps ordinary pages that the system may merge into huge ones. Guards are not merged, so the
/// bytes after the last whole huge page keep ordinary pages.
fn transparent(bytes: usize, align: usize, purpose: MemoryPurpose) -> Result<Mapping, RegionError> {
    let mapping = lazily(bytes, align.max(TRANSPARENT_PAGE), purpose)?;
    // Only advice: a system without transparent huge pages ignores or refuses it.
    #[cfg(target_os = "linux")]
    let _ = mapping.advise(libc::MADV_HUGEPAGE);
    Ok(mapping)
}

/// Maps huge pages from the system's reserve. A shortage is an error here and not a fault later.
/// There are no guards, since each would take a huge page.
#[cfg(target_os = "linux")]
fn huge(bytes: usize, align: usize, page_size: usize) -> Result<Mapping, RegionError> {
    if !page_size.is_power_of_two() || page_size < 1 << 16 {
        return Err(RegionError::BadHugePageSize { page_size });
    }
    if page_size > isize::MAX as usize {
        return Err(RegionError::NoSuchHugePages { page_size }); // too large to ask for
    }
    let reserved = reserve(bytes, align, page_size)
        .and_then(|reserved| reserved.checked_next_multiple_of(page_size))
        .ok_or(RegionError::HugePages { bytes, page_size, os_error: None })?;
    let map = MmapOptions::new()
        .len(reserved)
        .huge(Some(page_size.trailing_zeros() as u8))
        .map_anon()
        .map_err(|error| match error.raw_os_error() {
            // A shortage is ENOMEM. Only the page size can be an invalid argument.
            Some(libc::EINVAL) => RegionError::NoSuchHugePages { page_size },
            os_error => RegionError::HugePages { bytes: reserved, page_size, os_error },
        })?;
    Ok(Mapping::over(map.into(), 0, bytes, align))
}

#[cfg(not(target_os = "linux"))]
fn huge(_bytes: usize, _align: usize, _page_size: usize) -> Result<Mapping, RegionError> {
    Err(RegionError::Unsupported { what: "explicit huge pages" })
}

impl Mapping {
    /// Uses the first `bytes` bytes that are aligned and have at least `room` bytes before them.
    fn over(map: OwnedMapping, room: usize, bytes: usize, align: usize) -> Self {
        let start = NonNull::new(map.as_mut_ptr()).expect("a mapping never starts at address 0");
        // SAFETY: the mapping has `room` more bytes before and behind the used ones.
        let base = align_up(unsafe { start.add(room) }, align);
        Self { map, base, bytes }
    }

    /// Gives the system advice on the used bytes only.
    #[cfg(target_os = "linux")]
    fn advise(&self, advice: libc::c_int) -> io::Result<()> {
        // SAFETY: `bytes` bytes from `base` on are mapped and owned by this value, and the advice
        // discards nothing.
        match unsafe { libc::madvise(self.base.as_ptr().cast(), self.bytes, advice) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl Mapping {
    /// Touches every page, with a zero over a zero.
    pub(super) fn prefault(&self) {
        #[cfg(target_os = "linux")]
        if self.advise(libc::MADV_POPULATE_WRITE).is_ok() {
            return; // Linux 5.14 and later do it in one call.
        }
        for offset in (0..self.bytes).step_by(SMALLEST_PAGE) {
            // SAFETY: the offset is below `bytes`, so inside the mapping, which is zeroed, writable
            // and not shared yet.
            unsafe { self.base.add(offset).write_volatile(0) };
        }
    }

    /// Locks the pages, which also makes them present.
    #[cfg(unix)]
    pub(super) fn lock(&self, purpose: MemoryPurpose) -> Result<(), RegionError> {
        // SAFETY: the bytes are mapped and keep their contents.
        match unsafe { libc::mlock(self.base.as_ptr().cast(), self.bytes) } {
            0 => Ok(()),
            _ => Err(RegionError::Lock {
                bytes: self.bytes,
                purpose,
                // Read the error number first: the next call may change it.
                os_error: std::io::Error::last_os_error().raw_os_error(),
                limit: limits::locked_memory(),
            }),
        }
    }

    #[cfg(not(unix))]
    pub(super) fn lock(&self, _purpose: MemoryPurpose) -> Result<(), RegionError> {
        Err(RegionError::Unsupported { what: "locking memory" })
    }
}
