//! Sweeps: the same workload while one thing changes, be it the block, the arena, how full it is or
//! what is done with a block.

mod dimension;

use maud::{Markup, html};

use super::axis::Axis;
use super::chart::{Chart, Level, Line};
use super::choice::{all_figures, choose, time};
use super::heat::usual;
use crate::distinct::distinct;
use crate::numbers::plural;
use crate::report::view::{Blocks, Cell, View};
use dimension::{Dimension, Fixed};

/// From so many values on there is a curve.
const VALUES: usize = 3;
/// The most charts of one dimension.
const MOST: usize = 14;

/// The section, if anything was measured at three values or more.
pub(super) fn section(view: &View) -> Option<Markup> {
    let parts = Dimension::ALL.map(|dimension| (dimension, sweeps(view, dimension)));
    if parts.iter().all(|(_, sweeps)| sweeps.is_empty()) {
        return None;
    }
    Some(html! {
        section id="sweeps" {
            h2 { "One thing changed" }
            @for (dimension, sweeps) in &parts { @if !sweeps.is_empty() {
                h3 { (dimension.title()) }
                p class="caption" { (dimension.caption()) }
                div class="charts" { @for sweep in sweeps.iter().take(MOST) { (figure(view, *dimension, sweep)) } }
                @if sweeps.len() > MOST {
                    p class="caption" { (plural(sweeps.len() - MOST, "curve")) " more in the raw figures." }
                }
            } }
        }
    })
}

/// A cell, the curve that it lies on, and where.
type Placed<'a> = (&'a Cell, Fixed<'a>, f64);

struct Sweep<'a> {
    fixed: Fixed<'a>,
    values: Vec<f64>,
    lines: Vec<Line<'a>>,
}

impl<'a> Sweep<'a> {
    /// The curves of those cells that have all this in common, if there are values enough.
    fn new(fixed: Fixed<'a>, placed: &[Placed<'a>], dimension: Dimension) -> Option<Self> {
        let own: Vec<_> = placed.iter().filter(|(_, other, _)| *other == fixed).collect();
        let mut values = distinct(own.iter().map(|(_, _, at)| *at));
        values.sort_by(f64::total_cmp);
        let swept = dimension != Dimension::Occupancy
            || own.iter().any(|(_, _, at)| *at > 0.0 && *at < 100.0);
        if values.len() < VALUES || !swept {
            return None;
        }
        let lines = distinct(own.iter().map(|(cell, ..)| cell.name())).into_iter().map(|name| {
            let points = own.iter().filter(|(cell, ..)| cell.name() == name);
            let mut points: Vec<_> = points.map(|(cell, _, at)| (*at, cell.median_ns)).collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            Line { contender: name.0, path: name.1, points, foretold: false }
        });
        Some(Self { lines: lines.collect(), fixed, values })
    }
}

/// Of each workload one sweep on one thread and one on all cores; of several, the one beside the
/// figures of the heat table.
fn sweeps(view: &View, dimension: Dimension) -> Vec<Sweep<'_>> {
    let placed: Vec<Placed> = view
        .judged()
        .filter_map(|cell| dimension.of(cell).map(|(fixed, at)| (cell, fixed, at)))
        .collect();
    let most = |workload: &str| {
        let own = placed.iter().filter(|(_, fixed, _)| fixed.workload == workload);
        own.map(|(_, fixed, _)| fixed.threads)
            .filter(|threads| *threads <= view.machine.cores)
            .max()
    };
    let mut sweeps: Vec<_> = distinct(placed.iter().map(|(_, fixed, _)| fixed.clone()))
        .into_iter()
        .filter(|fixed| fixed.threads == 1 || Some(fixed.threads) == most(fixed.workload))
        .filter_map(|fixed| Sweep::new(fixed, &placed, dimension))
        .collect();
    let usual = usual(view);
    sweeps.sort_by_key(|sweep| usual.map(|usual| distance(usual, &sweep.fixed)));
    let mut kept: Vec<Sweep> = Vec::new();
    for sweep in sweeps {
        let alike = |other: &Sweep| {
            (other.fixed.workload, other.fixed.threads)
                == (sweep.fixed.workload, sweep.fixed.threads)
        };
        if !kept.iter().any(alike) {
            kept.push(sweep);
        }
    }
    let order =
        |sweep: &Sweep| view.cells.iter().position(|cell| sweep.fixed.workload == cell.workload);
    kept.sort_by_key(order);
    kept
}

