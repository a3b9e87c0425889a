//! A record as if it had been written and read: what a comparison sees of it.

use super::{Cell, Record};
use crate::stored::{Place, Stored, StoredCell, StoredMachine};

impl Cell {
    /// Its place in the record.
    pub(crate) fn place(&self) -> Place {
        Place {
            contender: self.contender.to_owned(),
            path: self.path.to_owned(),
            workload: self.workload.to_string(),
            payload: self.payload.to_string(),
            threads: self.threads,
            block_size: self.block_size,
            arena: self.arena,
        }
    }
}

impl From<&Record> for Stored {
    fn from(record: &Record) -> Self {
        let machine = record.machine.clone();
        Self {
            date: record.origin.date.clone(),
            commit: record.origin.commit.to_owned(),
            interrupted: record.interrupted,
            machine: StoredMachine {
                cpu: machine.cpu,
                cores: machine.cores,
                kernel: machine.kernel,
                rustc: machine.rustc,
            },
            cells: record.cells.iter().map(StoredCell::from).collect(),
        }
    }
}

impl From<&Cell> for StoredCell {
    fn from(cell: &Cell) -> Self {
        Self {
            place: cell.place(),
            samples_ns: cell.samples_ns.clone(),
            passes: cell.passes.clone(),
        }
    }
}
