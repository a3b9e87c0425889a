//! Buffers against a model: random sequences of what can be done with them, each handle beside a plain
//! copy of what it must hold (invariants 1, 2 and 6 of the crate, and VI of buffers).

#![cfg(feature = "bytes")]

use std::sync::Arc;

use block_core::buffer::{BlockBuf, BlockBytes, PoolRef};
use block_core::{BlockAlloc, BlockAllocExt, BlockIndex};
use bytes::{Buf, Bytes};
use proptest::prelude::*;
use proptest::sample::Index;

mod support;
use support::Pool;

const SIZE: usize = 40;
const BLOCKS: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Take,
    Append,
    SetLen,
    Truncate,
    Advance,
    SplitTo,
    SplitOff,
    FreezeTo,
    Freeze,
    Overwrite,
    Clone,
    Slice,
    Thaw,
    Reclaim,
    ThroughBytes,
    ThroughBlock,
    Drop,
}

/// What is done, to which handle, and where in it.
#[derive(Clone, Debug)]
struct Step {
    what: What,
    which: Index,
    at: Index,
    from: Index,
    bytes: Vec<u8>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    use What::*;
    let what = prop_oneof![
        4 => Just(Append),
        3 => prop::sample::select(vec![Take, Thaw, Drop]),
        2 => prop::sample::select(vec![SplitTo, SplitOff, FreezeTo, Freeze, Clone, Slice]),
        1 => prop::sample::select(vec![Reclaim, ThroughBytes, ThroughBlock]),
        1 => prop::sample::select(vec![SetLen, Truncate, Advance, Overwrite]),
    ];
    let bytes = prop::collection::vec(any::<u8>(), 1..20);
    let step = (what, any::<Index>(), any::<Index>(), any::<Index>(), bytes)
        .prop_map(|(what, which, at, from, bytes)| Step { what, which, at, from, bytes });
    prop::collection::vec(step, 1..80)
}

enum Handle<P: PoolRef> {
    Writes(BlockBuf<P>),
    Reads(BlockBytes<P>),
}

/// A handle, what it must hold, and in which block it is.
struct Entry<P: PoolRef> {
    handle: Handle<P>,
    bytes: Vec<u8>,
    block: usize,
}

struct World<P: PoolRef> {
    pool: P,
    entries: Vec<Entry<P>>,
}

