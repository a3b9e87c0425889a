//! Where a container ends: what fits one block, and what is left of the pool.

use allocator_api2::alloc::Allocator;
use allocator_api2::boxed::Box as PoolBox;
use allocator_api2::vec::Vec as PoolVec;
use block_core::{BlockAlloc, PoolAllocator};
use hashbrown::{DefaultHashBuilder, HashMap};

use crate::Watched;

type PoolMap<K, V, A> = HashMap<K, V, DefaultHashBuilder, A>;

fn map<K, V, A: BlockAlloc>(pool: &PoolAllocator<A>) -> PoolMap<K, V, &PoolAllocator<A>> {
    HashMap::with_hasher_in(DefaultHashBuilder::default(), pool)
}

#[test]
fn a_vector_holds_what_fits_a_block_and_is_as_before_when_more_is_refused() {
    let watched = Watched::new(100, 2);
    let mut vec = PoolVec::with_capacity_in(25, &watched.pool);
    vec.extend(0..25_u32);
    let start = vec.as_ptr();
    assert!(vec.try_reserve(1).is_err());
    assert!(vec.try_reserve_exact(1).is_err());
    assert!(vec.try_reserve(usize::MAX).is_err());
    assert_eq!((vec.as_ptr(), vec.len(), vec.capacity()), (start, 25, 25));
    assert!(vec.iter().copied().eq(0..25));
    assert_eq!(watched.pool.available(), 1);
    drop(vec);
    watched.assert_whole();
}

#[test]
fn a_vector_that_doubles_is_refused_before_its_block_is_full() {
    let watched = Watched::new(100, 1);
    let mut vec = PoolVec::with_capacity_in(64, &watched.pool);
    vec.extend(0..64_u8);
    assert!(vec.try_reserve(1).is_err(), "it asks for 128");
    assert!(vec.try_reserve_exact(36).is_ok());
    vec.extend(64..100);
    assert!(vec.iter().copied().eq(0..100));
}

#[test]
fn an_exhausted_pool_leaves_every_container_as_it_was_and_serves_them_again_later() {
    let watched = Watched::new(1000, 3);
    let pool = &watched.pool;
    let mut vec: PoolVec<u64, _> = PoolVec::new_in(pool);
    let mut names = map::<u32, u32, _>(pool);
    names.try_reserve(1).unwrap();
    names.insert(1, 2);
    let boxed = PoolBox::try_new_in(3, pool).unwrap();
    let last = PoolBox::try_new_in(4, pool).unwrap();
    assert_eq!(pool.available(), 0);

    assert!(PoolBox::try_new_in(5, pool).is_err());
    assert!(vec.try_reserve(1).is_err());
    let capacity = names.capacity();
    assert!(names.try_reserve(capacity).is_err());
    assert!(map::<u32, u32, _>(pool).try_reserve(1).is_err());
    assert_eq!((vec.len(), vec.capacity()), (0, 0));
    assert_eq!((names.len(), names.capacity(), names[&1]), (1, capacity, 2));
    assert_eq!((*boxed, *last), (3, 4));

    drop(last);
    vec.try_reserve(1).unwrap();
    vec.push(6);
    assert_eq!((vec[0], names[&1], *boxed), (6, 2, 3));
    drop((vec, names, boxed));
    watched.assert_whole();
}

#[test]
fn a_map_holds_two_blocks_while_it_moves_to_another_table() {
    let watched = Watched::new(1000, 2);
    let pool = &watched.pool;
    let mut squares = map::<u16, u16, _>(pool);
    squares.try_reserve(1).unwrap();
    squares.insert(3, 9);
    let other = PoolBox::try_new_in((), pool).unwrap();
    assert_eq!(pool.available(), 1, "a box of no bytes takes no block");
    squares.shrink_to_fit();
    assert_eq!((squares[&3], pool.available()), (9, 1));

    let blocker = PoolBox::try_new_in(0_u8, pool).unwrap();
    let more = squares.capacity();
    assert!(squares.try_reserve(more).is_err(), "the second block is out");
    assert_eq!(squares[&3], 9);
    drop((blocker, other, squares));
    watched.assert_whole();
}

