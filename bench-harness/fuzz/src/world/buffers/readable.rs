//! Buffers that are frozen.

use block_core::buffer::BlockBytes;
use bytes::{Buf, Bytes};

use super::{Kind, Numbers};
use crate::calls::With;
use crate::contents::Contents;
use crate::subject::Subject;
use crate::world::World;

impl<'a, S: Subject> World<'a, S> {
    pub(super) fn read(
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
                let front = buffer.split_to(at);
                self.keep_read(front, bytes.drain(..at).collect(), index);
            }
            With::SplitOff => {
                let back = buffer.split_off(at);
                self.keep_read(back, bytes.split_off(at), index);
            }
            With::Clone => self.keep(Kind::Reads(buffer.clone()), bytes.clone(), index),
            With::Slice => {
                let from = usize::from(numbers.from) % (at + 1);
                self.keep_read(buffer.slice(from..at), bytes[from..at].to_vec(), index);
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
            With::IntoBlock => match self.take_back(buffer.into_block(), index, is_only) {
                Some(same) => buffer = same,
                None => return,
            },
            With::ThroughBytes => assert_eq!(Bytes::copy_from_slice(&buffer), bytes),
            _ => {}
        }
        self.keep_read(buffer, bytes, index);
        if self.parts_of(index) == 0 {
            self.model.goes(index, Contents::Any);
        }
    }

    /// An empty part that keeps no block is dropped: it is no part of the block any more.
    fn keep_read(&mut self, buffer: BlockBytes<&'a S>, bytes: Vec<u8>, index: usize) {
        if buffer.pool().is_some() {
            self.keep(Kind::Reads(buffer), bytes, index);
        } else {
            assert_eq!((&buffer[..], &bytes[..]), (&[][..], &[][..]), "bytes without a block");
        }
    }
}
