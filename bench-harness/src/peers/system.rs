//! The allocator of the system's C library.

use std::ffi::c_void;

use super::general::{self, Heap};
use crate::lineup::{Entry, Kind};

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "system",
    kind: Kind::General,
    usual: true,
    touches_all: false,
    paths: &general::PATHS,
    description: "the system's malloc and free",
    build: general::build::<System>,
};

/// The C library's allocator.
#[derive(Debug)]
pub struct System;

impl Heap for System {
    #[inline(always)]
    fn malloc(size: usize) -> *mut c_void {
        // SAFETY: may be called with any size.
        unsafe { libc::malloc(size) }
    }

    #[inline(always)]
    unsafe fn free(block: *mut c_void) {
        // SAFETY: the caller's promise.
        unsafe { libc::free(block) };
    }
}