/// Fills a map of such elements, from its first table on, in blocks of this size; false if not even
/// the smallest table fits.
fn fills_its_block<const N: usize>(block_size: usize) -> bool {
    let watched = Watched::new(block_size, 1);
    let mut set = map::<[u8; N], (), _>(&watched.pool);
    if set.try_reserve(1).is_err() {
        return false;
    }
    for value in (0..).take(set.capacity().min(256)) {
        set.insert([value; N], ());
    }
    assert!(set.allocation_size() <= block_size, "{} in {block_size}", set.allocation_size());
    assert!((0..).take(set.len()).all(|value| set.contains_key(&[value; N])));
    true
}

/// Invariant 4: hashbrown 0.17.2 takes some lengths for 8 bytes more than they are, if elements have
/// an odd size.
#[test]
fn a_map_that_believes_the_length_it_is_told_stays_in_its_block() {
    let mut filled = 0;
    for block_size in 16..700 {
        filled += usize::from(fills_its_block::<1>(block_size));
        filled += usize::from(fills_its_block::<2>(block_size));
        filled += usize::from(fills_its_block::<3>(block_size));
        filled += usize::from(fills_its_block::<5>(block_size));
        filled += usize::from(fills_its_block::<6>(block_size));
        filled += usize::from(fills_its_block::<7>(block_size));
        filled += usize::from(fills_its_block::<13>(block_size));
        filled += usize::from(fills_its_block::<16>(block_size));
        filled += usize::from(fills_its_block::<29>(block_size));
        filled += usize::from(fills_its_block::<61>(block_size));
    }
    assert!(filled > 5000, "only {filled} maps were tried");
}

/// The table is as large as the block allows from the start, so a map that has one needs no second
/// block until it is full.
#[test]
fn a_map_uses_the_length_that_it_is_told() {
    let watched = Watched::new(4096, 1);
    let mut set = map::<u32, (), _>(&watched.pool);
    set.try_reserve(1).unwrap();
    assert_eq!(set.capacity(), 448, "512 entries of 4 bytes, 7 of 8 in use");
    for value in 0..448 {
        set.insert(value, ());
    }
    assert_eq!((set.len(), watched.pool.available()), (448, 0));
}

#[test]
fn boxed_slices_and_trait_objects_go_back_whole() {
    let watched = Watched::new(256, 2);
    let pool = &watched.pool;
    let slice = PoolBox::<[u16], _>::try_new_zeroed_slice_in(100, pool).unwrap();
    // SAFETY: zeros are numbers.
    let slice = unsafe { slice.assume_init() };
    assert!(slice.iter().all(|&value| value == 0));
    let number = PoolBox::try_new_in(7_u64, pool).unwrap();
    let shown: PoolBox<dyn std::fmt::Display, _> = allocator_api2::unsize_box!(number);
    assert_eq!((shown.to_string(), pool.available()), ("7".to_owned(), 0));
    drop((slice, shown));
    watched.assert_whole();
}

/// A leaked box keeps its block (invariant 2), and another box can take it over again.
#[test]
fn a_leaked_box_leaves_its_block_held_until_it_is_a_box_again() {
    let watched = Watched::new(256, 1);
    let pool = &watched.pool;
    let leaked = PoolBox::leak(PoolBox::try_new_in(1_u8, pool).unwrap());
    *leaked += 1;
    assert_eq!((*leaked, pool.available()), (2, 0));
    // SAFETY: the leaked box's own pointer, used once.
    drop(unsafe { PoolBox::from_raw_in(leaked, pool) });
    watched.assert_whole();
    let whole = PoolBox::try_new_in([3_u8; 256], pool).unwrap();
    assert_eq!(*whole, [3; 256]);
    assert!(pool.by_ref().allocate(crate::layout(1, 1)).is_err());
}
