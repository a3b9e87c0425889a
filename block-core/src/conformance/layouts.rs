//! The layouts that every property is tried on, and how a property runs and fails.

use core::fmt;
use core::ops::Deref;
use std::time::Duration;
use std::vec::Vec;

use super::factory::Factory;
use super::random;
use super::threads::Watchdog;
use super::verdict::{Check, ensure};
use crate::{BlockAlloc, BlockIndex, BlockLayout, Region};

/// One way to lay out a pool.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    layout: BlockLayout,
    on_heap: bool,
    zeroed: bool,
    verified: bool,
}

impl Shape {
    /// `capacity` blocks of `block_size` bytes in a mapping.
    pub(super) fn new(block_size: usize, capacity: usize) -> Self {
        let layout = BlockLayout::new(block_size, capacity).expect("the suite's layouts are right");
        Self { layout, on_heap: false, zeroed: false, verified: false }
    }

    fn aligned(self, align: usize) -> Self {
        let layout = self.layout.with_align(align).expect("the suite's layouts are right");
        Self { layout, ..self }
    }

    fn on_heap(self) -> Self {
        Self { on_heap: true, ..self }
    }

    /// The same with zero-on-release.
    pub(super) fn zeroed(self) -> Self {
        Self { zeroed: true, ..self }
    }

    /// The same with all that a region can do to find mistakes: blocks that must be zero when they are handed
    /// out, and a guard behind each.
    pub(super) fn hardened(self) -> Self {
        let layout = self.layout.with_guard(13).expect("the suite's layouts are right");
        Self { layout, verified: true, ..self }
    }

    pub(super) fn capacity(&self) -> usize {
        self.layout.capacity()
    }

    /// The memory; every call makes another.
    pub(super) fn region(&self) -> Region {
        let options =
            Region::options().zero_on_release(self.zeroed).verify_on_acquire(self.verified);
        let made = if self.on_heap { options.heap(self.layout) } else { options.map(self.layout) };
        made.unwrap_or_else(|error| panic!("no memory for {self}: {error}"))
    }

    /// A pool over such a region, which must be the one that it then answers for.
    pub(super) fn pool<P: Deref<Target: BlockAlloc>>(
        &self,
        pools: &Factory<impl Fn(Region) -> P>,
    ) -> Check<P> {
        let region = self.region();
        let first = region.block(BlockIndex::new(0));
        let pool = pools.make(region);
        let its_first = pool.region().block(BlockIndex::new(0));
        ensure!(
            BoundedAndAligned,
            its_first == first && *pool.region().layout() == self.layout,
            "the pool was made over the region at {first:?}, but its region is at {its_first:?} \
             with {:?}",
            pool.region().layout()
        );
        let sizes = (pool.capacity(), pool.block_size());
        ensure!(
            BoundedAndAligned,
            sizes == (self.layout.capacity(), self.layout.block_size()),
            "the pool says that it has (capacity, block size) = {sizes:?}"
        );
        Ok(pool)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layout = &self.layout;
        write!(
            f,
            "{} blocks of {} bytes, aligned to {}, stride {}, {}{}{}",
            layout.capacity(),
            layout.block_size(),
            layout.align(),
            layout.stride(),
            if self.on_heap { "on the heap" } else { "in a mapping" },
            if self.zeroed { ", zero on release" } else { "" },
            if self.verified { ", verify on acquire, guarded" } else { "" },
        )
    }
}

/// All the layouts: capacities around the sizes where code changes its mind, blocks from one byte
/// to a page, alignments up to beyond the page. Hardened ones come after others of their kind: what they do to a
/// broken pool is to end the process, and a property is to say what is wrong first.
pub(super) fn every() -> Vec<Shape> {
    [
        few(),
        [
            Shape::new(64, 2),
            Shape::new(256, 64),
            Shape::new(64, 65),
            Shape::new(1, 1000),
            Shape::new(100, 5).aligned(8192),
            Shape::new(64, 3).aligned(1 << 16).on_heap(),
            Shape::new(24, 65).on_heap(),
            Shape::new(4096, 64).zeroed(),
            Shape::new(64, 1000).zeroed(),
            Shape::new(1, 300).hardened(),
            Shape::new(100, 65).hardened().aligned(4096).on_heap(),
        ]
        .to_vec(),
    ]
    .concat()
}

/// Those on which a property with many steps is tried.
pub(super) fn few() -> Vec<Shape> {
    [
        Shape::new(64, 1),
        Shape::new(1, 2),
        Shape::new(3, 3).on_heap(),
        Shape::new(24, 63),
        Shape::new(4096, 3).zeroed(),
        Shape::new(24, 63).hardened(),
    ]
    .to_vec()
}

/// How long a property may take on one layout before it counts as hung. Long enough for an
/// emulator or a sanitizer.
const PATIENCE: Duration = Duration::from_secs(300);

/// Tries a property on each of the layouts.
pub(super) fn on_each(property: &str, shapes: &[Shape], check: impl Fn(&Shape) -> Check) {
    for shape in shapes {
        let _watchdog = Watchdog::over(property, shape, PATIENCE);
        if let Err(violation) = check(shape) {
            fail(property, shape, &violation);
        }
    }
}

/// Ends the test with everything that is needed to see it again.
pub(super) fn fail(property: &str, shape: &Shape, violation: &dyn fmt::Display) -> ! {
    panic!(
        "{violation}\n    property: {property}\n    pool:     {shape}\n    seed:     \
         CONFORMANCE_SEED={}\n",
        random::seed()
    )
}
