//! CSV: one row a cell, one for each thing that a contender cannot do, one for each cell that only an
//! earlier record has, and one for each sort of call that was timed by itself: those have a `call`.

use serde::Serialize;

use crate::compare::{Change, Comparison};
use crate::latency::Latency;
use crate::record::{Cell, Record, Unable};
use crate::scaling::{Saturation, Scaling};
use crate::stored::Place;

/// A row. Machine, program and settings stand in each, so that files can be put together.
#[derive(Clone, Serialize, Default)]
struct Row<'a> {
    contender: &'a str,
    path: &'a str,
    workload: String,
    payload: &'a str,
    threads: Option<usize>,
    block_size: Option<usize>,
    arena: Option<usize>,
    min_ns: Option<f64>,
    median_ns: Option<f64>,
    samples: Option<usize>,
    loop_ns: Option<f64>,
    near_loop: Option<bool>,
    best_allocator_ns: Option<f64>,
    times_best_allocator: Option<f64>,
    /// How it was done if not as the workload says, or why there are no figures.
    remark: Option<&'a str>,
    target_ns: Option<f64>,
    met: Option<bool>,
    /// In the rows of one thread, as [`Saturation`](crate::scaling::Saturation) has it.
    shared_rmws: Option<f64>,
    /// The same.
    saturation_cores: Option<f64>,
    old_median_ns: Option<f64>,
    change_percent: Option<f64>,
    change_low_percent: Option<f64>,
    change_high_percent: Option<f64>,
    /// The change in words.
    change: Option<&'a str>,
    cpu: &'a str,
    cores: Option<usize>,
    kernel: &'a str,
    rustc: &'a str,
    format_version: Option<u32>,
    version: &'a str,
    commit: &'a str,
    date: &'a str,
    interrupted: Option<bool>,
    time_seconds: Option<f64>,
    rounds: Option<usize>,
    passes: Option<usize>,
    /// How many of the samples are of each pass, in order, with spaces between them.
    samples_by_pass: String,
    /// Each of them, in order, with spaces between them.
    samples_ns: String,
    /// What follows is of single calls, each timed by itself.
    call: Option<&'a str>,
    calls: Option<u64>,
    p50_ns: Option<u64>,
    p90_ns: Option<u64>,
    p99_ns: Option<u64>,
    p99_9_ns: Option<u64>,
    p99_99_ns: Option<u64>,
    max_ns: Option<u64>,
    timer: Option<&'a str>,
    timer_step_ns: Option<f64>,
    timer_cost_ns: Option<f64>,
}

pub(super) fn write(record: &Record) -> String {
    let comparison = record.comparison.as_ref();
    let common = common(record);
    let cells = record.cells.iter().map(|cell| {
        let place = cell.place();
        let change = comparison
            .and_then(|comparison| comparison.changes.iter().find(|change| change.place == place));
        let measured = foretold(measured(&common, cell), record.scaling.as_ref());
        change.map_or_else(|| measured.clone(), |change| changed(&measured, change))
    });
    let unable = record.unable.iter().map(|unable| {
        let &Unable { contender, path, workload, reason } = unable;
        Row {
            contender,
            path,
            workload: workload.to_string(),
            remark: Some(reason),
            ..common.clone()
        }
    });
    let gone = comparison.into_iter().flat_map(|comparison| &comparison.only_old);
    let gone = gone.map(|place| Row { change: Some(ONLY_OLD), ..at(&Row::default(), place) });
    let timed = record.latencies.iter().map(|latency| timed(&common, record, latency));
    lines(cells.chain(unable).chain(gone).chain(timed))
}

const ONLY_OLD: &str = "only in the earlier record";
const ONLY_NEW: &str = "only in the later record";

/// The rows of a comparison alone have the same columns, most of them empty.
pub(super) fn write_comparison(comparison: &Comparison) -> String {
    let empty = Row::default();
    let changes = comparison.changes.iter().map(|change| Row {
        median_ns: Some(change.new_median_ns),
        ..changed(&at(&empty, &change.place), change)
    });
    let only = [(&comparison.only_old, ONLY_OLD), (&comparison.only_new, ONLY_NEW)];
    let only = only.into_iter().flat_map(|(places, which)| {
        places.iter().map(move |place| Row { change: Some(which), ..at(&Row::default(), place) })
    });
    lines(changes.chain(only))
}

