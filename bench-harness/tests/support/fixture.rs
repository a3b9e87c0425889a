//! A record with something in each section of the report: made up, small, and always the same.

use serde_json::{Value, json};

/// A contender's path, and its time for a pair on one thread.
const PATHS: [(&str, &str, f64); 11] = [
    ("block-lockfree", "handle", 7.4),
    ("block-lockfree", "unchecked", 5.1),
    ("plain-stack", "handle", 21.0),
    ("block-mutex", "handle", 24.0),
    ("array-queue", "handle", 19.0),
    ("lockfree-object-pool", "pull", 31.0),
    ("sharded-slab", "create", 44.0),
    ("system", "malloc", 17.0),
    ("mimalloc", "malloc", 9.2),
    ("loop", "none", 0.9),
    // Faster than all others, so that it would be named first if it were a contender.
    ("control", "again", 2.0),
];
const TARGET_NS: f64 = 28.0;

/// Where a cell is.
#[derive(Clone, Copy)]
struct Place<'a> {
    workload: &'a str,
    threads: usize,
    block_size: usize,
    arena: usize,
}

const USUAL: Place<'static> = Place { workload: "pair", threads: 1, block_size: 256, arena: 4096 };

/// The record.
pub fn record() -> Value {
    let cells: Vec<Value> = places().into_iter().flat_map(|place| case(&place)).collect();
    json!({
        "format": "bench-harness record", "format_version": 1,
        "version": "0.1.0", "commit": "0123456789abcdef0123456789abcdef01234567-dirty",
        "date": "2026-01-02T03:04:05Z", "interrupted": false,
        "machine": {"cpu": "A Processor of 4 Cores @ 3.00GHz", "cores": 4, "kernel": "Linux 6.1",
            "rustc": "rustc 1.95.0 (abcdef012 2026-01-01)", "load": 0.25},
        "settings": {"time_seconds": 60.0, "rounds": 12, "target_ns": TARGET_NS},
        "notes": ["up to 16 threads on 4 cores: where there are more threads than cores, they take turns"],
        "cells": cells,
        "unable": general(|contender, path| json!({"contender": contender, "path": path,
            "workload": "exhausted", "reason": "has no bound"})),
        "latencies": latencies(),
        "timer": {"source": "rdtscp", "step_ns": 1.0, "cost_ns": 18.5},
        "scaling": scaling(),
        "summary": ["overall: the target of 28 ns was met in most of all cells"],
        "comparison": comparison(),
    })
}

/// Each workload of the heat table on several numbers of threads, and every sweep.
fn places() -> Vec<Place<'static>> {
    let mut places = Vec::new();
    for workload in ["pair", "burst", "handover", "exhausted"] {
        for threads in [1, 2, 4, 16] {
            if (workload, threads) != ("handover", 1) {
                places.push(Place { workload, threads, ..USUAL });
            }
        }
    }
    places.extend([64, 1024, 16 << 10].map(|block_size| Place { block_size, ..USUAL }));
    places.extend([100, 100_000, 1_000_000].map(|arena| Place { arena, ..USUAL }));
    let occupied = ["near-full:25", "near-full:50", "near-full:75", "near-full:90", "near-full:99"];
    places.extend(occupied.map(|workload| Place { workload, ..USUAL }));
    for workload in [
        "bulk:1:1:32",
        "bulk:1:4:32",
        "bulk:4:1:32",
        "bulk:4:4:32",
        "bulk:32:4:32",
        "bulk:32:32:32",
        "bulk:1:1:512",
        "bulk:4:4:512",
        "bulk:32:32:512",
    ] {
        places.push(Place { workload, ..USUAL });
    }
    places
}

/// Who is not bounded.
fn is_general(contender: &str) -> bool {
    ["system", "mimalloc", "loop"].contains(&contender)
}

fn general(unable: impl Fn(&str, &str) -> Value) -> Vec<Value> {
    let general = PATHS.iter().filter(|(contender, ..)| is_general(contender));
    general.map(|(contender, path, _)| unable(contender, path)).collect()
}

