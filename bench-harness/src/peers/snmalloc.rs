//! [snmalloc](https://github.com/microsoft/snmalloc): frees of other threads' blocks go home in
//! batches, by message.

use std::ffi::c_void;

use super::general::{self, Heap};
use crate::lineup::{Entry, Kind};

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "snmalloc",
    kind: Kind::General,
    usual: true,
    touches_all: false,
    paths: &general::PATHS,
    description: "snmalloc's malloc and free",
    build: general::build::<Snmalloc>,
};

/// snmalloc.
#[derive(Debug)]
pub struct Snmalloc;

impl Heap for Snmalloc {
    #[inline(always)]
    fn malloc(size: usize) -> *mut c_void {
        // SAFETY: may be called with any size.
        unsafe { snmalloc_sys::sn_malloc(size) }
    }

    #[inline(always)]
    unsafe fn free(block: *mut c_void) {
        // SAFETY: the caller's promise.
        unsafe { snmalloc_sys::sn_free(block) };
    }
}
