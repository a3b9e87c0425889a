//! Metadata beside the blocks: one zeroed entry for each, of any size and alignment, apart from
//! the blocks and from every other table (invariants 4 and 5).

#![cfg(feature = "alloc")]

use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicUsize, Ordering};

use block_core::backend::{SideTable, ZeroIsValid};
use block_core::{BlockIndex, BlockLayout, Region};

/// Capacities whose tables come from the heap, from a mapping, and from either side of the border.
const CAPACITIES: [usize; 7] = [1, 2, 1000, (1 << 14) - 1, 1 << 14, (1 << 14) + 1, 100_000];

/// An entry on a cache line of its own.
#[repr(align(64))]
struct Line(AtomicU32);

// SAFETY: an integer, for which zero is a value, and padding; no destructor.
unsafe impl ZeroIsValid for Line {}

fn regions(capacity: usize) -> [Region; 2] {
    let layout = BlockLayout::new(3, capacity).unwrap();
    [Region::map(layout).unwrap(), Region::heap(layout).unwrap()]
}

fn each_entry_is_zero_and_its_own<T: ZeroIsValid>(swap: impl Fn(&T, u8) -> u8) {
    for capacity in CAPACITIES {
        for region in regions(capacity) {
            let table = region.side_table::<T>().unwrap();
            assert_eq!(table.len(), capacity);
            assert_eq!(table.as_ptr().addr() % align_of::<T>(), 0, "{capacity}");
            let value = |index| (index % 251) as u8 + 1;
            for (index, entry) in table.iter().enumerate() {
                assert_eq!(swap(entry, value(index)), 0, "{capacity}: entry {index}");
            }
            for (index, entry) in table.iter().enumerate() {
                assert_eq!(swap(entry, 0), value(index), "{capacity}: entry {index}");
            }
        }
    }
}

#[test]
fn entries_of_every_size_start_at_zero_and_are_apart() {
    let order = Ordering::Relaxed;
    each_entry_is_zero_and_its_own::<AtomicU8>(|entry, value| entry.swap(value, order));
    each_entry_is_zero_and_its_own::<AtomicU16>(|entry, value| {
        entry.swap(value.into(), order) as _
    });
    each_entry_is_zero_and_its_own::<AtomicU32>(|entry, value| {
        entry.swap(value.into(), order) as _
    });
    each_entry_is_zero_and_its_own::<AtomicUsize>(|entry, value| {
        entry.swap(value.into(), order) as _
    });
    each_entry_is_zero_and_its_own::<Line>(|entry, value| entry.0.swap(value.into(), order) as _);
}

#[test]
fn tables_and_blocks_share_no_byte() {
    for region in regions(100) {
        let layout = *region.layout();
        let start = region.block(BlockIndex::new(0)).addr().get();
        let tables: [SideTable<AtomicU8>; 3] =
            std::array::from_fn(|_| region.side_table().unwrap());
        let mut ranges: Vec<_> = tables
            .iter()
            .map(|table| table.as_ptr().addr()..table.as_ptr().addr() + table.len())
            .chain(std::iter::once(start..start + layout.region_bytes()))
            .collect();
        ranges.sort_by_key(|range| range.start);
        assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start), "{ranges:x?}");
    }
}

#[test]
fn a_table_outlives_its_region_and_is_shared_by_threads() {
    let table = regions(1000)[0].side_table::<AtomicU32>().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for entry in table.iter() {
                    entry.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert!(table.iter().all(|entry| entry.load(Ordering::Relaxed) == 4));
    assert!(format!("{table:?}").contains("1000"), "{table:?}");
}
