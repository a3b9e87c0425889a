//! The calls of a sequence. Numbers in them choose among what is there when the call is made, so every
//! sequence of bytes makes sense.

use arbitrary::{Result, Unstructured};

use crate::bytes::{byte, number, one_of};

/// How a block is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Unchecked,
    Raw,
    Handle,
}

/// A number of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Of(u8),
    /// So many more than are free.
    Free(i8),
    /// So many more than there are.
    Capacity(i8),
}

/// What a held block becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Into {
    /// Raw of a handle, a handle of raw.
    Other,
    /// A slice that lives as long as the pool is borrowed: raw.
    Slice,
    /// A handle that is forgotten: held, without a mark.
    Forgotten,
    /// A buffer.
    Buffer,
}

/// An address that may be no block, or not one that can be freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// Of a block that is held, and so many bytes from its start.
    Held(u8, i8),
    /// Of any block, and so many bytes from its start.
    Block(usize, i8),
    /// So many strides and bytes from one past the last block.
    End(i8, i8),
    /// So many strides and bytes from the first block.
    Base(i8, i8),
    /// So far from the base, around the end of the address space if need be.
    Far(usize),
    Absolute(usize),
    Stack,
    Heap,
    /// Of a block of another region.
    Elsewhere(u8),
    /// Of the block that was given back last.
    LastGiven,
}

/// The calls that take a pointer back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FreeBy {
    Free,
    FreeMany,
    IntoHandle,
}

/// What is done with a buffer. Its place in the list, and numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum With {
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
    Reserve,
    ThroughBytes,
    IntoBlock,
    Drop,
}

impl With {
    const ALL: [Self; 17] = [
        Self::Append,
        Self::SetLen,
        Self::Truncate,
        Self::Advance,
        Self::SplitTo,
        Self::SplitOff,
        Self::FreezeTo,
        Self::Freeze,
        Self::Overwrite,
        Self::Clone,
        Self::Slice,
        Self::Thaw,
        Self::Reclaim,
        Self::Reserve,
        Self::ThroughBytes,
        Self::IntoBlock,
        Self::Drop,
    ];
}

/// Who makes the calls from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thread {
    Main,
    /// Another one, which lives as long as the pool.
    Other,
    /// One that ends with its last call, and leaves its magazine behind.
    Passing,
}

/// A call, or what is done around calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Take(Way),
    /// And so many of the entries hold a handle before.
    TakeMany(Way, Count, u8),
    TakeThree,
    Give(u8),
    /// From this one on so many, with empty entries between them.
    GiveMany(u8, u8, u8),
    /// Taken and given back at once, as often; from 240 on past the time after which magazines are used
    /// again.
    Churn(Way, u8),
    Convert(u8, Into),
    Free(Address, FreeBy),
    FreeMany(Vec<Address>),
    Locate(Address),
    Write(u8),
    Buffer {
        with: With,
        which: u8,
        at: u8,
        from: u8,
    },
    Wish,
    Poll(u8),
    Cancel(u8),
    AtOnce,
    Look,
    FixedBuffers(u8),
    Slices,
    Magazine(usize),
    By(Thread),
}

/// A number from `-most` to `most`.
fn near(byte: u8, most: i8) -> i8 {
    (byte % (2 * most as u8 + 1)) as i8 - most
}

impl Way {
    fn decode(bytes: &mut Unstructured<'_>) -> Result<Self> {
        one_of(bytes, &[Self::Unchecked, Self::Raw, Self::Handle])
    }
}

impl Count {
    fn decode(bytes: &mut Unstructured<'_>) -> Result<Self> {
        Ok(match byte(bytes)? {
            count @ 0..=127 => Self::Of(count),
            free @ 128..=191 => Self::Free(near(free, 2)),
            capacity => Self::Capacity(near(capacity, 2)),
        })
    }
}

impl Address {
    /// Whether it is a held block's, whatever the backend has chosen. Any other one may by chance be that of
    /// a block that is out raw.
    pub(crate) fn is_exact(self) -> bool {
        matches!(self, Self::Held(_, 0))
    }

    fn decode(bytes: &mut Unstructured<'_>) -> Result<Self> {
        let kind = byte(bytes)? % 12;
        let mut small = || byte(bytes).map(|byte| byte as i8);
        Ok(match kind {
            0 | 1 => Self::Held(small()? as u8, 0),
            2 => Self::Held(small()? as u8, small()?),
            3 => Self::End(small()?, 0),
            4 => Self::End(0, small()?),
            5 => Self::Base(small()?, small()?),
            6 => Self::Block(number(bytes)?, byte(bytes)? as i8),
            7 => Self::Far(number(bytes)?),
            8 => Self::Absolute(number(bytes)?),
            9 => one_of(bytes, &[Self::Stack, Self::Heap])?,
            10 => Self::Elsewhere(byte(bytes)?),
            _ => Self::LastGiven,
        })
    }
}

impl Call {
    pub(crate) fn decode(bytes: &mut Unstructured<'_>) -> Result<Self> {
        Ok(match byte(bytes)? % 64 {
            0..=7 => Self::Take(Way::decode(bytes)?),
            8..=12 => Self::TakeMany(Way::decode(bytes)?, Count::decode(bytes)?, byte(bytes)?),
            13 => Self::TakeThree,
            14..=19 => Self::Give(byte(bytes)?),
            20..=23 => Self::GiveMany(byte(bytes)?, byte(bytes)?, byte(bytes)?),
            24 => {
                let way = Way::decode(bytes)?;
                // Seldom past that time: it takes long.
                let times = byte(bytes)?;
                Self::Churn(way, if times < 240 { times % 32 } else { times })
            }
            25..=28 => Self::Convert(
                byte(bytes)?,
                one_of(bytes, &[Into::Other, Into::Slice, Into::Forgotten, Into::Buffer])?,
            ),
            29..=34 => Self::Free(
                Address::decode(bytes)?,
                one_of(bytes, &[FreeBy::Free, FreeBy::FreeMany, FreeBy::IntoHandle])?,
            ),
            35 | 36 => {
                let count = byte(bytes)? % 8;
                Self::FreeMany((0..count).map(|_| Address::decode(bytes)).collect::<Result<_>>()?)
            }
            37 | 38 => Self::Locate(Address::decode(bytes)?),
            39 => Self::Write(byte(bytes)?),
            40..=48 => Self::Buffer {
                with: one_of(bytes, &With::ALL)?,
                which: byte(bytes)?,
                at: byte(bytes)?,
                from: byte(bytes)?,
            },
            49 | 50 => Self::Wish,
            51..=53 => Self::Poll(byte(bytes)?),
            54 => Self::Cancel(byte(bytes)?),
            55 => Self::AtOnce,
            56 => Self::Look,
            57 => Self::FixedBuffers(byte(bytes)?),
            58 => Self::Slices,
            59 => Self::Magazine(number(bytes)?),
            // Seldom: the threads wait for each other at each.
            60 => Self::By(one_of(
                bytes,
                &[Thread::Main, Thread::Other, Thread::Other, Thread::Passing],
            )?),
            _ => Self::Give(byte(bytes)?),
        })
    }
}
