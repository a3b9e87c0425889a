//! Buffers that are written to.

use block_core::AllocError;
use block_core::buffer::{BlockBuf, ReserveError};
use bytes::Buf;

use super::{Kind, Numbers};
use crate::calls::With;
use crate::contents::Contents;
use crate::subject::Subject;
use crate::world::World;

/// How long a buffer becomes by one call that fills it.
const MOST_FILLED: usize = 1 << 12;

impl<'a, S: Subject> World<'a, S> {
    pub(super) fn written(
        &mut self,
        with: With,
        numbers: Numbers,
        (mut buffer, mut bytes, mut index): (BlockBuf<&'a S>, Vec<u8>, usize),
        is_only: bool,
    ) {
        match with {
            With::Freeze => return self.keep(Kind::Reads(buffer.freeze()), bytes, index),
            With::IntoBlock => match self.take_back(buffer.into_block(), index, is_only) {
                Some(same) => buffer = same,
                None => return,
            },
            With::Reclaim => self.reclaim(numbers, &mut buffer, is_only),
            With::Reserve => self.reserve(numbers, &mut buffer, &mut index, is_only),
            With::SplitTo | With::SplitOff | With::FreezeTo => {
                self.part_from(with, numbers, (&mut buffer, &mut bytes, index));
            }
            _ => fill(with, numbers, &mut buffer, &mut bytes),
        }
        self.keep(Kind::Writes(buffer), bytes, index);
    }

    /// A part of it becomes one of its own.
    fn part_from(
        &mut self,
        with: With,
        numbers: Numbers,
        (buffer, bytes, index): (&mut BlockBuf<&'a S>, &mut Vec<u8>, usize),
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
            _ => unreachable!("no part comes of {with:?}"),
        }
    }

    fn reclaim(&self, numbers: Numbers, buffer: &mut BlockBuf<&'a S>, is_only: bool) {
        let (len, capacity) = (buffer.len(), buffer.capacity());
        let (room, size) = (self.room(numbers, len), self.pool.block_size());
        let fits = room <= capacity - len || (is_only && room <= size - len);
        assert_eq!(buffer.try_reclaim(room), fits, "{room} bytes behind {len} of {capacity}");
        assert!(!fits || buffer.capacity() - len >= room);
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
