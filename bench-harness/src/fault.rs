//! What a contender can be caught at.

use std::fmt;

use block_core::FreeError;

/// What a contender was caught at.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It had no block, though fewer were held than there are.
    NoBlock,
    /// It had a block, though every one was held.
    Surplus {
        /// The block's address.
        address: usize,
    },
    /// The system refused a thread that the workload needs.
    NoThread,
    /// A thread stopped because of what another one met.
    Abandoned,
    /// It refused to take back a block that it had handed out.
    Refused(FreeError),
    /// A held block's bytes changed under its holder: it was handed out twice.
    Overwritten {
        /// The block's address.
        address: usize,
        /// What the holder wrote.
        wrote: u64,
        /// What stood there when it was given back.
        found: u64,
    },
    /// A thread got a block that it was already holding.
    Twice {
        /// The block's address.
        address: usize,
    },
    /// Two blocks that are held at once share bytes.
    Overlap {
        /// The lower block's address.
        address: usize,
        /// How far the next block starts above it.
        distance: usize,
    },
    /// A pointer that is not that of a block of the pool.
    NotABlock {
        /// The pointer.
        address: usize,
        /// Why it is none.
        why: FreeError,
    },
    /// Not as many blocks could be taken as there are.
    Count {
        /// How many were got, at most one more than expected.
        got: usize,
        /// How many there are.
        expected: usize,
    },
    /// The pool's own count of its free blocks is wrong.
    Available {
        /// What it says.
        says: usize,
        /// What is so.
        expected: usize,
    },
}

impl From<FreeError> for Fault {
    #[cold]
    fn from(error: FreeError) -> Self {
        Self::Refused(error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoBlock => f.write_str("it had no block although some were free"),
            Self::Surplus { address } => {
                write!(f, "it handed out {address:#x} although every block was held")
            }
            Self::NoThread => {
                f.write_str("the system refused a thread that was to succeed another")
            }
            Self::Abandoned => f.write_str("a thread waited for another that had stopped"),
            Self::Refused(error) => write!(f, "it refused a block that it had handed out: {error}"),
            Self::Overwritten { address, wrote, found } => write!(
                f,
                "block {address:#x} was handed out twice: its holder wrote {wrote:#x} and found \
                 {found:#x}"
            ),
            Self::Twice { address } => {
                write!(f, "block {address:#x} was handed out twice, to one thread")
            }
            Self::Overlap { address, distance: 0 } => {
                write!(f, "block {address:#x} was handed out twice")
            }
            Self::Overlap { address, distance } => {
                write!(f, "block {address:#x} overlaps the one that starts {distance} bytes on")
            }
            Self::NotABlock { address, why } => write!(f, "it handed out {address:#x}: {why}"),
            Self::Count { got, expected } if got > expected => {
                write!(f, "more than its {expected} blocks could be taken")
            }
            Self::Count { got, expected } => {
                write!(f, "blocks were lost: {got} of {expected} could be taken")
            }
            Self::Available { says, expected } => {
                write!(f, "available() says {says} where {expected} blocks are free")
            }
        }
    }
}

impl std::error::Error for Fault {}
