//! A pool as the allocator of containers, beside a model of what it was asked for.

use std::alloc::Layout;
use std::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};
use allocator_api2::vec::Vec as PoolVec;
use block_core::PoolAllocator;

use crate::contents::Contents;
use crate::requests::{Request, Wanted};
use crate::setup::Setup;
use crate::subject::Backend;
use crate::world::Answer;

/// How many allocations there are at most.
const MOST: usize = 1 << 8;

/// An allocation, and what was written into the bytes that it asked for.
struct Piece {
    bytes: NonNull<[u8]>,
    layout: Layout,
    contents: Contents,
}

impl Piece {
    fn start(&self) -> NonNull<u8> {
        self.bytes.cast()
    }

    /// So many of its bytes as it asked for.
    fn asked(&mut self) -> &mut [u8] {
        // SAFETY: an allocation of at least so many bytes, initialised as all of a block, and this
        // piece's alone.
        unsafe { std::slice::from_raw_parts_mut(self.bytes.cast().as_ptr(), self.layout.size()) }
    }
}

pub(crate) struct Containers<B: Backend> {
    pool: PoolAllocator<B>,
    may_zero: bool,
    free: usize,
    pieces: Vec<Piece>,
    stamps: u8,
}

impl<B: Backend> Containers<B> {
    pub(crate) fn new(pool: B, setup: &Setup) -> Self {
        let pool = PoolAllocator::new(pool);
        let may_zero = setup.block_size <= Setup::LARGEST_ZEROED;
        Self { free: pool.capacity(), pool, may_zero, pieces: Vec::new(), stamps: 0 }
    }

    pub(crate) fn run(mut self, requests: &[Request]) -> Vec<Answer> {
        let answers = requests.iter().map(|request| self.request(*request)).collect();
        while let Some(piece) = self.pieces.pop() {
            self.deallocate(piece);
        }
        assert_eq!(self.pool.available(), self.pool.capacity(), "invariant 2");
        answers
    }

    fn request(&mut self, request: Request) -> Answer {
        match request {
            Request::Allocate { wanted, zeroed } => self.allocate(wanted, zeroed && self.may_zero),
            Request::Resize { which, wanted, zeroed } => {
                let Some(position) = usize::from(which).checked_rem(self.pieces.len()) else {
                    return Ok(0);
                };
                let Some(layout) = wanted.layout() else { return Ok(0) };
                let piece = self.pieces.swap_remove(position);
                self.resize(piece, layout, zeroed && self.may_zero)
            }
            Request::Deallocate(which) => {
                if let Some(position) = usize::from(which).checked_rem(self.pieces.len()) {
                    let piece = self.pieces.swap_remove(position);
                    self.deallocate(piece);
                }
                Ok(self.free)
            }
            Request::Vector(len) => self.vector(len.into()),
            Request::Look => {
                assert_eq!(self.pool.available(), self.free, "invariant 2");
                assert_eq!(
                    self.pool.stats().in_use,
                    self.pool.capacity() - self.free,
                    "invariant 2"
                );
                assert!(!format!("{} {:?}", self.pool, self.pool).is_empty());
                Ok(self.free)
            }
        }
    }

    /// Whether a request for `layout` takes a block, and gets one.
    fn must_fit(&self, layout: Layout) -> bool {
        let fits = layout.size() <= self.pool.block_size() && layout.align() <= self.pool.align();
        assert_eq!(self.pool.fits(layout), layout.size() == 0 || fits, "{layout:?}");
        fits
    }

    fn allocate(&mut self, wanted: Wanted, zeroed: bool) -> Answer {
        let Some(layout) = wanted.layout().filter(|_| self.pieces.len() < MOST) else {
            return Ok(0);
        };
        let succeeds = layout.size() == 0 || (self.must_fit(layout) && self.free > 0);
        let answer =
            if zeroed { self.pool.allocate_zeroed(layout) } else { self.pool.allocate(layout) };
        assert_eq!(answer.is_ok(), succeeds, "{layout:?}, {} free", self.free);
        let Ok(bytes) = answer else { return Err("refused") };
        self.free -= usize::from(layout.size() != 0);
        if zeroed {
            assert!(!Contents::Zero.differs(all(&bytes)), "zeroed");
        }
        self.keep(bytes, layout)
    }

