//! Mistakes of those who hold a block by a pointer, each of which a hardened region must find, whatever the
//! backend.

use std::ptr::NonNull;
use std::thread;

use block_core::{Block, BlockAlloc, BlockAllocExt, BlockIndex, BlockLayout, Region};

pub const SIZE: usize = 100;
pub const CAPACITY: usize = 4;
/// What is behind each block, up to the next one.
pub const GUARD: usize = 28;

/// A region that finds both kinds of mistakes.
pub fn hardened_region() -> Region {
    let layout = BlockLayout::new(SIZE, CAPACITY).unwrap().with_guard(16).unwrap();
    assert_eq!((layout.stride(), layout.guard()), (SIZE + GUARD, GUARD));
    Region::options().verify_on_acquire(true).map(layout).unwrap()
}

/// A mistake, and how it is found: the call that ends the process is its last one.
pub struct Mistake {
    pub name: String,
    pub make: Box<Deed>,
    /// Of the report.
    pub what: &'static str,
    /// Of the wrong byte, in block 1.
    pub offset: usize,
    pub found: u8,
    /// Of a free block that is zero, or `None`: what was in the guard.
    pub expected: Option<u8>,
}

/// What is done with a pool.
type Deed = dyn Fn(&dyn BlockAlloc);
/// A call that takes a block, or several.
type Take = (&'static str, fn(&dyn BlockAlloc) -> Vec<NonNull<u8>>);
/// A call that gives a block back, and the one that took it.
type Give = (&'static str, fn(&dyn BlockAlloc) -> NonNull<u8>, fn(&dyn BlockAlloc, NonNull<u8>));

/// All of them, each at the offsets where an end is.
pub fn all() -> Vec<Mistake> {
    let mut all = Vec::new();
    // The value 0 is the end of a string, and what a block that is cleared too far ends with.
    for (offset, value) in [(SIZE, 0), (SIZE, 2), (SIZE + 1, 0), (SIZE + GUARD - 1, 0)] {
        for way in gives() {
            all.push(overrun(offset, value, way));
        }
    }
    for offset in [0, 1, SIZE / 2, SIZE - 1] {
        for way in takes() {
            all.push(write_after_free(offset, way));
        }
    }
    all
}

fn overrun(offset: usize, value: u8, (name, take, give): Give) -> Mistake {
    Mistake {
        name: format!("overrun at {offset} with {value}, {name}"),
        make: Box::new(move |pool| {
            let all = [take(pool), take(pool), take(pool)];
            let block = second(pool);
            assert!(all.contains(&block), "three of four");
            write(pool, offset, value);
            give(pool, block);
        }),
        what: "overrun",
        offset,
        found: value,
        expected: None,
    }
}

fn write_after_free(offset: usize, (name, take): Take) -> Mistake {
    Mistake {
        name: format!("write after free at {offset}, {name}"),
        make: Box::new(move |pool| {
            let blocks: [_; CAPACITY] = std::array::from_fn(|_| pool.acquire().expect("all free"));
            // SAFETY: acquired above, and not used but by mistake.
            blocks.into_iter().for_each(|block| unsafe { pool.release(block) });
            write(pool, offset, 7);
            // Whichever it begins with.
            for _ in 0..CAPACITY {
                take(pool);
            }
        }),
        what: "write after free",
        offset,
        found: 7,
        expected: Some(0),
    }
}

/// The block that mistakes are made with.
fn second(pool: &dyn BlockAlloc) -> NonNull<u8> {
    pool.region().block(BlockIndex::new(1))
}

fn write(pool: &dyn BlockAlloc, offset: usize, value: u8) {
    // SAFETY: inside the region. That nobody may write there is the mistake.
    unsafe { second(pool).add(offset).write_volatile(value) };
}

fn gives() -> [Give; 6] {
    let acquire = |pool: &dyn BlockAlloc| pool.acquire().expect("one is free");
    let raw = |pool: &dyn BlockAlloc| pool.alloc_raw().expect("one is free");
    [
        ("release", acquire, |pool, block| {
            // SAFETY: acquired, and not used again.
            unsafe { pool.release(block) };
        }),
        ("release_bulk", acquire, |pool, block| {
            let first = pool.region().block(BlockIndex::new(0));
            // SAFETY: both acquired, and not used again.
            unsafe { pool.release_bulk(&mut [Some(first), Some(block)]) };
        }),
        ("free_raw", raw, |pool, block| {
            // SAFETY: out raw, and not used again.
            let _ = unsafe { pool.free_raw(block) };
        }),
        ("free_bulk_raw", raw, |pool, block| {
            // SAFETY: out raw, and not used again.
            let _ = unsafe { pool.free_bulk_raw(&mut [None, Some(block)]) };
        }),
        ("a handle's drop", raw, |pool, block| {
            // SAFETY: out raw, and used through the handle alone.
            drop(unsafe { Block::from_raw(block, pool) });
        }),
        ("release by another thread", acquire, |pool, block| {
            let address = block.addr();
            thread::scope(|scope| {
                // SAFETY: acquired, and not used again; the pool's own pointer.
                scope.spawn(move || unsafe { pool.release(second(pool).with_addr(address)) });
            });
        }),
    ]
}

fn takes() -> [Take; 6] {
    [
        ("acquire", |pool| pool.acquire().into_iter().collect()),
        ("acquire_bulk", |pool| {
            let mut blocks = [None; CAPACITY];
            assert!(pool.acquire_bulk(&mut blocks));
            blocks.into_iter().flatten().collect()
        }),
        ("alloc_raw", |pool| pool.alloc_raw().into_iter().collect()),
        ("alloc_bulk_raw", |pool| {
            let mut blocks = [None; CAPACITY];
            assert!(pool.alloc_bulk_raw(&mut blocks).is_ok());
            blocks.into_iter().flatten().collect()
        }),
        ("alloc", |pool| pool.alloc().map(Block::into_raw).into_iter().collect()),
        ("acquire by another thread", |pool| {
            thread::scope(|scope| {
                let taken = scope.spawn(|| pool.acquire().map(NonNull::addr));
                let address = taken.join().expect("no panic unwinds");
                address.map(|address| second(pool).with_addr(address)).into_iter().collect()
            })
        }),
    ]
}

/// Whether the report says what happened, and nothing else does.
#[track_caller]
pub fn is_told(mistake: &Mistake, pool: &str, said: &str) {
    let Mistake { name, what, offset, found, expected, .. } = mistake;
    let first = format!("block-core: {what}: block 1 of {CAPACITY}, offset {offset}\n");
    assert_eq!(said.matches(&first).count(), 1, "{pool}: {name}: no {first:?} in:\n{said}");
    assert_eq!(said.matches("block-core: ").count(), 1, "{pool}: {name}: {said}");
    let (_, rest) = said.split_once(&format!("found {found:#04x} at 0x")).expect(said);
    let (address, rest) = rest.split_once(", expected 0x").expect(said);
    let address = usize::from_str_radix(address, 16).expect(said);
    // A mapped region starts with a page.
    let from_the_page = (hardened_region().layout().stride() + offset) % 4096;
    assert_eq!(address % 4096, from_the_page, "{pool}: {name}: {said}");
    let found = u8::from_str_radix(&rest[..2], 16).expect(said);
    match expected {
        Some(expected) => assert_eq!(found, *expected, "{pool}: {name}: {said}"),
        None => assert_ne!(found, 0, "{pool}: {name}: zeros are found, too: {said}"),
    }
    assert!(!said.contains(UNWOUND), "{pool}: {name}: {said}");
}

/// What is said if something unwinds.
const UNWOUND: &str = "it unwound";

/// Makes the mistake, and says so if the process survives it.
pub fn make(mistake: &Mistake, pool: &dyn BlockAlloc) {
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (mistake.make)(pool)));
    eprintln!("{}", if unwound.is_err() { UNWOUND } else { "nothing was found" });
}
