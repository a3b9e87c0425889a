//! [jemalloc](https://github.com/jemalloc/jemalloc): a cache of each thread over arenas. Its
//! symbols have a prefix, so the system's `malloc` stays what it was.

use std::ffi::c_void;

use super::general::{self, Heap};
use crate::lineup::{Entry, Kind};

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "jemalloc",
    kind: Kind::General,
    usual: true,
    touches_all: false,
    paths: &general::PATHS,
    description: "jemalloc's malloc and free",
    build: general::build::<Jemalloc>,
};

/// jemalloc, version 5.
#[derive(Debug)]
pub struct Jemalloc;

impl Heap for Jemalloc {
    #[inline(always)]
    fn malloc(size: usize) -> *mut c_void {
        // SAFETY: may be called with any size.
        unsafe { tikv_jemalloc_sys::malloc(size) }
    }

    #[inline(always)]
    unsafe fn free(block: *mut c_void) {
        // SAFETY: the caller's promise.
        unsafe { tikv_jemalloc_sys::free(block) };
    }
}
