//! What a region asks of the program's allocator: enough for its blocks, freed as it was taken
//! (invariant 4).

#![cfg(feature = "alloc")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;

use block_core::{BlockIndex, BlockLayout, Region, RegionError};

/// Requests of at least this many bytes are recorded; the test program makes none by itself.
const RECORDED: usize = 1 << 20;
/// Requests of at least this many are refused.
const REFUSED: usize = 1 << 28;

/// The system's allocator, with a record of large allocations. Each of them starts just behind a
/// multiple of every larger alignment, which leaves the widest gap to the next one.
struct Recorder {
    live: Mutex<[Option<(usize, Layout)>; 8]>,
}

#[global_allocator]
static RECORDER: Recorder = Recorder { live: Mutex::new([None; 8]) };

impl Recorder {
    fn record(&self, start: *mut u8, layout: Layout) {
        let mut live = self.live.lock().unwrap();
        let free = live.iter_mut().find(|entry| entry.is_none());
        *free.expect("room in the record") = Some((start.addr(), layout));
    }

    /// Whether an allocation of this start and layout was live; it no longer is.
    fn forget(&self, start: *mut u8, layout: Layout) -> bool {
        let mut live = self.live.lock().unwrap();
        let entry = live.iter_mut().find(|entry| **entry == Some((start.addr(), layout)));
        entry.map(|entry| *entry = None).is_some()
    }

    fn live(&self) -> Vec<(usize, Layout)> {
        self.live.lock().unwrap().iter().flatten().copied().collect()
    }
}

/// A layout with room for one alignment more in front, where no larger alignment is met.
fn shifted(layout: Layout) -> Layout {
    const LARGEST: usize = 2 << 20;
    Layout::from_size_align(layout.size() + layout.align(), LARGEST).unwrap()
}

// SAFETY: the system's allocator does the work. A large allocation starts one alignment behind the
// start of one that has that much more room, and is freed as that.
unsafe impl GlobalAlloc for Recorder {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= REFUSED {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promise; the shifted layout has room for the one asked for behind
        // its first `align` bytes.
        unsafe {
            if layout.size() < RECORDED {
                return System.alloc_zeroed(layout);
            }
            let larger = System.alloc_zeroed(shifted(layout));
            if larger.is_null() {
                return larger;
            }
            let start = larger.add(layout.align());
            self.record(start, layout);
            start
        }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise; what is in the record was shifted, and is shifted back.
        unsafe {
            if layout.size() >= RECORDED && self.forget(start, layout) {
                System.dealloc(start.sub(layout.align()), shifted(layout));
            } else {
                System.dealloc(start, layout);
            }
        }
    }
}

/// One test, since the record is the whole program's.
#[test]
fn a_heap_region_asks_for_what_its_blocks_need_and_frees_what_it_asked_for() {
    for align in [1, 8, 16, 64, 4096, 64 << 10, 2 << 20] {
        let layout = BlockLayout::new(4096, 513).unwrap().with_align(align).unwrap();
        if layout.region_bytes() >= REFUSED {
            let error = Region::heap(layout).unwrap_err();
            assert!(
                matches!(error, RegionError::Heap { bytes, .. } if bytes >= REFUSED),
                "{error:?}"
            );
            assert!(RECORDER.live().is_empty(), "{align}: a refusal leaves nothing behind");
            continue;
        }
        let region = Region::heap(layout).unwrap();
        let live = RECORDER.live();
        let [(start, asked)] = live[..] else { panic!("{align}: one allocation, not {live:?}") };
        let base = region.block(BlockIndex::new(0)).addr().get();
        assert_eq!(base % align, 0);
        assert!(start <= base, "{align}: blocks before the allocation");
        assert!(base + layout.region_bytes() <= start + asked.size(), "{align}: blocks behind it");
        drop(region);
        assert!(RECORDER.live().is_empty(), "{align}: not freed, or with another layout");
    }
}
