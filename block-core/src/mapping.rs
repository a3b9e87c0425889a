//! Anonymous mappings, prepared as the options say.

use core::ptr::NonNull;

use memmap2::{MmapOptions, MmapRaw};

use crate::backing::{align_up, reserve};
use crate::{HugePages, RegionError, RegionOptions};

/// The page size that every supported system has at least.
const SMALLEST_PAGE: usize = 4096;
/// What transparent huge pages align to on the common processors.
const TRANSPARENT_PAGE: usize = 2 << 20;

/// A mapping with `bytes` bytes from an address aligned to `align`, and that address.
pub(crate) fn map(
    bytes: usize,
    align: usize,
    options: &RegionOptions,
) -> Result<(MmapRaw, NonNull<u8>), RegionError> {
    let (map, base) = match options.huge_pages {
        HugePages::Off => lazily(bytes, align),
        HugePages::Transparent if bytes < TRANSPARENT_PAGE => lazily(bytes, align),
        HugePages::Transparent => {
            let (map, base) = lazily(bytes, align.max(TRANSPARENT_PAGE))?;
            // Advice alone: a system without transparent huge pages ignores or refuses it.
            #[cfg(target_os = "linux")]
            let _ = map.advise(memmap2::Advice::HugePage);
            Ok((map, base))
        }
        HugePages::Explicit(page_size) => huge(bytes, align, page_size),
    }?;
    if options.lock {
        lock(&map)?;
    } else if options.prefault {
        prefault(&map, base, bytes);
    }
    Ok((map, base))
}

/// Reserves address space alone: no page and no swap is set aside until first use.
fn lazily(bytes: usize, align: usize) -> Result<(MmapRaw, NonNull<u8>), RegionError> {
    let reserved =
        reserve(bytes, align, SMALLEST_PAGE).ok_or(RegionError::Map { bytes, os_error: None })?;
    let map =
        MmapOptions::new().len(reserved).no_reserve_swap().map_anon().map_err(|error| {
            RegionError::Map { bytes: reserved, os_error: error.raw_os_error() }
        })?;
    Ok(aligned(map.into(), align))
}

/// Takes huge pages out of the system's reserve at once, so that a shortage is an error here
/// and not a fault later.
#[cfg(target_os = "linux")]
fn huge(
    bytes: usize,
    align: usize,
    page_size: usize,
) -> Result<(MmapRaw, NonNull<u8>), RegionError> {
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
    Ok(aligned(map.into(), align))
}

#[cfg(not(target_os = "linux"))]
fn huge(
    _bytes: usize,
    _align: usize,
    _page_size: usize,
) -> Result<(MmapRaw, NonNull<u8>), RegionError> {
    Err(RegionError::Unsupported { what: "explicit huge pages" })
}

fn aligned(map: MmapRaw, align: usize) -> (MmapRaw, NonNull<u8>) {
    let start = NonNull::new(map.as_mut_ptr()).expect("a mapping never starts at address 0");
    (map, align_up(start, align))
}

/// Writes one byte in each page: a zero over a zero.
fn prefault(map: &MmapRaw, base: NonNull<u8>, bytes: usize) {
    #[cfg(target_os = "linux")]
    if map.advise(memmap2::Advice::PopulateWrite).is_ok() {
        return; // Linux 5.14 and later do it in one call.
    }
    let _ = map;
    for offset in (0..bytes).step_by(SMALLEST_PAGE) {
        // SAFETY: the offset is below `bytes`, inside the mapping, which is zeroed, writable
        // and not shared with anyone yet.
        unsafe { base.add(offset).write_volatile(0) };
    }
}

#[cfg(unix)]
fn lock(map: &MmapRaw) -> Result<(), RegionError> {
    map.lock().map_err(|error| RegionError::Lock {
        bytes: map.len(),
        limit: locked_memory_limit(),
        os_error: error.raw_os_error(),
    })
}

#[cfg(not(unix))]
fn lock(_map: &MmapRaw) -> Result<(), RegionError> {
    Err(RegionError::Unsupported { what: "locking memory" })
}

/// `RLIMIT_MEMLOCK` of this process, if it is finite.
#[cfg(unix)]
fn locked_memory_limit() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `getrlimit` writes one `rlimit` through a pointer to one.
    let answer = unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &mut limit) };
    // The type of `rlim_cur` differs between systems.
    #[allow(clippy::useless_conversion, reason = "rlim_t is not u64 on every unix")]
    let bytes = u64::try_from(limit.rlim_cur).ok()?;
    (answer == 0 && limit.rlim_cur != libc::RLIM_INFINITY).then_some(bytes)
}
