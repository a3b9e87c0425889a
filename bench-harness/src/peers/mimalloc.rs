//! [mimalloc](https://github.com/microsoft/mimalloc): free lists sharded by page.

use std::ffi::c_void;

use super::general::{self, Heap};
use crate::lineup::{Entry, Kind};

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "mimalloc",
    kind: Kind::General,
    usual: true,
    touches_all: false,
    paths: &general::PATHS,
    description: "mimalloc's malloc and free",
    build: general::build::<Mimalloc>,
};

/// mimalloc, version 3.
#[derive(Debug)]
pub struct Mimalloc;

impl Heap for Mimalloc {
    #[inline(always)]
    fn malloc(size: usize) -> *mut c_void {
        // SAFETY: may be called with any size.
        unsafe { libmimalloc_sys::mi_malloc(size) }
    }

    #[inline(always)]
    unsafe fn free(block: *mut c_void) {
        // SAFETY: the caller's promise.
        unsafe { libmimalloc_sys::mi_free(block) };
    }
}
