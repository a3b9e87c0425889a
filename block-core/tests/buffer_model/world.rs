//! All handles of a pool, each beside what it must hold.

use block_core::buffer::{BlockBuf, BlockBytes, PoolRef};
use block_core::{BlockAlloc, BlockIndex};
use bytes::{Buf, Bytes};

use crate::{BLOCKS, SIZE, Step, What};

pub enum Handle<P: PoolRef> {
    Writes(BlockBuf<P>),
    Reads(BlockBytes<P>),
}

/// A handle, what it must hold, and which block it keeps: none if it is an empty part.
pub struct Entry<P: PoolRef> {
    handle: Handle<P>,
    bytes: Vec<u8>,
    block: Option<usize>,
}

pub struct World<P: PoolRef> {
    pub pool: P,
    pub entries: Vec<Entry<P>>,
}

impl<P: PoolRef + Clone + 'static> World<P> {
    fn add(&mut self, handle: Handle<P>, bytes: Vec<u8>, block: Option<usize>) {
        self.entries.push(Entry { handle, bytes, block });
    }

    fn is_only(&self, which: usize) -> bool {
        let block = self.entries[which].block;
        block.is_some() && self.entries.iter().filter(|entry| entry.block == block).count() == 1
    }

    /// A part that was split off, sliced or cleared: an empty one keeps no block.
    fn add_part(&mut self, part: BlockBytes<P>, bytes: Vec<u8>, block: Option<usize>) {
        let block = block.filter(|_| !bytes.is_empty());
        self.add(Handle::Reads(part), bytes, block);
    }

    /// Two parts of what was one. The first keeps the block if both are empty.
    fn add_split(
        &mut self,
        (front, front_bytes): (BlockBytes<P>, Vec<u8>),
        (back, back_bytes): (BlockBytes<P>, Vec<u8>),
        block: Option<usize>,
    ) {
        let front_block = block.filter(|_| !front_bytes.is_empty() || back_bytes.is_empty());
        self.add(Handle::Reads(front), front_bytes, front_block);
        self.add_part(back, back_bytes, block);
    }

    pub fn step(&mut self, step: &Step, number: usize) {
        if step.what == What::Take {
            match BlockBuf::alloc_in(self.pool.clone()) {
                Ok(buffer) => self.add(Handle::Writes(buffer), Vec::new(), Some(number)),
                Err(_) => assert_eq!(self.held(), BLOCKS, "refused though a block was free"),
            }
        } else if !self.entries.is_empty() {
            let which = step.which.index(self.entries.len());
            let is_only = self.is_only(which);
            let Entry { handle, bytes, block } = self.entries.swap_remove(which);
            match (handle, step.what) {
                (handle, What::Drop) => drop(handle),
                (Handle::Writes(buffer), _) => self.writer(step, buffer, bytes, block, is_only),
                (Handle::Reads(buffer), _) => self.reader(step, buffer, bytes, block, is_only),
            }
        }
    }

    fn writer(
        &mut self,
        step: &Step,
        mut buffer: BlockBuf<P>,
        mut bytes: Vec<u8>,
        block: Option<usize>,
        is_only: bool,
    ) {
        let (len, capacity) = (bytes.len(), buffer.capacity());
        match step.what {
            What::SplitTo => {
                let at = step.up_to(len);
                let front = buffer.split_to(at);
                assert_eq!((front.capacity(), buffer.capacity()), (at, capacity - at));
                self.add(Handle::Writes(front), bytes.drain(..at).collect(), block);
            }
            What::SplitOff => {
                let at = step.up_to(capacity);
                let back = buffer.split_off(at);
                assert_eq!((buffer.capacity(), back.capacity()), (at, capacity - at));
                self.add(Handle::Writes(back), bytes.split_off(at.min(len)), block);
            }
            What::FreezeTo => {
                let at = step.up_to(len);
                let front = Handle::Reads(buffer.freeze_to(at));
                self.add(front, bytes.drain(..at).collect(), block);
            }
            What::Freeze => return self.add(Handle::Reads(buffer.freeze()), bytes, block),
            What::Reclaim => {
                let room = step.up_to(SIZE + 1);
                let fits = room <= capacity - len || (is_only && len + room <= SIZE);
                assert_eq!(buffer.try_reclaim(room), fits);
                assert!(!fits || buffer.capacity() - len >= room);
            }
            What::ThroughBlock => {
                buffer = match buffer.into_block() {
                    Ok(held) => {
                        assert!(is_only && held.len() == SIZE);
                        bytes.clear();
                        BlockBuf::from(held)
                    }
                    Err(buffer) => {
                        assert!(!is_only);
                        buffer
                    }
                };
            }
            _ => fill(step, &mut buffer, &mut bytes),
        }
        self.add(Handle::Writes(buffer), bytes, block);
    }

    fn reader(
        &mut self,
        step: &Step,
        mut buffer: BlockBytes<P>,
        mut bytes: Vec<u8>,
        block: Option<usize>,
        is_only: bool,
    ) {
        let at = step.up_to(bytes.len());
        match step.what {
            What::Truncate => {
                buffer.truncate(at);
                bytes.truncate(at);
                return self.add_part(buffer, bytes, block);
            }
            What::Advance => {
                buffer.advance(at);
                bytes.drain(..at);
            }
            What::SplitTo => {
                let front = buffer.split_to(at);
                let back = bytes.split_off(at);
                return self.add_split((front, bytes), (buffer, back), block);
            }
            What::SplitOff => {
                let back = buffer.split_off(at);
                let rest = bytes.split_off(at);
                return self.add_split((buffer, bytes), (back, rest), block);
            }
            What::Clone => self.add(Handle::Reads(buffer.clone()), bytes.clone(), block),
            What::Slice => {
                let from = step.from.index(at + 1);
                self.add_part(buffer.slice(from..at), bytes[from..at].to_vec(), block);
            }
            What::Thaw => match buffer.try_into_mut() {
                Ok(buffer) => {
                    assert!(is_only, "made writable though another handle is there");
                    return self.add(Handle::Writes(buffer), bytes, block);
                }
                Err(same) => {
                    assert!(!is_only, "not made writable though it was alone");
                    buffer = same;
                }
            },
            What::ThroughBytes => match self.through_bytes(buffer, &bytes, block) {
                Some(same) => {
                    assert_eq!(same.is_unique(), is_only);
                    buffer = same;
                }
                None => return,
            },
            _ => {}
        }
        self.add(Handle::Reads(buffer), bytes, block);
    }

    /// What comes back of a buffer that was made `Bytes`.
    fn through_bytes(
        &self,
        buffer: BlockBytes<P>,
        bytes: &Vec<u8>,
        block: Option<usize>,
    ) -> Option<BlockBytes<P>> {
        let writes =
            |entry: &Entry<P>| entry.block == block && matches!(entry.handle, Handle::Writes(_));
        let comes_back = !bytes.is_empty() && !self.entries.iter().any(writes);
        let foreign = Bytes::from(buffer);
        assert_eq!(foreign, bytes);
        let back = BlockBytes::from_bytes(foreign, &self.pool);
        assert_eq!(back.is_ok(), comes_back);
        back.map_err(|foreign| assert_eq!(foreign, bytes)).ok()
    }

    fn held(&self) -> usize {
        let mut blocks: Vec<_> = self.entries.iter().filter_map(|entry| entry.block).collect();
        blocks.sort_unstable();
        blocks.dedup();
        blocks.len()
    }

    pub fn check(&self) {
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

/// What changes the length of a buffer that writes, or its bytes.
fn fill<P: PoolRef>(step: &Step, buffer: &mut BlockBuf<P>, bytes: &mut Vec<u8>) {
    let (len, room) = (bytes.len(), buffer.capacity() - buffer.len());
    match step.what {
        What::Append => match buffer.try_extend_from_slice(&step.bytes) {
            Ok(()) => bytes.extend(&step.bytes),
            Err(full) => {
                assert_eq!((full.requested, full.available), (step.bytes.len(), room));
            }
        },
        What::SetLen => {
            let to = step.up_to(buffer.capacity());
            buffer.set_len(to);
            // What comes to be filled is whatever lies there.
            bytes.truncate(to);
            bytes.extend(&buffer[bytes.len()..]);
        }
        What::Truncate => {
            buffer.truncate(step.up_to(len + 1));
            bytes.truncate(step.up_to(len + 1));
        }
        What::Advance => {
            buffer.advance(step.up_to(len));
            bytes.drain(..step.up_to(len));
        }
        What::Overwrite => {
            buffer.fill(step.bytes[0]);
            bytes.fill(step.bytes[0]);
        }
        _ => {}
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
