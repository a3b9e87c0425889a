//! The counts that `cargo bench-counting` left in the file `counts.csv`, for every other build to
//! read.

use serde::{Deserialize, Serialize};

/// What one path through one pool was counted to do at one workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The contender.
    pub contender: String,
    /// The path through it.
    pub path: String,
    /// The workload.
    pub workload: String,
    /// Threads: one, where one can do the workload.
    pub threads: usize,
    /// Bytes of a block.
    pub block_size: usize,
    /// Blocks of the arena.
    pub arena: usize,
    /// Blocks taken and given back meanwhile, by all threads.
    pub blocks: u64,
    /// Read-modify-writes on lines that every thread writes.
    pub shared_rmws: u64,
    /// Read-modify-writes on the marks of blocks, whose lines hold the marks of 64.
    pub mark_rmws: u64,
}

impl Count {
    /// Read-modify-writes on lines that every thread writes, for each block taken and given back.
    #[must_use]
    pub fn shared_per_block(&self) -> f64 {
        self.shared_rmws as f64 / self.blocks as f64
    }
}

/// The counts that were committed.
///
/// # Panics
///
/// If the file is damaged. The tests read it.
#[must_use]
pub fn committed() -> Vec<Count> {
    let mut reader = csv::Reader::from_reader(&include_bytes!("../../counts.csv")[..]);
    let counts: Result<_, csv::Error> = reader.deserialize().collect();
    counts.expect("the counts were written by the counting build")
}

/// The counts as they are committed.
///
/// # Errors
///
/// None at present: a row is flat, and a vector takes it.
pub fn write(counts: &[Count]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for count in counts {
        writer.serialize(count)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineup;
    use crate::workload::Workload;

    #[test]
    fn counts_are_of_paths_and_workloads_that_there_are() {
        let counts = committed();
        assert!(!counts.is_empty());
        for count in &counts {
            let known = lineup::names()
                .any(|name| name.contender == count.contender && name.path == count.path);
            assert!(known, "{count:?}");
            let known = Workload::ALL.iter().any(|known| known.to_string() == count.workload);
            assert!(known && count.blocks > 0, "{count:?}");
        }
    }

    #[test]
    fn counts_are_read_as_they_were_written() {
        let counts = committed();
        assert_eq!(write(&counts).unwrap(), include_bytes!("../../counts.csv"));
    }
}
