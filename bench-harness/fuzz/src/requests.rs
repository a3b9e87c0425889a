//! The requests of containers, where the pool is their allocator.

use std::alloc::Layout;

use arbitrary::{Result, Unstructured};

use crate::bytes::{byte, number};

/// Bytes and alignment, which may make no layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    size: usize,
    align: usize,
}

impl Wanted {
    pub(crate) fn layout(self) -> Option<Layout> {
        Layout::from_size_align(self.size, self.align).ok()
    }

    fn decode(bytes: &mut Unstructured<'_>) -> Result<Self> {
        let power = u32::from(byte(bytes)?);
        // Mostly one that a block has.
        let power = if power < 200 { power % 8 } else { power };
        Ok(Self { size: number(bytes)?, align: 1_usize.wrapping_shl(power) })
    }
}

/// A request, or a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Allocate {
        wanted: Wanted,
        zeroed: bool,
    },
    /// What is there becomes larger, or smaller.
    Resize {
        which: u8,
        wanted: Wanted,
        zeroed: bool,
    },
    Deallocate(u8),
    /// A vector of so many bytes, which it reserves at once.
    Vector(u8),
    Look,
}

impl Request {
    pub(crate) fn decode(bytes: &mut Unstructured<'_>) -> Result<Self> {
        let kind = byte(bytes)?;
        let zeroed = kind & 0x80 != 0;
        Ok(match kind % 16 {
            0..=5 => Self::Allocate { wanted: Wanted::decode(bytes)?, zeroed },
            6..=9 => Self::Resize { which: byte(bytes)?, wanted: Wanted::decode(bytes)?, zeroed },
            10..=12 => Self::Deallocate(byte(bytes)?),
            13 | 14 => Self::Vector(byte(bytes)?),
            _ => Self::Look,
        })
    }
}