/// A time that depends on everything, in a way that gives curves a shape.
fn median((contender, _, pair): (&str, &str, f64), place: &Place) -> f64 {
    let Place { workload, threads, block_size, arena } = *place;
    let shares = ["block-lockfree", "loop", "mimalloc", "sharded-slab"].contains(&contender);
    let crowd = if shares { 1.0 / threads.min(4) as f64 } else { (threads as f64).powf(1.3) };
    let work = match workload {
        "burst" => 0.8,
        "handover" => 2.4,
        "exhausted" => 0.6,
        _ if workload.starts_with("bulk") => 12.0 / workload.len() as f64,
        _ => {
            1.0 + workload
                .strip_prefix("near-full:")
                .map_or(0.0, |percent| percent.len() as f64 / 9.0)
        }
    };
    pair * crowd * work * (1.0 + (block_size as f64).log2() / 90.0 + arena as f64 / 3e6)
}

fn case(place: &Place) -> Vec<Value> {
    let Place { workload, threads, block_size, arena } = *place;
    let can = |contender: &str| workload != "exhausted" || !is_general(contender);
    let best = ["system", "mimalloc"].map(|contender| {
        let path = PATHS.iter().find(|path| path.0 == contender).expect("one of them");
        median(*path, place)
    });
    let best = can("system").then(|| best[0].min(best[1]));
    let cells = PATHS.iter().filter(|path| can(path.0)).map(|path| {
        let ns = median(*path, place);
        let judged = !["loop", "control"].contains(&path.0);
        json!({
            "contender": path.0, "path": path.1, "workload": workload, "threads": threads,
            "block_size": block_size, "arena": arena,
            "median_ns": ns, "min_ns": 0.97 * ns, "samples_ns": [0.97 * ns, ns, 1.05 * ns],
            "loop_ns": can("loop").then(|| median(PATHS[9], place)),
            "best_allocator_ns": best,
            "times_best_allocator": best.filter(|_| judged).map(|best| best / ns),
            "remark": (workload == "handover" && path.0 == "block-mutex").then_some("one by one"),
            "met": judged.then_some(ns <= TARGET_NS),
        })
    });
    cells.collect()
}

fn latencies() -> Vec<Value> {
    let cases = [(1, "take"), (4, "take"), (4, "give")];
    let latencies = cases.iter().flat_map(|&(threads, call)| {
        PATHS[..9].iter().map(move |&(contender, path, pair)| {
            let usual = 18.0 + pair * threads as f64;
            let percentiles = [(50.0, 1.0), (90.0, 1.2), (99.0, 2.0), (99.9, 9.0), (99.99, 60.0)]
                .map(|(percent, by)| json!({"percent": percent, "ns": (usual * by) as u64}));
            json!({
                "contender": contender, "path": path, "workload": "pair", "threads": threads,
                "block_size": 256, "arena": 4096, "call": call, "calls": 1_000_000,
                "percentiles": percentiles,
                "max_ns": (usual * 4_000.0) as u64,
            })
        })
    });
    latencies.collect()
}

fn scaling() -> Value {
    let saturations =
        [("block-lockfree", "handle", 0.0, 7.4), ("block-mutex", "handle", 2.0, 24.0)];
    let saturations = saturations.map(|(contender, path, shared, alone)| {
        let points = [1, 2, 4].map(|threads| {
            let speedup = if shared > 0.0 { 0.4 } else { f64::from(threads) };
            json!({"threads": threads, "speedup": 0.96 * speedup, "foretold": speedup})
        });
        json!({
            "contender": contender, "path": path, "workload": "pair", "shared_rmws": shared,
            "alone_ns": alone, "cores": (shared > 0.0).then_some(alone / (62.0 * shared)),
            "points": points,
        })
    });
    json!({"transfer_ns": 62.0, "transfer_min_ns": 55.0, "saturations": saturations})
}

fn comparison() -> Value {
    let change = |contender: &str, verdict: &str, percent: f64| {
        json!({
            "contender": contender, "path": "handle", "workload": "pair", "threads": 1,
            "block_size": 256, "arena": 4096, "old_median_ns": 10.0,
            "new_median_ns": 10.0 + percent / 10.0, "change_percent": percent,
            "low_percent": percent - 1.0, "high_percent": percent + 1.0, "verdict": verdict,
            "beyond_tolerance": verdict == "slower",
        })
    };
    json!({
        "old_date": "2026-01-01T00:00:00Z", "old_commit": "before",
        "new_date": "2026-01-02T03:04:05Z", "new_commit": "after", "tolerance_percent": 5.0,
        "beyond_tolerance": 1, "warnings": ["another kernel: Linux 6.0 before, Linux 6.1 now"],
        "changes": [change("block-mutex", "slower", 12.0), change("block-lockfree", "no-difference", 0.1)],
        "only_old": [], "only_new": [],
    })
}
