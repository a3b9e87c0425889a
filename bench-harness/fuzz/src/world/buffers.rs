//! Buffers over blocks, each beside the bytes that it must hold.

mod readable;
mod writable;

use block_core::buffer::{BlockBuf, BlockBytes};
use block_core::{Block, BlockIndex};

use super::holding::Holding;
use super::{Answer, SKIPPED, World};
use crate::calls::With;
use crate::contents::Contents;
use crate::subject::Subject;

/// How many parts of blocks there are at most.
const MOST_PARTS: usize = 64;

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

    /// A block whose only part it was is a handle again; any other part is left as it was.
    fn take_back<B>(
        &mut self,
        answer: Result<Block<&'a S>, B>,
        index: usize,
        is_only: bool,
    ) -> Option<B> {
        match answer {
            Ok(block) => {
                assert!(is_only, "a block of which another part is held");
                let mut holding = Holding::Handle(block);
                let contents = self.model.next_stamp();
                contents.write(holding.bytes(self.pool));
                self.held.push(super::Entry { holding, index, contents });
                None
            }
            Err(same) => {
                assert!(!is_only, "a block of which no other part is held");
                Some(same)
            }
        }
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