impl<P: PoolRef + Clone + 'static> World<P> {
    fn add(&mut self, handle: Handle<P>, bytes: Vec<u8>, block: usize) {
        self.entries.push(Entry { handle, bytes, block });
    }

    fn is_only(&self, which: usize) -> bool {
        let block = self.entries[which].block;
        self.entries.iter().filter(|entry| entry.block == block).count() == 1
    }

    fn step(&mut self, step: &Step, number: usize) {
        use Handle::{Reads, Writes};
        let Step { what, which, at, from, bytes: more } = step;
        if *what == What::Take {
            match BlockBuf::alloc_in(self.pool.clone()) {
                Ok(buffer) => self.add(Writes(buffer), Vec::new(), number),
                Err(_) => assert_eq!(self.held(), BLOCKS, "refused though a block was free"),
            }
            return;
        }
        if self.entries.is_empty() {
            return;
        }
        let which = which.index(self.entries.len());
        let is_only = self.is_only(which);
        let Entry { handle, mut bytes, block } = self.entries.swap_remove(which);
        let len = bytes.len();
        let up_to = |end: usize| at.index(end + 1);
        let handle = match (handle, *what) {
            (handle, What::Drop) => return drop(handle),
            (Writes(mut buffer), What::Append) => {
                let room = buffer.capacity() - buffer.len();
                match buffer.try_extend_from_slice(more) {
                    Ok(()) => bytes.extend(more),
                    Err(full) => assert_eq!((full.requested, full.available), (more.len(), room)),
                }
                Writes(buffer)
            }
            (Writes(mut buffer), What::SetLen) => {
                let to = up_to(buffer.capacity());
                buffer.set_len(to);
                // What comes to be filled is whatever lies there.
                bytes.truncate(to);
                bytes.extend(&buffer[bytes.len()..]);
                Writes(buffer)
            }
            (Writes(mut buffer), What::Truncate) => {
                buffer.truncate(up_to(len + 1));
                bytes.truncate(up_to(len + 1));
                Writes(buffer)
            }
            (Reads(mut buffer), What::Truncate) => {
                buffer.truncate(up_to(len + 1));
                bytes.truncate(up_to(len + 1));
                Reads(buffer)
            }
            (Writes(mut buffer), What::Advance) => {
                buffer.advance(up_to(len));
                bytes.drain(..up_to(len));
                Writes(buffer)
            }
            (Reads(mut buffer), What::Advance) => {
                buffer.advance(up_to(len));
                bytes.drain(..up_to(len));
                Reads(buffer)
            }
            (Writes(mut buffer), What::SplitTo) => {
                let (at, capacity) = (up_to(len), buffer.capacity());
                let front = buffer.split_to(at);
                assert_eq!((front.capacity(), buffer.capacity()), (at, capacity - at));
                self.add(Writes(front), bytes.drain(..at).collect(), block);
                Writes(buffer)
            }
            (Reads(mut buffer), What::SplitTo) => {
                let at = up_to(len);
                self.add(Reads(buffer.split_to(at)), bytes.drain(..at).collect(), block);
                Reads(buffer)
            }
            (Writes(mut buffer), What::SplitOff) => {
                let capacity = buffer.capacity();
                let at = up_to(capacity);
                let back = buffer.split_off(at);
                assert_eq!((buffer.capacity(), back.capacity()), (at, capacity - at));
                self.add(Writes(back), bytes.split_off(at.min(len)), block);
                Writes(buffer)
            }
            (Reads(mut buffer), What::SplitOff) => {
                let at = up_to(len);
                self.add(Reads(buffer.split_off(at)), bytes.split_off(at), block);
                Reads(buffer)
            }
            (Writes(mut buffer), What::FreezeTo) => {
                let at = up_to(len);
                self.add(Reads(buffer.freeze_to(at)), bytes.drain(..at).collect(), block);
                Writes(buffer)
            }
            (Writes(buffer), What::Freeze) => Reads(buffer.freeze()),
            (Writes(mut buffer), What::Overwrite) => {
                buffer.fill(more[0]);
                bytes.fill(more[0]);
                Writes(buffer)
            }
            (Reads(buffer), What::Clone) => {
                self.add(Reads(buffer.clone()), bytes.clone(), block);
                Reads(buffer)
            }
            (Reads(buffer), What::Slice) => {
                let to = up_to(len);
                let from = from.index(to + 1);
                self.add(Reads(buffer.slice(from..to)), bytes[from..to].to_vec(), block);
                Reads(buffer)
            }
            (Reads(buffer), What::Thaw) => match buffer.try_into_mut() {
                Ok(buffer) => {
                    assert!(is_only, "made writable though another handle is there");
                    Writes(buffer)
                }
                Err(buffer) => {
                    assert!(!is_only, "not made writable though it was alone");
                    Reads(buffer)
                }
            },
            (Writes(mut buffer), What::Reclaim) => {
                let room = up_to(SIZE + 1);
                let fits = room <= buffer.capacity() - len || (is_only && len + room <= SIZE);
                assert_eq!(buffer.try_reclaim(room), fits);
                assert!(!fits || buffer.capacity() - len >= room);
                Writes(buffer)
            }
            (Reads(buffer), What::ThroughBytes) => {
                let writers =
                    |entry: &Entry<P>| entry.block == block && matches!(entry.handle, Writes(_));
                let comes_back = len > 0 && !self.entries.iter().any(writers);
                let foreign = Bytes::from(buffer);
                assert_eq!(foreign, bytes);
                match BlockBytes::from_bytes(foreign, &self.pool) {
                    Ok(buffer) => {
                        assert!(comes_back);
                        assert_eq!(buffer.is_unique(), is_only);
                        Reads(buffer)
                    }
                    Err(foreign) => {
                        assert!(!comes_back);
                        assert_eq!(foreign, bytes);
                        return;
                    }
                }
            }
            (Writes(buffer), What::ThroughBlock) => match buffer.into_block() {
                Ok(held) => {
                    assert!(is_only && held.len() == SIZE);
                    bytes.clear();
                    Writes(BlockBuf::from(held))
                }
                Err(buffer) => {
                    assert!(!is_only);
                    Writes(buffer)
                }
            },
            (handle, _) => handle,
        };
        self.add(handle, bytes, block);
    }

    fn held(&self) -> usize {
        let mut blocks: Vec<_> = self.entries.iter().map(|entry| entry.block).collect();
        blocks.sort_unstable();
        blocks.dedup();
        blocks.len()
    }

    fn check(&self) {
        for Entry { handle, bytes, .. } in &self.entries {
            match handle {
                Handle::Writes(buffer) => {
                    assert_eq!(buffer, bytes);
                    self.assert_inside(buffer.as_ptr(), buffer.capacity());
                }
                Handle::Reads(buffer) => {
                    assert_eq!(buffer, bytes);
                    self.assert_inside(buffer.as_ptr(), buffer.len());
                }
            }
        }
        assert_eq!(self.pool.available(), BLOCKS - self.held(), "invariant 2");
    }
}

impl<P: PoolRef> World<P> {
    /// Invariant 4: so many bytes from there on are one block's.
    fn assert_inside(&self, start: *const u8, len: usize) {
        let region = self.pool.region();
        let offset = start.addr() - region.block(BlockIndex::new(0)).addr().get();
        let before = offset % region.layout().stride();
        assert!(before + len <= SIZE, "{len} bytes from byte {before} of a block on");
    }
}

fn agrees<P: PoolRef + Clone + 'static>(pool: P, steps: &[Step]) {
    let mut world = World { pool, entries: Vec::new() };
    for (number, step) in steps.iter().enumerate() {
        world.step(step, number);
        world.check();
    }
    world.entries.clear();
    world.check();
}

proptest! {
    #[test]
    fn buffers_over_an_owned_pool_agree_with_the_model(steps in steps()) {
        let pool = Arc::new(Pool::new(SIZE, BLOCKS));
        agrees(Arc::clone(&pool), &steps);
        assert_eq!(Arc::strong_count(&pool), 1, "an `Arc` was dropped too often or never");
        pool.assert_only_held(&[]);
    }

    #[test]
    fn buffers_over_a_borrowed_pool_agree_with_the_model(steps in steps()) {
        let pool: &'static Pool = Box::leak(Box::new(Pool::new(SIZE, BLOCKS)));
        agrees(pool, &steps);
        pool.assert_only_held(&[]);
    }
}

#[test]
fn the_block_of_the_last_part_of_any_kind_goes_back() {
    let pool = Pool::new(SIZE, 1);
    for drop_writer_first in [false, true] {
        let mut writer = BlockBuf::alloc_in(&pool).unwrap();
        writer.extend_from_slice(b"hello");
        let reader = writer.freeze_to(5);
        assert_eq!(pool.alloc().unwrap_err(), block_core::AllocError::Exhausted);
        if drop_writer_first {
            drop(writer);
            assert_eq!((pool.available(), &reader[..]), (0, &b"hello"[..]));
            drop(reader);
        } else {
            drop(reader);
            assert_eq!((pool.available(), writer.len()), (0, 0));
            drop(writer);
        }
        pool.assert_only_held(&[]);
    }
}
