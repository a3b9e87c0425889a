//! Pages that are there before they are first used.

use super::{Mapping, SMALLEST_PAGE};
#[cfg(unix)]
use crate::limits;
use crate::{MemoryPurpose, RegionError};

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
    pub(super) fn lock(&self, purpose: MemoryPurpose) -> Result<(), RegionError> {
        // SAFETY: the bytes are mapped, and keep their contents.
        match unsafe { libc::mlock(self.base.as_ptr().cast(), self.bytes) } {
            0 => Ok(()),
            _ => Err(RegionError::Lock {
                bytes: self.bytes,
                purpose,
                // The number first: the next call may change it.
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
