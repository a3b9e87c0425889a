//! Which call took each raw block, in debug builds: for a report when their pool is dropped before them.
//!
//! A pool that goes while blocks are out raw takes their memory with it; whoever still has such a pointer
//! has a use after free to come. Handles keep their pool alive, so they are not looked at. Nor is a pool that
//! goes because its thread panics: raw blocks are left behind then as a matter of course. A release build has
//! nothing of this, see `leaks_absent.rs`.
//!
//! # Memory orderings
//!
//! All accesses are Relaxed: who takes a block writes its entry alone, and the report is made by who drops
//! the pool, after everything. Nothing locks or allocates before that, so raw calls stay usable in signal
//! handlers.

use core::fmt::{self, Write as _};
use core::panic::Location;
use core::ptr;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::string::String;
use std::vec::Vec;

use crate::sync::{AtomicPtr, AtomicUsize, Ordering, const_outside_models};
use crate::{BlockIndex, BlockLayout, RegionOptions, SideTable};

/// The calls that took the blocks which are out raw.
#[derive(Debug)]
pub(crate) struct Takers {
    layout: BlockLayout,
    /// By block: where it was last taken. Empty if there is no memory for it.
    calls: SideTable<AtomicPtr<Location<'static>>>,
    /// How many blocks are out raw.
    out: AtomicUsize,
}

impl Takers {
    /// Of a region in memory of its own.
    pub(crate) fn new(layout: &BlockLayout) -> Self {
        // Lazily committed, whatever the blocks are: debug builds are not to need more locked memory.
        let calls = SideTable::new(layout.capacity(), &RegionOptions::default());
        Self { calls: calls.unwrap_or(SideTable::empty()), ..Self::unknown(layout) }
    }

    const_outside_models! {
        /// Of a region in the caller's memory, which has no room for it: blocks are reported without the call.
        pub(crate) fn unknown(layout: &BlockLayout) -> Self {
            Self { layout: *layout, calls: SideTable::empty(), out: AtomicUsize::new(0) }
        }
    }

    /// The caller has taken a block.
    #[track_caller]
    pub(crate) fn took(&self, index: BlockIndex) {
        if let Some(call) = self.calls.get(index.get()) {
            call.store(ptr::from_ref(Location::caller()).cast_mut(), Ordering::Relaxed);
        }
        self.took_back();
    }

    /// A block counts as out again, taken where it was before.
    pub(crate) fn took_back(&self) {
        self.out.fetch_add(1, Ordering::Relaxed);
    }

    /// A block is not out any more.
    pub(crate) fn gave(&self) {
        self.out.fetch_sub(1, Ordering::Relaxed);
    }

    /// Says on standard error which blocks are out, if there are any. `marked` finds them.
    pub(crate) fn report(&self, marked: impl Iterator<Item = BlockIndex>) {
        // Relaxed: the caller drops the ledger, and so comes after every call.
        let out = self.out.load(Ordering::Relaxed);
        // Without blocks also without a walk over the marks, of which there may be billions.
        if out == 0 || std::thread::panicking() {
            return;
        }
        let mut calls = BTreeMap::<_, Vec<usize>>::new();
        for index in marked.take(out) {
            calls.entry(self.call(index)).or_default().push(index.get());
        }
        let text = text(&self.layout, &calls);
        // If it cannot be written there is nobody to tell.
        if cfg!(panic = "abort") {
            let _ = std::io::stderr().write_all(text.as_bytes());
        } else {
            // Where the output of tests goes. It panics if it cannot write.
            let _ = std::panic::catch_unwind(|| std::eprint!("{text}"));
        }
    }

    fn call(&self, index: BlockIndex) -> Call {
        let call = self.calls.get(index.get()).map(|call| call.load(Ordering::Relaxed));
        // SAFETY: null, or a `&'static Location` that was stored by `took`.
        Call(call.and_then(|call| unsafe { call.as_ref() }))
    }
}

/// Where a block was taken, if that is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Call(Option<&'static Location<'static>>);

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(location) => write!(f, "at {location}"),
            None => f.write_str("by calls that are not known"),
        }
    }
}

/// Lines of a report, and numbers in a line.
const MOST: usize = 10;

fn text(layout: &BlockLayout, calls: &BTreeMap<Call, Vec<usize>>) -> String {
    let out: usize = calls.values().map(Vec::len).sum();
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "block-core: a pool of {} blocks of {} bytes was dropped while {out} of them {} out raw:",
        layout.capacity(),
        layout.block_size(),
        if out == 1 { "was" } else { "were" }
    );
    for (call, blocks) in calls.iter().take(MOST) {
        let _ = write!(text, "    {} taken {call}: block", blocks.len());
        for (position, block) in blocks.iter().take(MOST).enumerate() {
            let _ = write!(text, "{} {block}", if position == 0 { "" } else { "," });
        }
        let _ = writeln!(text, "{}", if blocks.len() > MOST { ", ..." } else { "" });
    }
    if calls.len() > MOST {
        let _ = writeln!(text, "    and more, taken at {} other places", calls.len() - MOST);
    }
    let _ = writeln!(
        text,
        "    Their memory is gone. Give raw blocks back with `free_raw` before their pool is dropped, or keep \
         the pool for as long as they are out. (Only debug builds say this.)"
    );
    text
}
