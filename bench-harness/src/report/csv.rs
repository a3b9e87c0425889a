//! CSV: one row a cell, its samples left out, and one for each thing that a contender cannot do.

use serde::Serialize;

use crate::record::{Cell, Record, Unable};

/// A row. The machine stands in each, so that files can be put together.
#[derive(Serialize, Default)]
struct Row<'a> {
    contender: &'a str,
    path: &'a str,
    workload: &'a str,
    threads: Option<usize>,
    block_size: Option<usize>,
    arena: Option<usize>,
    min_ns: Option<f64>,
    median_ns: Option<f64>,
    samples: usize,
    loop_ns: Option<f64>,
    best_allocator_ns: Option<f64>,
    times_best_allocator: Option<f64>,
    /// How it was done if not as the workload says, or why there are no figures.
    remark: Option<&'a str>,
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
    for &Unable { contender, path, workload, reason } in &record.unable {
        let remark = Some(reason);
        let row = Row { contender, path, workload, remark, ..machine(record) };
        writer.serialize(row).expect("a row is flat, and a vector takes it");
    }
    let bytes = writer.into_inner().expect("a vector takes every byte");
    String::from_utf8(bytes).expect("every field is UTF-8")
}

fn row<'a>(record: &'a Record, cell: &'a Cell) -> Row<'a> {
    Row {
        contender: cell.contender,
        path: cell.path,
        workload: cell.workload,
        threads: Some(cell.threads),
        block_size: Some(cell.block_size),
        arena: Some(cell.arena),
        min_ns: Some(cell.min_ns),
        median_ns: Some(cell.median_ns),
        samples: cell.samples_ns.len(),
        loop_ns: cell.loop_ns,
        best_allocator_ns: cell.best_allocator_ns,
        times_best_allocator: cell.times_best_allocator,
        remark: cell.remark,
        met: cell.met,
        ..machine(record)
    }
}

/// What every row says.
fn machine(record: &Record) -> Row<'_> {
    Row {
        target_ns: record.settings.target_ns,
        cpu: &record.machine.cpu,
        cores: record.machine.cores,
        kernel: &record.machine.kernel,
        rustc: &record.machine.rustc,
        ..Row::default()
    }
}
