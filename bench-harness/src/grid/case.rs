//! A case: what threads do, how many they are, with which blocks and how many of them.

use std::fmt;

use crate::contender::Shape;
use crate::numbers::{bytes, plural};
use crate::payload::Payload;
use crate::workload::Workload;

/// All that the contenders of some cells have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Case {
    /// The workload.
    pub workload: Workload,
    /// What is written into its blocks.
    pub payload: Payload,
    /// Threads, block size and arena.
    pub shape: Shape,
}

impl Case {
    /// The case of so many threads, with what follows from that and with the workload's usual
    /// payload.
    #[must_use]
    pub fn new(workload: Workload, threads: usize, block_size: usize, arena: usize) -> Self {
        let held = workload.held(arena, threads);
        let shape = Shape { block_size, arena, threads, held };
        Self { workload, payload: workload.payload(), shape }
    }

    /// The same, writing that into the blocks.
    #[must_use]
    pub fn writing(self, payload: Payload) -> Self {
        Self { payload, ..self }
    }

    /// What its threads do.
    #[must_use]
    pub fn work(&self) -> Work {
        Work { workload: self.workload, payload: self.payload }
    }

    /// The same in the smallest arena in which the threads find their blocks.
    #[must_use]
    pub fn tight(workload: Workload, threads: usize, block_size: usize) -> Self {
        Self::new(workload, threads, block_size, workload.least_arena(threads))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape { block_size, arena, threads, .. } = self.shape;
        f.write_str(&in_words(&self.work(), threads, block_size, arena))
    }
}

/// What the threads of a case do, and what they write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Work {
    /// The workload.
    pub workload: Workload,
    /// What is written into its blocks.
    pub payload: Payload,
}

impl Work {
    /// The payload, if it is not the workload's usual one.
    #[must_use]
    pub fn unusual_payload(self) -> Option<Payload> {
        (self.payload != self.workload.payload()).then_some(self.payload)
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.workload)?;
        self.unusual_payload().map_or(Ok(()), |payload| write!(f, ", payload {payload}"))
    }
}

/// A case, as every report says it.
pub(crate) fn in_words(
    work: &dyn fmt::Display,
    threads: usize,
    block_size: usize,
    arena: usize,
) -> String {
    let (threads, bytes) = (plural(threads, "thread"), bytes(block_size));
    format!("{work}, {threads}, {bytes} blocks, capacity {arena}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tight arena is as small as it can be: one block less, and a thread would not find its own.
    #[test]
    fn the_least_arena_is_what_the_threads_hold() {
        for &workload in Workload::ALL {
            for threads in [2, 4, 10] {
                let Shape { arena, held, .. } = Case::tight(workload, threads, 64).shape;
                let near_full = matches!(workload, Workload::NearFull(_));
                let most = if near_full { arena + threads } else { arena };
                assert!((arena..=most).contains(&(threads * held)), "{workload}, {threads}");
            }
        }
    }
}
