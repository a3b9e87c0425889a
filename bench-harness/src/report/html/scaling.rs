//! Scaling: what more threads do, measured, and where more cores stop helping, foretold.

use maud::{Markup, html};

use super::axis::{Axis, whole};
use super::chart::{Chart, Level, LevelClass, Line};
use super::choice::{all_figures, choose, time};
use super::heat::{Swept, usual};
use super::words::{figure, full_name, significant};
use crate::distinct::distinct;
use crate::report::view::{Cell, View};
use crate::scaling::{Saturation, Scaling};

/// The section, if several numbers of threads were measured, or anything was foretold.
pub(super) fn section(view: &View) -> Option<Markup> {
    let measured = measured(view);
    if measured.is_empty() && view.scaling.is_none() {
        return None;
    }
    Some(html! {
        section id="scaling" {
            h2 { "Scaling" }
            @if !measured.is_empty() {
                p class="caption" {
                    "Nanoseconds of the machine per block: threads that never meet halve it with each "
                    "doubling, up to the number of cores (" (view.machine.cores) " here). "
                    "The best path of each contender."
                }
                div class="charts" { @for chart in measured { (chart) } }
            }
            @if let Some(scaling) = &view.scaling { (foretold(scaling)) }
        }
    })
}

/// A chart for each workload that was measured on several numbers of threads.
fn measured(view: &View) -> Vec<Markup> {
    let Some(blocks) = usual(view) else { return Vec::new() };
    let swept = Swept::of(view);
    let cells: Vec<&Cell> = view
        .judged()
        .filter(|cell| cell.blocks() == blocks && !swept.has(&cell.workload))
        .collect();
    let charts =
        distinct(cells.iter().map(|cell| &*cell.workload)).into_iter().filter_map(|workload| {
            let own: Vec<_> = cells.iter().filter(|cell| cell.workload == workload).collect();
            let mut threads = distinct(own.iter().map(|cell| cell.threads));
            threads.sort_unstable();
            if threads.len() < 2 {
                return None;
            }
            let lines = distinct(own.iter().map(|cell| cell.name())).into_iter().map(|name| Line {
                contender: name.0,
                path: name.1,
                points: own
                    .iter()
                    .filter(|cell| cell.name() == name)
                    .map(|cell| (cell.threads as f64, cell.median_ns))
                    .collect(),
                foretold: false,
            });
            let lines: Vec<_> = lines.collect();
            let at: Vec<_> = threads.iter().map(|&threads| threads as f64).collect();
            let heads: Vec<_> = at.iter().map(|at| (*at, format!("{} thr.", whole(*at)))).collect();
            Some(html! { div {
                (against_threads(view, workload, &at, &lines).figure())
                (all_figures(&lines, &heads))
            } })
        });
    charts.collect()
}

fn against_threads<'a>(view: &View, workload: &str, at: &[f64], lines: &[Line<'a>]) -> Chart<'a> {
    let lines = choose(lines, time);
    let target = view.target_ns();
    let times = lines.iter().flat_map(|line| &line.points).map(|(_, ns)| *ns);
    Chart {
        title: format!("{workload}: threads"),
        description: format!(
            "Nanoseconds per block of {} contenders at {workload}, by the number of threads",
            lines.len()
        ),
        x: Axis::of("threads", at, whole),
        y: Axis::time("time per block", times.chain(target)),
        levels: target.into_iter().map(Level::target).collect(),
        lines,
    }
}

fn foretold(scaling: &Scaling) -> Markup {
    html! {
        h3 { "What is foretold for more cores" }
        p class="caption" {
            "A cache line that two cores write in turn takes "
            strong { (figure(scaling.transfer_ns)) " ns" } " to move from one to the other (least: "
            (figure(scaling.transfer_min_ns)) " ns). A contender whose threads all write one line "
            "cannot be faster than that line moves: more cores than in the last column take no more "
            "blocks. “Never” where no line is shared; below 1 where two cores are already slower "
            "than one."
        }
        div class="charts" { @for workload in distinct(scaling.saturations.iter().map(|one| &*one.workload)) {
            @if let Some(chart) = speedups(scaling, workload) { (chart.figure()) }
        } }
        div class="scroll" tabindex="0" { table class="figures" {
            thead { tr {
                th scope="col" { "contender/path" } th scope="col" class="text" { "workload" }
                th scope="col" { "shared writes a block" } th scope="col" { "ns alone" }
                th scope="col" { "speedup measured (foretold)" } th scope="col" { "saturated at cores" }
            } }
            tbody { @for one in &scaling.saturations { tr {
                th scope="row" { (full_name(&one.contender, &one.path)) }
                td class="text" { (one.workload) }
                td { (significant(one.shared_rmws)) }
                td { (figure(one.alone_ns)) }
                td { @for (index, point) in one.points.iter().enumerate() {
                    @if index > 0 { "; " }
                    (point.threads) ": " (significant(point.speedup)) " (" (significant(point.foretold)) ")"
                } }
                td { @match one.cores { Some(cores) => (significant(cores)), None => "never" } }
            } } }
        } }
    }
}

/// Measured and foretold speedup, if there are points enough for lines.
fn speedups<'a>(scaling: &'a Scaling, workload: &str) -> Option<Chart<'a>> {
    let own = |one: &&Saturation| one.workload == workload && one.points.len() >= 2;
    let own: Vec<_> = scaling.saturations.iter().filter(own).collect();
    let line = |one: &'a Saturation, foretold: bool| Line {
        contender: &one.contender,
        path: &one.path,
        points: one
            .points
            .iter()
            .map(|point| {
                (point.threads as f64, if foretold { point.foretold } else { point.speedup })
            })
            .collect(),
        foretold,
    };
    let measured: Vec<_> = own.iter().map(|one| line(one, false)).collect();
    let mut lines = choose(&measured, |line| -time(line));
    let chosen = |one: &&&&Saturation| {
        lines.iter().any(|line| (line.contender, line.path) == (&*one.contender, &*one.path))
    };
    let models: Vec<_> = own.iter().filter(|one| chosen(&one)).map(|one| line(one, true)).collect();
    lines.extend(models);
    let mut at = distinct(lines.iter().flat_map(|line| &line.points).map(|(threads, _)| *threads));
    at.sort_by(f64::total_cmp);
    if at.len() < 2 {
        return None;
    }
    let speedups = lines.iter().flat_map(|line| &line.points).map(|(_, speedup)| *speedup);
    Some(Chart {
        title: format!("{workload}: speedup"),
        description: format!(
            "How many times the blocks of one thread, by the number of threads, at {workload}; measured and foretold"
        ),
        x: Axis::of("threads", &at, whole),
        y: Axis::measured("times the blocks of one thread", speedups, significant),
        levels: Vec::new(),
        lines,
    })
}

impl Level {
    pub(super) fn target(ns: f64) -> Self {
        Self { name: format!("target, {ns} ns"), value: ns, class: LevelClass::Target }
    }
}