/// In how many things a sweep differs from the heat table.
fn distance(usual: Blocks, fixed: &Fixed) -> usize {
    usize::from(fixed.block_size != usual.block_size)
        + usize::from(fixed.arena != usual.arena)
        + usize::from(fixed.payload != usual.payload)
}

fn figure(view: &View, dimension: Dimension, sweep: &Sweep) -> Markup {
    let heads: Vec<_> = sweep.values.iter().map(|at| (*at, dimension.words(*at))).collect();
    let mut lines = choose(&sweep.lines, time);
    for (x, _) in lines.iter_mut().flat_map(|line| &mut line.points) {
        *x = dimension.place(*x, &sweep.values);
    }
    let target = view.target_ns();
    let times = lines.iter().flat_map(|line| &line.points).map(|(_, ns)| *ns);
    let chart = Chart {
        title: sweep.fixed.to_string(),
        description: format!(
            "Nanoseconds per block of {} contenders, by {}",
            lines.len(),
            dimension.title().to_lowercase()
        ),
        x: dimension.axis(&sweep.values),
        y: Axis::time("time per block", times.chain(target)),
        levels: target.into_iter().map(Level::target).collect(),
        lines,
    };
    html! { div { (chart.figure()) (all_figures(&sweep.lines, &heads)) } }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A record of a pool's pairs, one cell for each block size and payload.
    fn view(places: &[(&str, usize, Option<&str>)]) -> View {
        let cells = places.iter().map(|(workload, block_size, payload)| {
            json!({"contender": "block-mutex", "path": "raw", "workload": workload, "threads": 1,
                "block_size": block_size, "arena": 10, "payload": payload, "median_ns": 2.0,
                "min_ns": 1.0})
        });
        let machine = json!({"cpu": "", "cores": 2, "kernel": "", "rustc": ""});
        let record = json!({"date": "", "commit": "", "interrupted": false, "machine": machine,
            "cells": cells.collect::<Vec<Value>>()});
        serde_json::from_value(record).expect("all that is needed")
    }

    fn values(view: &View, dimension: Dimension) -> Vec<Vec<f64>> {
        sweeps(view, dimension).into_iter().map(|sweep| sweep.values).collect()
    }

    #[test]
    fn the_usual_payload_is_on_the_curve_whether_it_is_named_or_not() {
        for line in [None, Some("line")] {
            let payloads =
                [("pair", 64, Some("block")), ("pair", 64, Some("none")), ("pair", 64, line)];
            assert_eq!(values(&view(&payloads), Dimension::Payload), [[0.0, 1.0, 2.0]]);
        }
    }

    #[test]
    fn two_values_make_no_curve() {
        let sizes = [("pair", 64, None), ("pair", 128, None), ("pair", 256, Some("block"))];
        assert!(values(&view(&sizes), Dimension::BlockSize).is_empty());
    }

    #[test]
    fn occupancy_goes_from_a_free_arena_to_none_free() {
        let full = ["pair", "near-full:90", "near-full", "exhausted"];
        let full = full.map(|workload| (workload, 64, None));
        assert_eq!(values(&view(&full), Dimension::Occupancy), [[0.0, 90.0, 99.8, 100.0]]);
        let ends = [full[0], full[3]];
        assert!(values(&view(&ends), Dimension::Occupancy).is_empty());
    }
}
