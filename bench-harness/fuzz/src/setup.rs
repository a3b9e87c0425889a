//! How a pool is made: of which sizes, in which memory, with which options.

use arbitrary::{Result, Unstructured};
use block_core::{HugePages, Region, RegionOptions};

use crate::bytes::{byte, few_or_any, number, one_of};
use crate::expected::Shape;

/// Where the blocks lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// What `new` makes; an alignment and options are not asked for.
    New,
    /// In a mapping.
    Mapped,
    /// On the heap.
    Heap,
    /// In memory of the caller.
    Callers(Given),
    /// In memory of the caller, by the backend's own constructor, where it has one.
    CallersWhole(Given),
    /// In a static, as if it were built at compile time.
    Static,
}

/// Memory of the caller: the first byte so far behind an aligned one, and so many bytes more than are
/// needed from there on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) offset: u8,
    pub(crate) spare: i8,
}

/// What a region is asked for beyond its sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) huge_pages: HugePages,
    pub(crate) prefault: bool,
    pub(crate) lock: bool,
    pub(crate) zero_on_release: bool,
    pub(crate) verify_on_acquire: bool,
}

/// A pool to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setup {
    pub(crate) memory: Memory,
    pub(crate) block_size: usize,
    pub(crate) capacity: usize,
    pub(crate) align: Option<usize>,
    /// Bytes behind each block to be guarded at least.
    pub(crate) guard: usize,
    pub(crate) options: Options,
    /// Of the lock-free pool; the default without it.
    pub(crate) magazine: Option<usize>,
    /// Whether its blocks can be waited for.
    pub(crate) waits: bool,
    /// Whether `available` and `stats` are asked after every call. Both stop the magazines for a moment, so
    /// without it there are other sequences of steps inside the pool.
    pub(crate) watched: bool,
}

impl Options {
    /// As the library takes them.
    pub(crate) fn region(&self) -> RegionOptions {
        Region::options()
            .huge_pages(self.huge_pages)
            .prefault(self.prefault)
            .lock_in_memory(self.lock)
            .zero_on_release(self.zero_on_release)
            .verify_on_acquire(self.verify_on_acquire)
    }

    /// Whether only a mapping has them.
    pub(crate) fn need_a_mapping(&self) -> bool {
        self.prefault || self.lock || self.huge_pages != HugePages::Off
    }

    fn decode(bytes: &mut Unstructured<'_>) -> Result<Self> {
        let bits = byte(bytes)?;
        // Mostly none but the last two, which do not depend on the memory.
        let is_plain = bits & 0b11 != 0;
        let huge_pages = match bits >> 2 & 0b11 {
            _ if is_plain => HugePages::Off,
            0 => HugePages::Off,
            1 => HugePages::Transparent,
            2 => HugePages::Explicit(2 << 20),
            _ => HugePages::Explicit(number(bytes)?),
        };
        Ok(Self {
            huge_pages,
            prefault: !is_plain && bits & 0b01_0000 != 0,
            lock: !is_plain && bits & 0b10_0000 != 0,
            zero_on_release: bits & 0b100_0000 != 0,
            verify_on_acquire: bits & 0b1000_0000 != 0,
        })
    }
}

impl Setup {
    /// Where whole blocks are written to.
    pub(crate) const LARGEST_ZEROED: usize = 1 << 14;
    /// Where a whole region is.
    const LARGEST_TOUCHED: u128 = 1 << 18;
    const LARGEST_OF_HUGE_PAGES: u128 = 3 << 20;

    pub(crate) fn decode(bytes: &mut Unstructured<'_>) -> Result<Self> {
        let memory = match byte(bytes)? % 8 {
            0 | 1 => Memory::New,
            2 | 3 => Memory::Mapped,
            4 => Memory::Heap,
            5 => Memory::Callers(Given::decode(bytes)?),
            6 => Memory::CallersWhole(Given::decode(bytes)?),
            _ => Memory::Static,
        };
        let bits = byte(bytes)?;
        let (block_size, capacity) = (number(bytes)?, few_or_any(bytes)?);
        let align = match bits & 0b11 {
            0 => Some(1_usize.wrapping_shl(byte(bytes)?.into())),
            1 => Some(number(bytes)?),
            _ => None,
        };
        let magazine = match bits >> 2 & 0b11 {
            0 => None,
            1 => Some(one_of(bytes, &[1, 2, 5, 61, 62, 63, usize::MAX])?),
            _ => Some(number(bytes)?),
        };
        let options = Options::decode(bytes)?;
        let guard = match bits >> 6 {
            0 => 0,
            1 => 13,
            2 => 64,
            _ => number(bytes)?,
        };
        let [waits, watched] = [0b01_0000, 0b10_0000].map(|bit| bits & bit != 0);
        let setup =
            Self { memory, block_size, capacity, align, guard, options, magazine, waits, watched };
        Ok(setup.bounded())
    }

    /// Without what would touch too much memory.
    fn bounded(mut self) -> Self {
        // Written whole, unless it is refused.
        let written = Shape::of(&self).map_or(0, |shape| shape.stride - shape.block_size);
        if written > Self::LARGEST_ZEROED as u128 {
            self.guard = 0;
        }
        let options = &mut self.options;
        options.zero_on_release &= self.block_size <= Self::LARGEST_ZEROED;
        options.verify_on_acquire &= self.block_size <= Self::LARGEST_ZEROED;
        // Blocks, and 16 bytes of tables for each.
        let align = self.align.unwrap_or(64) as u128;
        let block = (self.block_size as u128 + self.guard as u128).max(align) + 16;
        let bytes = block.saturating_mul(self.capacity as u128).saturating_add(align);
        let is_small = bytes <= Self::LARGEST_TOUCHED;
        // Each touched one is cleared whole.
        if options.huge_pages == HugePages::Transparent && bytes > Self::LARGEST_OF_HUGE_PAGES {
            options.huge_pages = HugePages::Off;
        }
        options.prefault &= is_small;
        options.lock &= is_small;
        match self.memory {
            Memory::New => {
                (self.align, self.guard) = (None, 0);
                *options = Options::OFF;
            }
            // Beyond that a heap is touched, or asked for more than there may be.
            Memory::Heap if !is_small => self.memory = Memory::Mapped,
            Memory::CallersWhole(_) | Memory::Static => *options = Options::OFF,
            _ => {}
        }
        self
    }
}

impl Options {
    const OFF: Self = Self {
        huge_pages: HugePages::Off,
        prefault: false,
        lock: false,
        zero_on_release: false,
        verify_on_acquire: false,
    };
}

impl Given {
    fn decode(bytes: &mut Unstructured<'_>) -> Result<Self> {
        let offset = byte(bytes)? % 64;
        // Mostly enough.
        let spare = byte(bytes)? as i8;
        Ok(Self { offset, spare: if spare < -8 { 0 } else { spare } })
    }
}
