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
pub(super) enum What {
    /// A free block is not zero any more.
    WriteAfterFree,
    /// What is behind a block is not as it was when the block was handed out.
    Overrun,
}

/// What was found where.
#[derive(Debug)]
pub(super) struct Violation {
    what: What,
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
        what: What,
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
            what,
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
        let _end = Abort;
        panic!("{self}");
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, capacity, block_size, address, offset, found, expected, .. } = self;
        let what = match self.what {
            What::WriteAfterFree => "write after free",
            What::Overrun => "overrun",
        };
        writeln!(f, "block-core: {what}: block {index} of {capacity}, offset {offset}")?;
        writeln!(f, "    found {found:#04x} at {address:p}, expected {expected:#04x};")?;
        let (count, of) = (self.count, self.of);
        match self.what {
            What::WriteAfterFree => write!(
                f,
                "    {count} of the block's {of} bytes are wrong. It was free, and zero since it was given \
                 back.\n    Look for a pointer to it that was kept and written through after that, by \
                 this program,\n    a device or the kernel; and for an overrun of the block before."
            ),
            What::Overrun => write!(
                f,
                "    {count} of the {of} bytes guarded behind the block's {block_size} are wrong. It is \
                 given back just now.\n    Look for what wrote beyond its end while it was out, or in \
                 front of the next block.\n    If all of them are zero, the backend may lack a call of \
                 `Region::lend`."
            ),
        }
    }
}

/// Ends the process when it is dropped: by the panic that unwinds past it.
struct Abort;

impl Drop for Abort {
    fn drop(&mut self) {
        #[cfg(feature = "std")]
        std::process::abort();
        // A panic while one unwinds ends the program wherever there is unwinding.
        #[cfg(not(feature = "std"))]
        panic!("the report above is the last");
    }
}
