//! The call that allocated each raw block, in debug builds: for a report when a pool is dropped
//! before them.
//!
//! A pool that is dropped while raw blocks are allocated frees their memory, and any use of such a
//! pointer is a use after free. Handles keep their pool alive, so they are not recorded. There is
//! no report if the thread is panicking: raw blocks are then left behind as a matter of course.
//! Release builds record nothing, see `leaks_absent.rs`.
//!
//! # Memory orderings
//!
//! All accesses are Relaxed: only the thread that allocates a block writes its entry, and the
//! report is made when the pool is dropped. Nothing locks or allocates before that, so raw calls
//! stay usable in signal handlers.

use core::fmt::{self, Write as _};
use core::panic::Location;
use core::ptr;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::string::String;
use std::vec::Vec;

use crate::sync::{AtomicPtr, AtomicUsize, Ordering, const_outside_models};
use crate::{BlockIndex, BlockLayout, RegionOptions, SideTable};

/// The calls that allocated the raw blocks.
#[derive(Debug)]
pub(crate) struct Takers {
    layout: BlockLayout,
    /// By block: where it was last allocated. Empty if there is no memory for the table.
    calls: SideTable<AtomicPtr<Location<'static>>>,
    /// The number of raw blocks.
    out: AtomicUsize,
}

impl Takers {
    /// Creates the record of a region in memory of its own.
    pub(crate) fn new(layout: &BlockLayout) -> Self {
        // Always lazily committed, so that debug builds need no more locked memory.
        let calls = SideTable::new(layout.capacity(), &RegionOptions::default());
        Self { calls: calls.unwrap_or(SideTable::empty()), ..Self::unknown(layout) }
    }

    const_outside_models! {
        /// Creates the record of a region in the caller's memory, which has no space for the table:
        /// the report does not name the calls.
        pub(crate) fn unknown(layout: &BlockLayout) -> Self {
            Self { layout: *layout, calls: SideTable::empty(), out: AtomicUsize::new(0) }
        }
    }

    /// Records that the caller has allocated a block.
    #[track_caller]
    pub(crate) fn took(&self, index: BlockIndex) {
        if let Some(call) = self.calls.get(index.get()) {
            call.store(ptr::from_ref(Location::caller()).cast_mut(), Ordering::Relaxed);
        }
        self.took_back();
    }

    /// Records that a block counts as allocated again.
    pub(crate) fn took_back(&self) {
        self.out.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that a block was freed.
    pub(crate) fn gave(&self) {
        self.out.fetch_sub(1, Ordering::Relaxed);
    }

    /// Reports the raw blocks on standard error, if there are any. `marked` finds them.
    pub(crate) fn report(&self, marked: impl Iterator<Item = BlockIndex>) {
        // Relaxed: the caller drops the ledger, after every other call.
        let out = self.out.load(Ordering::Relaxed);
        // Do not search the marks, of which there may be billions, if there are no raw blocks.
        if out == 0 || std::thread::panicking() {
            return;
        }
        let mut calls = BTreeMap::<_, Vec<usize>>::new();
        for index in marked.take(out) {
            calls.entry(self.call(index)).or_default().push(index.get());
        }
        let text = text(&self.layout, &calls);
        // If standard error fails, there is no way to report.
        if cfg!(panic = "abort") {
            let _ = std::io::stderr().write_all(text.as_bytes());
        } else {
            // The output of tests goes there. It panics if it cannot write.
            let _ = std::panic::catch_unwind(|| std::eprint!("{text}"));
        }
    }

    fn call(&self, index: BlockIndex) -> Call {
        let call = self.calls.get(index.get()).map(|call| call.load(Ordering::Relaxed));
        // SAFETY: null, or a `&'static Location` stored by `took`.
        Call(call.and_then(|call| unsafe { call.as_ref() }))
    }
}

/// The location where a block was allocated, if it is known.
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

/// The numbers of lines in a report, and of indices in a line.
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