fn lines<'a>(rows: impl Iterator<Item = Row<'a>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).expect("a row is flat, and a vector takes it");
    }
    let bytes = writer.into_inner().expect("a vector takes every byte");
    String::from_utf8(bytes).expect("every field is UTF-8")
}

/// What every row of a record says.
fn common(record: &Record) -> Row<'_> {
    Row {
        target_ns: Some(record.settings.target_ns),
        cpu: &record.machine.cpu,
        cores: Some(record.machine.cores),
        kernel: &record.machine.kernel,
        rustc: &record.machine.rustc,
        format_version: Some(record.origin.format_version),
        version: record.origin.version,
        commit: record.origin.commit,
        date: &record.origin.date,
        interrupted: Some(record.interrupted),
        time_seconds: Some(record.settings.time_seconds),
        rounds: Some(record.settings.rounds),
        passes: Some(record.settings.passes),
        ..Row::default()
    }
}

fn measured<'a>(common: &Row<'a>, cell: &'a Cell) -> Row<'a> {
    let samples: Vec<_> = cell.samples_ns.iter().map(f64::to_string).collect();
    let passes: Vec<_> = cell.passes.iter().map(usize::to_string).collect();
    Row {
        contender: cell.contender,
        path: cell.path,
        workload: cell.workload.to_string(),
        payload: cell.payload.name(),
        threads: Some(cell.threads),
        block_size: Some(cell.block_size),
        arena: Some(cell.arena),
        min_ns: Some(cell.min_ns),
        median_ns: Some(cell.median_ns),
        samples: Some(cell.samples_ns.len()),
        loop_ns: cell.loop_ns,
        near_loop: cell.near_loop,
        best_allocator_ns: cell.best_allocator_ns,
        times_best_allocator: cell.times_best_allocator,
        remark: cell.remark,
        met: cell.met,
        samples_by_pass: passes.join(" "),
        samples_ns: samples.join(" "),
        ..common.clone()
    }
}

fn timed<'a>(common: &Row<'a>, record: &'a Record, latency: &'a Latency) -> Row<'a> {
    let at = |percent| {
        let found = latency.percentiles.iter().find(|percentile| percentile.percent == percent);
        found.map(|percentile| percentile.ns)
    };
    let timer = record.timer.as_ref();
    Row {
        contender: &latency.contender,
        path: &latency.path,
        workload: latency.workload.clone(),
        threads: Some(latency.threads),
        block_size: Some(latency.block_size),
        arena: Some(latency.arena),
        // The target and the rounds are those of the cells.
        target_ns: None,
        rounds: None,
        call: Some(&latency.call),
        calls: Some(latency.calls),
        p50_ns: at(50.0),
        p90_ns: at(90.0),
        p99_ns: at(99.0),
        p99_9_ns: at(99.9),
        p99_99_ns: at(99.99),
        max_ns: Some(latency.max_ns),
        timer: timer.map(|timer| timer.source.as_str()),
        timer_step_ns: timer.map(|timer| timer.step_ns),
        timer_cost_ns: timer.map(|timer| timer.cost_ns),
        ..common.clone()
    }
}

/// What more cores would bring stands in the rows of one thread.
fn foretold<'a>(row: Row<'a>, scaling: Option<&Scaling>) -> Row<'a> {
    let of = |saturation: &&Saturation| {
        let Saturation { contender, path, workload, .. } = saturation;
        (row.contender, row.path, &row.workload) == (contender, path, workload)
    };
    let saturation = scaling.filter(|_| row.threads == Some(1));
    match saturation.and_then(|scaling| scaling.saturations.iter().find(of)) {
        Some(&Saturation { shared_rmws, cores, .. }) => {
            Row { shared_rmws: Some(shared_rmws), saturation_cores: cores, ..row }
        }
        None => row,
    }
}

fn at<'a>(row: &Row<'a>, place: &'a Place) -> Row<'a> {
    Row {
        contender: &place.contender,
        path: &place.path,
        workload: place.workload.clone(),
        payload: &place.payload,
        threads: Some(place.threads),
        block_size: Some(place.block_size),
        arena: Some(place.arena),
        ..row.clone()
    }
}

fn changed<'a>(row: &Row<'a>, change: &Change) -> Row<'a> {
    Row {
        old_median_ns: Some(change.old_median_ns),
        change_percent: Some(change.change_percent),
        change_low_percent: change.low_percent,
        change_high_percent: change.high_percent,
        change: Some(change.verdict.words()),
        ..row.clone()
    }
}
