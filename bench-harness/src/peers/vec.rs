//! No pool: a fresh [`Vec<u8>`] for each block, from the program's allocator, which is the
//! system's. With capacity alone, and zeroed, as those do who want a slice without `unsafe`.

use block_core::BuildError;

use super::guarded::{Guarded, Guards};
use crate::grid::Case;
use crate::lineup::{Entry, Kind, Subjects};

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "vec",
    kind: Kind::Growing,
    usual: false,
    touches_all: false,
    paths: &["with-capacity", "zeroed"],
    description: "a fresh Vec<u8> each time: Vec::with_capacity(n), and vec![0; n]",
    build,
};

fn build(case: &Case) -> Result<Subjects, BuildError> {
    let block_size = case.shape.block_size;
    Ok(vec![
        Box::new(Guarded(Fresh::<false> { block_size })),
        Box::new(Guarded(Fresh::<true> { block_size })),
    ])
}

/// A fresh `Vec`, zeroed or not.
#[derive(Debug)]
pub struct Fresh<const ZEROED: bool> {
    block_size: usize,
}

impl<const ZEROED: bool> Guards for Fresh<ZEROED> {
    type Guard<'a> = Vec<u8>;

    fn block_size(&self) -> usize {
        self.block_size
    }

    #[inline(always)]
    fn get(&self) -> Option<Vec<u8>> {
        let size = self.block_size;
        Some(if ZEROED { vec![0; size] } else { Vec::with_capacity(size) })
    }

    #[inline(always)]
    fn bytes(guard: &mut Vec<u8>) -> *mut u8 {
        guard.as_mut_ptr()
    }
}
