//! Buffers over blocks, each beside the bytes that it must hold.

use block_core::buffer::{BlockBuf, BlockBytes, ReserveError};
use block_core::{AllocError, Block, BlockIndex};
use bytes::{Buf, Bytes};

use super::holding::Holding;
use super::{Answer, SKIPPED, World};
use crate::calls::With;
use crate::contents::Contents;
use crate::subject::Subject;

/// How many parts of blocks there are at most, and how long the filled ones become by one call.
const MOST_PARTS: usize = 64;
const MOST_FILLED: usize = 1 << 12;

pub(super) enum Kind<'a, S: Subject> {
    Writes(BlockBuf<&'a S>),
    Reads(BlockBytes<&'a S>),
}

/// A buffer, what it must hold, and of which block it is a part.
pub(super) struct Part<'a, S: Subject> {
    kind: Kind<'a, S>,
    bytes: Vec<u8>,
    index: usize,
}

/// The numbers of a call.
#[derive(Clone, Copy)]
struct Numbers {
    at: u8,
    from: u8,
}

impl Numbers {
    /// A place from 0 to `end`.
    fn up_to(self, end: usize) -> usize {
        if self.at == u8::MAX { end } else { usize::from(self.at) % end.saturating_add(1) }
    }
}

impl<'a, S: Subject> World<'a, S> {
    /// A handle's block becomes a buffer; it is held on.
    pub(super) fn begin_buffer(&mut self, block: Block<&'a S>, index: usize) {
        let kind = Kind::Writes(BlockBuf::from(block));
        self.parts.push(Part { kind, bytes: Vec::new(), index });
    }

    fn parts_of(&self, index: usize) -> usize {
        self.parts.iter().filter(|part| part.index == index).count()
    }

    pub(super) fn buffer(&mut self, with: With, which: u8, at: u8, from: u8) -> Answer {
        let Some(position) = Self::pick(self.parts.len(), which) else { return SKIPPED };
        if self.parts.len() >= MOST_PARTS && with != With::Drop {
            return SKIPPED;
        }
        let is_only = self.parts_of(self.parts[position].index) == 1;
        let Part { kind, bytes, index } = self.parts.swap_remove(position);
        let numbers = Numbers { at, from };
        if with == With::Drop {
            self.drop_part(Part { kind, bytes, index });
        } else {
            match kind {
                Kind::Writes(buffer) => {
                    self.written(with, numbers, (buffer, bytes, index), is_only);
                }
                Kind::Reads(buffer) => self.read(with, numbers, (buffer, bytes, index), is_only),
            }
        }
        self.parts.iter().for_each(|part| self.check_part(part));
        Ok(self.parts.iter().map(|part| part.bytes.len()).sum())
    }

    fn drop_part(&mut self, part: Part<'a, S>) {
        if self.parts_of(part.index) == 0 {
            self.model.goes(part.index, Contents::Any);
        }
        drop(part.kind);
    }

    pub(super) fn end_parts(&mut self) {
        while let Some(part) = self.parts.pop() {
            self.drop_part(part);
        }
    }

    fn keep(&mut self, kind: Kind<'a, S>, bytes: Vec<u8>, index: usize) {
        self.parts.push(Part { kind, bytes, index });
    }

