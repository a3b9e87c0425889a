//! Anonymous mappings, prepared as the options say.

mod commit;
#[cfg(unix)]
mod guards;
#[cfg(not(unix))]
#[path = "mapping/guards_absent.rs"]
mod guards;
#[cfg(unix)]
mod owned;

use core::ptr::NonNull;
use std::io;

use memmap2::MmapOptions;

#[cfg(not(unix))]
pub(crate) use memmap2::MmapRaw as OwnedMapping;
#[cfg(unix)]
pub(crate) use owned::OwnedMapping;

use crate::backing::{align_up, reserve};
use crate::limits;
use crate::{HugePages, MemoryPurpose, RegionError, RegionOptions};

/// The page size that every supported system has at least.
const SMALLEST_PAGE: usize = 4096;
/// What transparent huge pages align to on the common processors.
const TRANSPARENT_PAGE: usize = 2 << 20;

/// A mapping, and what is used of it: `bytes` bytes from `base` on. The rest is what aligns `base`,
/// and guards.
struct Mapping {
    map: OwnedMapping,
    base: NonNull<u8>,
    bytes: usize,
}

/// A mapping with `bytes` bytes from an address aligned to `align`, and that address.
pub(crate) fn map(
    bytes: usize,
    align: usize,
    purpose: MemoryPurpose,
    options: &RegionOptions,
) -> Result<(OwnedMapping, NonNull<u8>), RegionError> {
    #[cfg(unix)]
    owned::retry();
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

/// Reserves address space alone: no page and no swap is set aside until first use.
fn lazily(bytes: usize, align: usize, purpose: MemoryPurpose) -> Result<Mapping, RegionError> {
    let refused = |bytes, os_error| RegionError::Map {
        bytes,
        purpose,
        os_error,
        limit: limits::exceeded_by(bytes, os_error),
    };
    let reserved = reserve(bytes, align, SMALLEST_PAGE).ok_or_else(|| refused(bytes, None))?;
    let refused = |error: io::Error| refused(reserved, error.raw_os_error());
    // Users write to blocks, hence the guards. Entries of metadata are reached by checked indices, and
    // guards could take two more of the mappings that a process may have.
    let has_guards = purpose == MemoryPurpose::Blocks;
    let room = if has_guards { guards::room() } else { 0 };
    // No overflow: `reserve` stops at `isize::MAX`. Beyond that there is no mapping, but an error.
    let map = MmapOptions::new()
        .len(reserved + 2 * room)
        .no_reserve_swap()
        .map_anon()
        .map_err(refused)?;
    let mapping = Mapping::over(map.into(), room, bytes, align);
    if has_guards {
        guards::put_around(&mapping).map_err(refused)?;
    }
    Ok(mapping)
}

/// Ordinary pages that the system may merge. A guard is no part of what is merged, so behind the last
/// whole huge page the bytes have ordinary ones.
fn transparent(bytes: usize, align: usize, purpose: MemoryPurpose) -> Result<Mapping, RegionError> {
    let mapping = lazily(bytes, align.max(TRANSPARENT_PAGE), purpose)?;
    // Advice alone: a system without transparent huge pages ignores or refuses it.
    #[cfg(target_os = "linux")]
    let _ = mapping.advise(libc::MADV_HUGEPAGE);
    Ok(mapping)
}

/// Takes huge pages out of the system's reserve at once, so that a shortage is an error here
/// and not a fault later. Without guards: each would be a huge page, and taken, too.
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
            // A shortage is ENOMEM; of the arguments, only the page size can be invalid.
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
    /// The first `bytes` bytes that are aligned and have at least `room` bytes before them.
    fn over(map: OwnedMapping, room: usize, bytes: usize, align: usize) -> Self {
        let start = NonNull::new(map.as_mut_ptr()).expect("a mapping never starts at address 0");
        // SAFETY: the mapping is larger than what is used of it by `room` before, and as much behind.
        let base = align_up(unsafe { start.add(room) }, align);
        Self { map, base, bytes }
    }

    /// Gives the system advice on the bytes that are used, and on nothing around them.
    #[cfg(target_os = "linux")]
    fn advise(&self, advice: libc::c_int) -> io::Result<()> {
        // SAFETY: `bytes` bytes from `base` on are mapped, and this value owns them; the advice that is
        // given here discards nothing.
        match unsafe { libc::madvise(self.base.as_ptr().cast(), self.bytes, advice) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}
