//! What a constructor must answer: computed in 128 bits, so that nothing can overflow unseen.

use block_core::{BuildError, HugePages, LayoutError, RegionError};

use crate::setup::{Memory, Options, Setup};

/// The sizes of a layout that is possible.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) block_size: u128,
    pub(crate) align: u128,
    pub(crate) stride: u128,
    pub(crate) capacity: u128,
}

const LARGEST: u128 = isize::MAX as u128;

impl Shape {
    fn new(
        (block_size, capacity): (usize, usize),
        align: usize,
        guard: usize,
    ) -> Result<Self, LayoutError> {
        let [size, count, boundary] = [block_size, capacity, align].map(|number| number as u128);
        if size == 0 {
            return Err(LayoutError::ZeroBlockSize);
        }
        if count == 0 {
            return Err(LayoutError::ZeroCapacity);
        }
        if boundary.count_ones() != 1 {
            return Err(LayoutError::BadAlign { align });
        }
        let stride = (size + guard as u128).div_ceil(boundary) * boundary;
        // Two numbers of up to 65 bits.
        let bytes = stride.saturating_mul(count);
        if bytes.saturating_add(boundary - 1) > LARGEST {
            return Err(match guard {
                0 => LayoutError::TooLarge { block_size, align, capacity },
                guard => LayoutError::GuardTooLarge { block_size, align, capacity, guard },
            });
        }
        Ok(Self { block_size: size, align: boundary, stride, capacity: count })
    }

    /// What `BlockLayout::new` must answer, `with_guard` after it, and then `with_align`.
    pub(crate) fn of(setup: &Setup) -> Result<Self, LayoutError> {
        let sizes = (setup.block_size, setup.capacity);
        let default = (setup.block_size as u128).next_power_of_two().min(64) as usize;
        Self::new(sizes, default, 0)?;
        let guarded = Self::new(sizes, default, setup.guard)?;
        match setup.align {
            Some(align) => Self::new(sizes, align, setup.guard),
            None => Ok(guarded),
        }
    }

    pub(crate) fn region_bytes(&self) -> u128 {
        self.stride * self.capacity
    }

    /// Bytes of a region with its tables in one piece, and of another table of so large entries.
    pub(crate) fn footprint(&self, entry: Option<u128>) -> u128 {
        let word = size_of::<usize>() as u128;
        let words = self.region_bytes().next_multiple_of(word) + word * self.capacity;
        let marks = words + self.capacity;
        match entry {
            Some(entry) => marks.next_multiple_of(entry.min(8)) + entry * self.capacity,
            None => marks,
        }
    }

    /// What that must be aligned to: the words of the tables are there, too.
    pub(crate) fn footprint_align(&self) -> u128 {
        self.align.max(align_of::<usize>() as u128)
    }
}

/// The same number, or the largest of the machine's.
pub(crate) fn saturated(number: u128) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Less than this is always to be had.
const MODEST: u128 = 1 << 30;
/// More than this no processor can address.
const ABSURD: u128 = 1 << 57;

/// Whether this is a right answer to the wish for a region in memory of its own.
pub(crate) fn is_right(setup: &Setup, shape: &Shape, answer: Result<(), BuildError>) -> bool {
    let Options { huge_pages, lock, .. } = setup.options;
    let error = match answer {
        Ok(()) => None,
        Err(BuildError::Region(error)) => Some(error),
        Err(_) => return false,
    };
    if setup.memory == Memory::Heap {
        return match error {
            Some(RegionError::Unsupported { .. }) => setup.options.need_a_mapping(),
            Some(_) => false,
            None => !setup.options.need_a_mapping(),
        };
    }
    let page_size = match huge_pages {
        HugePages::Explicit(page_size) => Some(page_size),
        _ => None,
    };
    if let Some(page_size) = page_size
        && (page_size.count_ones() != 1 || page_size < 1 << 16)
    {
        return error == Some(RegionError::BadHugePageSize { page_size });
    }
    // With an entry of eight bytes in a table of the region, a backend's, and one for debugging.
    let all = shape.footprint(Some(8)) + 8 * shape.capacity + shape.align;
    match error {
        None => shape.region_bytes() < ABSURD,
        Some(RegionError::Map { .. }) => all > MODEST,
        Some(RegionError::TableTooLarge { .. }) => 8 * shape.capacity > LARGEST - 7,
        Some(RegionError::Lock { .. }) => lock,
        // The system's business: how many there are, and of which sizes.
        Some(RegionError::HugePages { page_size: named, .. }) => page_size == Some(named),
        Some(RegionError::NoSuchHugePages { page_size: named }) => page_size == Some(named),
        Some(_) => false,
    }
}
