//! Exports the statistics of a pool through the facade `metrics`: gauges for its blocks, and
//! counters of failed allocations and reclaims. In place of Prometheus, StatsD or OpenTelemetry,
//! the example uses a recorder in memory, and prints what it recorded.
//!
//! `cargo run -p block-lockfree --example metrics`

use block_core::{BlockAlloc, BlockAllocExt, Stats};
use block_lockfree::LockFreeAlloc;
use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

/// Describes the metrics. Call it once, after the recorder is installed.
pub fn describe() {
    describe_gauge!("block_pool_capacity", Unit::Count, "blocks of the pool");
    describe_gauge!("block_pool_in_use", Unit::Count, "blocks that are allocated");
    describe_gauge!("block_pool_cached", Unit::Count, "free blocks in caches of threads");
    describe_gauge!("block_pool_never_used", Unit::Count, "blocks without memory behind them yet");
    describe_gauge!(
        "block_pool_high_water",
        Unit::Count,
        "no more blocks were in use or cached at once"
    );
    describe_counter!("block_pool_exhaustions", Unit::Count, "calls that found the pool exhausted");
    describe_counter!(
        "block_pool_reclaims",
        Unit::Count,
        "times that cached blocks were reclaimed"
    );
}

/// Exports one snapshot of the statistics. Call it periodically, for example every ten seconds. It does
/// not disturb other threads.
pub fn export(pool: &'static str, stats: &Stats) {
    let gauge = |name, blocks: usize| gauge!(name, "pool" => pool).set(blocks as f64);
    gauge("block_pool_capacity", stats.capacity);
    gauge("block_pool_in_use", stats.in_use);
    gauge("block_pool_cached", stats.cached);
    gauge("block_pool_never_used", stats.never_used);
    gauge("block_pool_high_water", stats.high_water);
    let counter = |name, total| counter!(name, "pool" => pool).absolute(total);
    counter("block_pool_exhaustions", stats.exhaustions);
    counter("block_pool_reclaims", stats.reclaims);
}

/// Runs the example and prints its output.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    print!("{}", run()?);
    Ok(())
}

/// Returns the output of the example.
pub fn run() -> Result<String, Box<dyn std::error::Error>> {
    let recorder = DebuggingRecorder::new();
    let collected = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        describe();
        serve("packets")
    })?;

    let mut lines: Vec<_> = collected.snapshot().into_vec().into_iter().map(line).collect();
    lines.sort();
    Ok(lines.concat())
}

/// Stands in for a service: allocates every block, fails to allocate one more, and exports the
/// statistics.
fn serve(name: &'static str) -> Result<(), Box<dyn std::error::Error>> {
    let pool = LockFreeAlloc::new(1500, 100)?;
    let _packets: Vec<_> = std::iter::from_fn(|| pool.alloc().ok()).collect();
    export(name, &pool.stats());
    Ok(())
}

type Metric = (metrics_util::CompositeKey, Option<Unit>, Option<metrics::SharedString>, DebugValue);

fn line((key, _unit, description, value): Metric) -> String {
    let value = match value {
        DebugValue::Counter(total) => total.to_string(),
        DebugValue::Gauge(value) => value.to_string(),
        DebugValue::Histogram(values) => format!("{values:?}"),
    };
    let labels: Vec<_> =
        key.key().labels().map(|label| format!("{}={:?}", label.key(), label.value())).collect();
    let name = format!("{}{{{}}}", key.key().name(), labels.join(","));
    format!("{name:45} {value:>5}  {}\n", description.unwrap_or_default())
}
