//! The heat table: every path at every workload, coloured by how far it is from the best.

use maud::{Markup, html};

use super::chart::swatch;
use super::words::{figure, full_name, times};
use crate::distinct::distinct;
use crate::numbers::plural;
use crate::report::view::{Blocks, Cell, View, family};

/// The ratios to the best above which a cell is one step warmer.
const STEPS: [f64; 8] = [1.1, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0];

/// From so many parameters of a workload on they have a section of their own.
pub(super) const MANY: usize = 4;

/// The class of a figure that is so many times the best one.
pub(super) fn warmth(ratio: f64) -> String {
    format!("h{}", STEPS.iter().filter(|step| ratio > **step).count())
}

/// The workloads that differ from many others in a parameter only: they are shown by themselves.
pub(super) struct Swept<'a>(Vec<&'a str>);

impl<'a> Swept<'a> {
    pub(super) fn of(view: &'a View) -> Self {
        let all = distinct(view.cells.iter().map(|cell| &*cell.workload));
        let mut families = distinct(all.iter().map(|workload| family(workload)));
        families.retain(|one| all.iter().filter(|other| family(other) == *one).count() >= MANY);
        Self(families)
    }

    pub(super) fn has(&self, workload: &str) -> bool {
        workload.contains(':') && self.0.contains(&family(workload))
    }
}

/// Block size, arena and payload of most cells.
pub(super) fn usual(view: &View) -> Option<Blocks<'_>> {
    ordered(view).into_iter().next()
}

/// The blocks of all cells, those of most cells first.
fn ordered(view: &View) -> Vec<Blocks<'_>> {
    let swept = Swept::of(view);
    let mut counted: Vec<(Blocks, usize)> = Vec::new();
    for cell in view.cells.iter().filter(|cell| !swept.has(&cell.workload)) {
        let blocks = cell.blocks();
        match counted.iter_mut().find(|(other, _)| *other == blocks) {
            Some((_, count)) => *count += 1,
            None => counted.push((blocks, 1)),
        }
    }
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counted.into_iter().map(|(blocks, _)| blocks).collect()
}

/// The section.
pub(super) fn section(view: &View) -> Option<Markup> {
    let (blocks, swept) = (ordered(view), Swept::of(view));
    let (first, others) = blocks.split_first()?;
    Some(html! {
        section id="heat" {
            h2 { "All figures at a glance" }
            p class="caption" {
                "Median nanoseconds for a block taken and given back (exhausted: for a refusal), all "
                "threads together. The colour is the ratio to the best of the column:"
            }
            (scale())
            p class="caption" {
                strong { "Bold" } ": the best of the column. "
                "~: within twice of what the loop alone costs, so mostly not the contender’s. "
                @if view.target_ns().is_some() { "!: the target was missed." }
            }
            h3 { (first) }
            (table(view, &swept, *first))
            @for other in others {
                details { summary { (other) } (table(view, &swept, *other)) }
            }
        }
    })
}

/// What the colours mean.
pub(super) fn scale() -> Markup {
    html! {
        p class="scale" {
            span class="h0" { "1" }
            @for step in STEPS { span class=(warmth(step * 1.001)) { ">" (times(step).trim_end_matches(".0")) } }
        }
    }
}

fn table(view: &View, swept: &Swept, blocks: Blocks) -> Markup {
    let here = |cell: &&Cell| cell.blocks() == blocks && !swept.has(&cell.workload);
    let cells: Vec<&Cell> = view.cells.iter().filter(here).collect();
    let columns = distinct(cells.iter().map(|cell| (&*cell.workload, cell.threads)));
    let names = distinct(cells.iter().map(|cell| cell.name()));
    let best = columns.iter().map(|column| {
        let judged = cells.iter().filter(|cell| cell.is_judged() && place(cell) == *column);
        judged.map(|cell| cell.median_ns).fold(f64::INFINITY, f64::min)
    });
    let best: Vec<f64> = best.collect();
    let remarks = distinct(cells.iter().filter_map(|cell| cell.remark.as_deref()));
    html! {
        div class="scroll" tabindex="0" { table class="heat" {
            thead {
                tr {
                    th rowspan="2" scope="col" { "contender/path" }
                    @for alike in columns.chunk_by(|a, b| a.0 == b.0) {
                        th colspan=(alike.len()) scope="colgroup" { (alike[0].0) }
                    }
                }
                tr { @for (_, threads) in &columns { th scope="col" { (plural(*threads, "thread")) } } }
            }
            tbody { @for name in names { tr {
                th scope="row" { (swatch(name.0)) (full_name(name.0, name.1)) }
                @for (column, best) in columns.iter().zip(&best) {
                    @let found = cells.iter().find(|cell| cell.name() == name && place(cell) == *column);
                    @match found {
                        Some(cell) => (entry(cell, *best, &remarks)),
                        None => (absent(view, name, column.0)),
                    }
                }
            } } }
        } }
        @for (index, remark) in remarks.iter().enumerate() {
            p class="caption" { sup { (index + 1) } " " (remark) }
        }
    }
}

fn place(cell: &Cell) -> (&str, usize) {
    (&cell.workload, cell.threads)
}

fn entry(cell: &Cell, best: f64, remarks: &[&str]) -> Markup {
    let ratio = cell.median_ns / best;
    if cell.is_loop() {
        return html! { td class="loop" { (figure(cell.median_ns)) } };
    }
    let remark = remarks.iter().position(|remark| cell.remark.as_deref() == Some(remark));
    html! {
        td class={ (warmth(ratio)) @if ratio <= 1.0 && cell.is_judged() { " best" } }
            title={ (times(ratio)) " times the best" } {
            @if cell.is_mostly_loop() { span class="flag" { "~" } }
            (figure(cell.median_ns))
            @if remark.is_some() || cell.met == Some(false) {
                span class="after" {
                    @if cell.met == Some(false) { "!" }
                    @if let Some(remark) = remark { sup { (remark + 1) } }
                }
            }
        }
    }
}

fn absent(view: &View, name: (&str, &str), workload: &str) -> Markup {
    let reason = view.unable.iter().find(|unable| {
        (&*unable.contender, &*unable.path, &*unable.workload) == (name.0, name.1, workload)
    });
    html! {
        td class="cannot" { @if let Some(unable) = reason { "cannot: " (unable.reason) } @else { "–" } }
    }
}
