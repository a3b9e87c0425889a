//! The operating system: anonymous mappings with guard pages, the page size, and resource limits.

#[cfg(all(feature = "std", unix))]
mod guards;
#[cfg(all(feature = "std", windows))]
#[path = "os/no_guards.rs"]
mod guards;
pub(crate) mod limits;
#[cfg(all(feature = "std", any(unix, windows)))]
pub(crate) mod mapping;
#[cfg(all(feature = "std", unix))]
mod owned_mapping;
#[cfg(all(feature = "std", unix))]
pub(crate) mod page;
