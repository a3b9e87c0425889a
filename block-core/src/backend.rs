//! Items that only the author of a backend needs.
//!
//! # Examples
//!
//! ```
//! use block_core::backend::Retirable;
//!
//! let parts = Retirable::new((64, "blocks"));
//! assert_eq!(parts.0, 64);
//! ```

mod retirable;

pub use crate::memory::ZeroedMemory;
pub use crate::memory::footprint::Footprint;
pub use crate::memory::side_table::{SideTable, ZeroIsValid};
pub use retirable::Retirable;

/// Marks the point after the step by which a block counts as freed, from which on another thread may
/// free the pool. Does nothing, but under Miri it lets other threads run.
#[doc(hidden)]
#[inline(always)]
pub fn after_last_step() {
    #[cfg(all(miri, feature = "std"))]
    std::thread::yield_now();
}