    fn written(
        &mut self,
        with: With,
        numbers: Numbers,
        (mut buffer, mut bytes, mut index): (BlockBuf<&'a S>, Vec<u8>, usize),
        is_only: bool,
    ) {
        let (len, capacity) = (bytes.len(), buffer.capacity());
        match with {
            With::SplitTo => {
                let at = numbers.up_to(len);
                let front = buffer.split_to(at);
                assert_eq!((front.capacity(), buffer.capacity()), (at, capacity - at));
                self.keep(Kind::Writes(front), bytes.drain(..at).collect(), index);
            }
            With::SplitOff => {
                let at = numbers.up_to(capacity);
                let back = buffer.split_off(at);
                assert_eq!((buffer.capacity(), back.capacity()), (at, capacity - at));
                self.keep(Kind::Writes(back), bytes.split_off(at.min(len)), index);
            }
            With::FreezeTo => {
                let at = numbers.up_to(len);
                let front = Kind::Reads(buffer.freeze_to(at));
                self.keep(front, bytes.drain(..at).collect(), index);
            }
            With::Freeze => return self.keep(Kind::Reads(buffer.freeze()), bytes, index),
            With::Reclaim => {
                let (room, size) = (self.room(numbers, len), self.pool.block_size());
                let fits = room <= capacity - len || (is_only && room <= size - len);
                assert_eq!(
                    buffer.try_reclaim(room),
                    fits,
                    "{room} bytes behind {len} of {capacity}"
                );
                assert!(!fits || buffer.capacity() - len >= room);
            }
            With::Reserve => self.reserve(numbers, &mut buffer, &mut index, is_only),
            With::IntoBlock => match buffer.into_block() {
                Ok(block) => {
                    assert!(is_only, "a block of which another part is held");
                    return self.take_back(block, index);
                }
                Err(same) => {
                    assert!(!is_only, "a block of which no other part is held");
                    buffer = same;
                }
            },
            _ => fill(with, numbers, &mut buffer, &mut bytes),
        }
        self.keep(Kind::Writes(buffer), bytes, index);
    }

    /// Room that there may be, that there is just not, and that there never is.
    fn room(&self, numbers: Numbers, len: usize) -> usize {
        match numbers.from % 4 {
            0 => usize::MAX - usize::from(numbers.at),
            1 => (self.pool.block_size() - len)
                .saturating_add_signed(isize::from(numbers.at % 3) - 1),
            _ => numbers.up_to(self.pool.block_size() + 1),
        }
    }

    fn reserve(
        &mut self,
        numbers: Numbers,
        buffer: &mut BlockBuf<&'a S>,
        index: &mut usize,
        is_only: bool,
    ) {
        let (len, capacity) = (buffer.len(), buffer.capacity());
        let (room, size) = (self.room(numbers, len), self.pool.block_size());
        let answer = buffer.try_reserve(room);
        if room <= capacity - len || (is_only && room <= size - len) {
            assert_eq!(answer, Ok(()));
        } else if len.saturating_add(room) > size {
            let needed = len.saturating_add(room);
            assert_eq!(answer, Err(ReserveError::TooLarge { needed, block_size: size }));
        } else if self.model.free == 0 {
            assert_eq!(answer, Err(ReserveError::Alloc(AllocError::Exhausted)));
            self.model.refuse(1);
        } else {
            assert_eq!(answer, Ok(()));
            // Into another block; the old one goes with its last part.
            self.model.take(1);
            let new = self.block_of(buffer.as_ptr());
            let _ = self.model.comes(new);
            let old = std::mem::replace(index, new);
            if is_only {
                self.model.goes(old, Contents::Any);
            }
        }
        assert!(answer.is_err() || buffer.capacity() - len >= room);
    }

    fn block_of(&self, start: *const u8) -> usize {
        (start.addr() - self.base()) / self.pool.region().layout().stride()
    }

    /// A block whose last part it was, as a handle again.
    fn take_back(&mut self, block: Block<&'a S>, index: usize) {
        let mut holding = Holding::Handle(block);
        let contents = self.model.next_stamp();
        contents.write(holding.bytes(self.pool));
        self.held.push(super::Entry { holding, index, contents });
    }

    fn read(
        &mut self,
        with: With,
        numbers: Numbers,
        (mut buffer, mut bytes, index): (BlockBytes<&'a S>, Vec<u8>, usize),
        is_only: bool,
    ) {
        let at = numbers.up_to(bytes.len());
        assert_eq!(buffer.is_unique(), is_only);
        match with {
            With::Truncate => {
                buffer.truncate(at);
                bytes.truncate(at);
            }
            With::Advance => {
                buffer.advance(at);
                bytes.drain(..at);
            }
            With::SplitTo => {
                let front = Kind::Reads(buffer.split_to(at));
                self.keep(front, bytes.drain(..at).collect(), index);
            }
            With::SplitOff => {
                self.keep(Kind::Reads(buffer.split_off(at)), bytes.split_off(at), index);
            }
            With::Clone => self.keep(Kind::Reads(buffer.clone()), bytes.clone(), index),
            With::Slice => {
                let from = usize::from(numbers.from) % (at + 1);
                self.keep(Kind::Reads(buffer.slice(from..at)), bytes[from..at].to_vec(), index);
            }
            With::Thaw => match buffer.try_into_mut() {
                Ok(buffer) => {
                    assert!(is_only, "made writable though another part is held");
                    return self.keep(Kind::Writes(buffer), bytes, index);
                }
                Err(same) => {
                    assert!(!is_only, "not made writable though no other part is held");
                    buffer = same;
                }
            },
            With::IntoBlock => match buffer.into_block() {
                Ok(block) => {
                    assert!(is_only, "a block of which another part is held");
                    return self.take_back(block, index);
                }
                Err(same) => {
                    assert!(!is_only, "a block of which no other part is held");
                    buffer = same;
                }
            },
            With::ThroughBytes => assert_eq!(Bytes::copy_from_slice(&buffer), bytes),
            _ => {}
        }
        self.keep(Kind::Reads(buffer), bytes, index);
    }

    /// Its bytes, and invariant 4: all of it is inside its block.
    fn check_part(&self, Part { kind, bytes, index }: &Part<'a, S>) {
        let (found, room) = match kind {
            Kind::Writes(buffer) => (&buffer[..], buffer.capacity()),
            Kind::Reads(buffer) => (&buffer[..], buffer.len()),
        };
        assert_eq!(found, bytes, "a part of block {index}");
        let start = self.pool.region().block(BlockIndex::new(*index)).addr().get();
        let before = found.as_ptr().addr().checked_sub(start);
        let fits = before.is_some_and(|before| before + room <= self.pool.block_size());
        assert!(fits, "invariant 4: {room} bytes from byte {before:?} of block {index}");
    }
}

/// What changes the length of a buffer that writes, or its bytes.
fn fill<S: Subject>(with: With, numbers: Numbers, buffer: &mut BlockBuf<&S>, bytes: &mut Vec<u8>) {
    let (len, capacity) = (bytes.len(), buffer.capacity());
    match with {
        With::Append => {
            let more = vec![numbers.from; numbers.at.into()];
            match buffer.try_extend_from_slice(&more) {
                Ok(()) => bytes.extend(&more),
                Err(full) => {
                    assert_eq!((full.requested, full.available), (more.len(), capacity - len));
                    assert!(more.len() > capacity - len, "refused though there is room");
                }
            }
        }
        With::SetLen => {
            let to = numbers.up_to(capacity.min(MOST_FILLED));
            buffer.set_len(to);
            // What comes to be filled is whatever lies there.
            bytes.truncate(to);
            bytes.extend(&buffer[bytes.len()..]);
        }
        With::Truncate => {
            buffer.truncate(numbers.up_to(len + 1));
            bytes.truncate(numbers.up_to(len + 1));
        }
        With::Advance => {
            buffer.advance(numbers.up_to(len));
            bytes.drain(..numbers.up_to(len));
        }
        With::Overwrite => {
            buffer.fill(numbers.from);
            bytes.fill(numbers.from);
        }
        _ => {}
    }
}