    /// The bytes of an answer: enough, aligned, in one block, and written to.
    fn keep(&mut self, bytes: NonNull<[u8]>, layout: Layout) -> Answer {
        assert!(bytes.len() >= layout.size(), "{} of {layout:?}", bytes.len());
        assert!(layout.size() != 0 || bytes.is_empty(), "no bytes, no block");
        assert!(bytes.len() <= self.pool.block_size(), "invariant 4");
        assert_eq!(bytes.cast::<u8>().addr().get() % layout.align(), 0, "aligned");
        self.stamps = self.stamps.wrapping_add(41);
        let contents = Contents::Stamp(self.stamps);
        // SAFETY: as in `all`, and nobody else has them.
        contents.write(unsafe { &mut *bytes.as_ptr() });
        let mut piece = Piece { bytes, layout, contents };
        contents.write(piece.asked());
        self.pieces.push(piece);
        Ok(self.free)
    }

    fn deallocate(&mut self, mut piece: Piece) {
        let contents = piece.contents;
        assert!(!contents.differs(piece.asked()), "invariant 1: written to");
        // SAFETY: the pool's answer for this layout, given back once.
        unsafe { self.pool.deallocate(piece.start(), piece.layout) };
        self.free += usize::from(piece.layout.size() != 0);
    }

    fn resize(&mut self, mut piece: Piece, layout: Layout, zeroed: bool) -> Answer {
        let Piece { layout: old, contents, .. } = piece;
        let (before, after) = (old.size(), layout.size());
        assert!(!contents.differs(piece.asked()), "invariant 1: written to");
        let kept = piece.asked()[..before.min(after).min(32)].to_vec();
        let succeeds = after == 0 || (self.must_fit(layout) && (before > 0 || self.free > 0));
        // SAFETY: the pool's answer for the old layout, which is not used again if this succeeds; a larger
        // one is grown, a smaller one shrunk.
        let answer = unsafe {
            match (after >= before, zeroed) {
                (true, true) => self.pool.grow_zeroed(piece.start(), old, layout),
                (true, false) => self.pool.grow(piece.start(), old, layout),
                (false, _) => self.pool.shrink(piece.start(), old, layout),
            }
        };
        assert_eq!(answer.is_ok(), succeeds, "{old:?} to {layout:?}, {} free", self.free);
        let Ok(bytes): Result<_, AllocError> = answer else {
            self.pieces.push(piece);
            return Err("refused");
        };
        self.free += usize::from(before > 0);
        self.free -= usize::from(after > 0);
        assert_eq!(&all(&bytes)[..kept.len()], kept, "kept");
        if zeroed && after >= before {
            assert!(!Contents::Zero.differs(&all(&bytes)[before..]), "zeroed");
        }
        self.keep(bytes, layout)
    }

    fn vector(&mut self, len: usize) -> Answer {
        let mut vector = PoolVec::new_in(&self.pool);
        let succeeds = len == 0 || (len <= self.pool.block_size() && self.free > 0);
        assert_eq!(vector.try_reserve_exact(len).is_ok(), succeeds, "{len} bytes");
        if succeeds {
            vector.extend((0..len).map(|number| number as u8));
            let takes = usize::from(len > 0);
            assert_eq!(self.pool.available(), self.free - takes, "invariant 2");
            assert!(vector.iter().zip(0..len).all(|(byte, number)| *byte == number as u8));
        }
        Ok(succeeds.into())
    }
}

/// All bytes of an answer.
fn all(bytes: &NonNull<[u8]>) -> &[u8] {
    // SAFETY: an answer of the pool's, initialised as all of a block, or no bytes at an aligned address.
    unsafe { bytes.as_ref() }
}
