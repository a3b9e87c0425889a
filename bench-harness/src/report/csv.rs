//! CSV: one row a cell, its samples left out.

use serde::Serialize;

use crate::record::{Cell, Record};

/// A row. The machine stands in each, so that files can be put together.
#[derive(Serialize)]
struct Row<'a> {
    contender: &'a str,
    path: &'a str,
    workload: &'a str,
    threads: usize,
    block_size: usize,
    arena: usize,
    min_ns: f64,
    median_ns: f64,
    samples: usize,
    loop_ns: Option<f64>,
    target_ns: f64,
    met: Option<bool>,
    cpu: &'a str,
    cores: usize,
    kernel: &'a str,
    rustc: &'a str,
}

pub(super) fn write(record: &Record) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for cell in &record.cells {
        writer.serialize(row(record, cell)).expect("a row is flat, and a vector takes it");
    }
    let bytes = writer.into_inner().expect("a vector takes every byte");
    String::from_utf8(bytes).expect("every field is UTF-8")
}

fn row<'a>(record: &'a Record, cell: &'a Cell) -> Row<'a> {
    Row {
        contender: cell.contender,
        path: cell.path,
        workload: cell.workload,
        threads: cell.threads,
        block_size: cell.block_size,
        arena: cell.arena,
        min_ns: cell.min_ns,
        median_ns: cell.median_ns,
        samples: cell.samples_ns.len(),
        loop_ns: cell.loop_ns,
        target_ns: record.settings.target_ns,
        met: cell.met,
        cpu: &record.machine.cpu,
        cores: record.machine.cores,
        kernel: &record.machine.kernel,
        rustc: &record.machine.rustc,
    }
}
