//! General allocators: `malloc` of one size and `free`, called directly by the allocator's own
//! names. None of them becomes the program's allocator.
//!
//! # Is it fair?
//!
//! Each is called as a C program would call it: plain `malloc`, not its aligned sibling, and `free`
//! without the size. So they are spared the bound, and the alignment to a cache line, that the
//! pools keep. Their fast paths are compiled by their own build at the profile's level of
//! optimisation, assertions left out, and reached by a direct call, which link-time optimisation of
//! Rust code does not inline.

use std::ffi::c_void;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::ptr::NonNull;

use block_core::{BuildError, FreeError};

use crate::contender::{Bare, Contender, Hand};
use crate::grid::Case;
use crate::lineup::Subjects;

/// How many live blocks the checks compare with each other.
const CHECKED_AT_ONCE: usize = 1_000;

/// The only path through a general allocator.
pub const PATHS: [&str; 1] = ["malloc"];

/// An allocator's two calls.
pub trait Heap: Debug + Send + Sync + 'static {
    /// `malloc`.
    fn malloc(size: usize) -> *mut c_void;

    /// `free`.
    ///
    /// # Safety
    ///
    /// The pointer came from [`malloc`](Self::malloc), and is not used afterwards.
    unsafe fn free(block: *mut c_void);
}

/// The one subject of an allocator.
///
/// # Errors
///
/// None.
pub fn build<H: Heap>(case: &Case) -> Result<Subjects, BuildError> {
    Ok(vec![Box::new(General::<H> { block_size: case.shape.block_size, heap: PhantomData })])
}

/// `malloc` of one size, and `free`.
#[derive(Debug)]
pub struct General<H> {
    block_size: usize,
    heap: PhantomData<H>,
}

/// The size, in a register.
#[derive(Debug)]
pub struct GeneralHand<H>(usize, PhantomData<H>);

impl<H: Heap> Contender for General<H> {
    type Hand<'a> = GeneralHand<H>;

    fn hand(&self, _thread: usize) -> GeneralHand<H> {
        GeneralHand(self.block_size, PhantomData)
    }

    fn supply(&self) -> usize {
        CHECKED_AT_ONCE
    }
}

impl<H: Heap> Hand for GeneralHand<H> {
    type Held = Bare;

    #[inline(always)]
    fn take(&mut self) -> Option<Bare> {
        NonNull::new(H::malloc(self.0).cast()).map(Bare)
    }

    #[inline(always)]
    fn bytes(held: &mut Bare) -> *mut u8 {
        held.0.as_ptr()
    }

    #[inline(always)]
    fn give(&mut self, held: Bare) -> Result<(), FreeError> {
        // SAFETY: the token came from `take`, and is used up.
        unsafe { H::free(held.0.as_ptr().cast()) };
        Ok(())
    }
}
