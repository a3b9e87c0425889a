//! Pages that are there before they are first used.

use super::{Mapping, SMALLEST_PAGE};
use crate::RegionError;

impl Mapping {
    /// Writes one byte in each page: a zero over a zero.
    pub(super) fn prefault(&self) {
        #[cfg(target_os = "linux")]
        if self.advise(libc::MADV_POPULATE_WRITE).is_ok() {
            return; // Linux 5.14 and later do it in one call.
        }
        for offset in (0..self.bytes).step_by(SMALLEST_PAGE) {
            // SAFETY: the offset is below `bytes`, inside the mapping, which is zeroed, writable
            // and not shared with anyone yet.
            unsafe { self.base.add(offset).write_volatile(0) };
        }
    }

    /// Locks the pages, which makes them present, too.
    #[cfg(unix)]
    pub(super) fn lock(&self) -> Result<(), RegionError> {
        // SAFETY: the bytes are mapped, and keep their contents.
        match unsafe { libc::mlock(self.base.as_ptr().cast(), self.bytes) } {
            0 => Ok(()),
            _ => Err(RegionError::Lock {
                bytes: self.bytes,
                // The number first: the next call may change it.
                os_error: std::io::Error::last_os_error().raw_os_error(),
                limit: locked_memory_limit(),
            }),
        }
    }

    #[cfg(not(unix))]
    pub(super) fn lock(&self) -> Result<(), RegionError> {
        Err(RegionError::Unsupported { what: "locking memory" })
    }
}

/// The soft limit `RLIMIT_MEMLOCK` of this process in bytes, if it is finite.
#[cfg(all(unix, not(any(target_os = "fuchsia", target_os = "illumos", target_os = "solaris"))))]
fn locked_memory_limit() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `getrlimit` writes one `rlimit` through a pointer to one.
    let answer = unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &mut limit) };
    #[allow(
        clippy::useless_conversion,
        clippy::unnecessary_fallible_conversions,
        reason = "`rlim_t` is an unsigned or a signed integer of 32 or 64 bits, by system"
    )]
    let bytes = u64::try_from(limit.rlim_cur).ok()?;
    (answer == 0 && limit.rlim_cur != libc::RLIM_INFINITY).then_some(bytes)
}

/// Returns `None`: these systems have no such limit.
#[cfg(any(target_os = "fuchsia", target_os = "illumos", target_os = "solaris"))]
fn locked_memory_limit() -> Option<u64> {
    None
}
