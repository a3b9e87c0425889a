//! The end of a process whose memory was written to by who does not hold it.
//!
//! It is no error that a caller could handle: what else was written over nobody knows, and to go on would
//! spread it. So the process ends where it shows, with a report.

use core::fmt;
use core::ptr::NonNull;

use super::Region;
use crate::BlockIndex;

/// What must have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A free block is not zero any more.
    WriteAfterFree,
    /// What is behind a block is not as it was when the block was handed out.
    Overrun,
}

/// What was found where.
#[derive(Debug)]
pub(super) struct Violation {
    kind: Kind,
    index: BlockIndex,
    capacity: usize,
    block_size: usize,
    /// Of the first byte that is wrong.
    address: NonNull<u8>,
    /// From the start of the block.
    offset: usize,
    found: u8,
    expected: u8,
    /// How many bytes are wrong.
    count: usize,
    /// How many were looked at.
    of: usize,
}

impl Violation {
    /// That of bytes, some of which are not as expected, in a block of the region or behind it.
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

    /// Reports it as a panic, so that the program's hook sees it, and aborts before anything unwinds: a
    /// backend's methods never do.
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
                "    {count} of the block's {of} bytes are wrong. It was free, and zero since it was given \
                 back or ever.\n    Look for a pointer to it that was kept and written through after that, by \
                 this program,\n    a device or the kernel; and for an overrun of the block before."
            ),
            Kind::Overrun => write!(
                f,
                "    {count} of the {of} bytes guarded behind the block's {block_size} are wrong. It is \
                 given back just now.\n    Look for what wrote beyond its end while it was out, or in \
                 front of the next block.\n    If all of them are zero, the backend may lack a call of \
                 `Region::on_acquire`."
            ),
        }
    }
}

/// Ends the process when it is dropped: by the panic that unwinds past it.
struct Abort<'a>(&'a Violation);

impl Drop for Abort<'_> {
    fn drop(&mut self) {
        let Violation { kind, index, capacity, offset, .. } = self.0;
        // Past whatever keeps the panic's message for later, as test harnesses do.
        #[cfg(feature = "std")]
        {
            use std::io::Write;
            let told = std::io::stderr();
            let _ =
                writeln!(&told, "aborted: {kind}, block {index} of {capacity}, offset {offset}");
            std::process::abort();
        }
        // A panic while one unwinds ends the program wherever there is unwinding.
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
        // SAFETY: nobody else has the region; a stride lies in it.
        let all = unsafe { slice::from_raw_parts_mut(block.as_ptr(), layout.stride()) };
        all[3] = 7;
        all[99] = 1;
        all[101] = 2;
        let report =
            |kind, part: &[u8]| format!("{}", Violation::new(kind, &region, block, part, |_| 0));
        let (bytes, guard) = all.split_at(100);
        let said = report(Kind::WriteAfterFree, bytes);
        let first = format!(
            "block-core: write after free: block 1 of 4, offset 3\n    found 0x07 at {:p}, expected \
             0x00;\n    2 of the block's 100 bytes are wrong.",
            &bytes[3]
        );
        assert!(said.starts_with(&first), "{said}");
        let said = report(Kind::Overrun, guard);
        let first = format!(
            "block-core: overrun: block 1 of 4, offset 101\n    found 0x02 at {:p}, expected 0x00;\n    \
             1 of the 28 bytes guarded behind the block's 100 are wrong.",
            &guard[1]
        );
        assert!(said.starts_with(&first), "{said}");
    }
}
