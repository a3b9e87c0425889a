//! Aborts the process when a hardened region finds an overrun or a write after free.
//!
//! This is not an error to handle: nobody knows what else was overwritten, and continuing would
//! spread it.

use core::fmt;
use core::ptr::NonNull;

use super::Region;
use crate::BlockIndex;

/// The kind of a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A free block is not zero.
    WriteAfterFree,
    /// The guard of a block has changed since the block was allocated.
    Overrun,
}

/// A violation and its place.
#[derive(Debug)]
pub(super) struct Violation {
    kind: Kind,
    index: BlockIndex,
    capacity: usize,
    block_size: usize,
    /// The address of the first wrong byte.
    address: NonNull<u8>,
    /// The offset of that byte from the start of the block.
    offset: usize,
    found: u8,
    expected: u8,
    /// The number of wrong bytes.
    count: usize,
    /// The number of checked bytes.
    of: usize,
}

impl Violation {
    /// Describes bytes in a block or behind it, some of which differ from the expected ones.
    #[cold]
    pub(super) fn new(
        kind: Kind,
        region: &Region,
        block: NonNull<u8>,
        bytes: &[u8],
        expected: impl Fn(usize) -> u8,
    ) -> Self {
        let (layout, offset) = (region.layout(), region.offset(block));
        let is_wrong = |&at: &usize| bytes[at] != expected(at);
        let wrong = || (0..bytes.len()).filter(is_wrong);
        let first = wrong().next().unwrap_or_default();
        let address = NonNull::from(&bytes[first]);
        Self {
            kind,
            index: BlockIndex::new(offset / layout.stride()),
            capacity: layout.capacity(),
            block_size: layout.block_size(),
            address,
            offset: region.offset(address) - offset,
            found: bytes[first],
            expected: expected(first),
            count: wrong().count(),
            of: bytes.len(),
        }
    }

    /// Panics, so that the program's panic hook gets the report, and aborts before anything
    /// unwinds: methods of a backend never unwind.
    #[cold]
    pub(super) fn fail(&self) -> ! {
        let _end = Abort(self);
        panic!("{self}");
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WriteAfterFree => "write after free",
            Self::Overrun => "overrun",
        })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let &Self { kind, index, capacity, block_size, address, offset, .. } = self;
        let (found, expected) = (self.found, self.expected);
        writeln!(f, "block-core: {kind}: block {index} of {capacity}, offset {offset}")?;
        writeln!(f, "    found {found:#04x} at {address:p}, expected {expected:#04x};")?;
        let (count, of) = (self.count, self.of);
        match kind {
            Kind::WriteAfterFree => write!(
                f,
                "    {count} of the block's {of} bytes are wrong. The block was free.\n    Look for a write \
                 through an old pointer to it, by this program, a device or the kernel,\n    and for an \
                 overrun of the block before."
            ),
            Kind::Overrun => write!(
                f,
                "    {count} of the {of} bytes guarded behind the block's {block_size} are wrong. The \
                 block is being freed.\n    Look for a write past its end while it was allocated, or \
                 before the start of the next block.\n    If all of them are zero, the backend may lack a \
                 call of `Region::on_acquire`."
            ),
        }
    }
}

/// Aborts the process when a panic unwinds past it.
struct Abort<'a>(&'a Violation);

impl Drop for Abort<'_> {
    fn drop(&mut self) {
        let Violation { kind, index, capacity, offset, .. } = self.0;
        // Directly to standard error: test harnesses keep the message of the panic for later.
        #[cfg(feature = "std")]
        {
            use std::io::Write;
            let stderr = std::io::stderr();
            let _ =
                writeln!(&stderr, "aborted: {kind}, block {index} of {capacity}, offset {offset}");
            std::process::abort();
        }
        // A panic during unwinding aborts.
        #[cfg(not(feature = "std"))]
        panic!("aborted: {kind}, block {index} of {capacity}, offset {offset}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BlockLayout;
    use std::{format, slice};

    #[test]
    fn a_report_names_the_block_the_first_wrong_byte_and_how_many_there_are() {
        let layout = BlockLayout::new(100, 4).unwrap().with_guard(16).unwrap();
        let region = Region::heap(layout).unwrap();
        let block = region.block(BlockIndex::new(1));
        // SAFETY: no other code uses the region, and one stride is in it.
        let all = unsafe { slice::from_raw_parts_mut(block.as_ptr(), layout.stride()) };
        all[3] = 7;
        all[99] = 1;
        all[101] = 2;
        let report =
            |kind, part: &[u8]| format!("{}", Violation::new(kind, &region, block, part, |_| 0));
        let (bytes, guard) = all.split_at(100);
        let text = report(Kind::WriteAfterFree, bytes);
        let first = format!(
            "block-core: write after free: block 1 of 4, offset 3\n    found 0x07 at {:p}, expected \
             0x00;\n    2 of the block's 100 bytes are wrong.",
            &bytes[3]
        );
        assert!(text.starts_with(&first), "{text}");
        let text = report(Kind::Overrun, guard);
        let first = format!(
            "block-core: overrun: block 1 of 4, offset 101\n    found 0x02 at {:p}, expected 0x00;\n    \
             1 of the 28 bytes guarded behind the block's 100 are wrong.",
            &guard[1]
        );
        assert!(text.starts_with(&first), "{text}");
    }
}
