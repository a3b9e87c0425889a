//! The verdicts: who met the target, and who is fastest.

use maud::{Markup, html};

use super::chart::swatch;
use super::heat::{Swept, usual};
use super::words::{duration, figure, full_name, times};
use crate::distinct::distinct;
use crate::lineup::{OURS, SAFE};
use crate::numbers::plural;
use crate::report::noise::{Noise, percent, tells};
use crate::report::view::{Blocks, Cell, View};

/// The path without checks of the contender that this is about.
const UNCHECKED: (&str, &str) = (OURS, "unchecked");

/// The section.
pub(super) fn section(view: &View) -> Markup {
    html! {
        section id="verdicts" {
            h2 { "Verdicts" }
            @if let Some(overall) = view.summary.last() { p class="overall" { (overall) } }
            @if !view.notes.is_empty() {
                ul class="notes" { @for note in &view.notes { li { strong { "Note: " } (note) } } }
            }
            @if let Some(blocks) = usual(view) {
                h3 { "Who is fastest" }
                (fastest(view, blocks))
            }
            @if view.cells.iter().any(|cell| cell.met.is_some()) {
                h3 { "Who met the target" @if let Some(target) = view.target_ns() { " of " (target) " ns" } }
                (met(view))
            }
        }
    }
}

/// Returns the answer in one sentence: the safe path of the contender that this is about, against the
/// best general allocator; or that the run is too noisy for one.
pub(super) fn answer(view: &View) -> Option<Markup> {
    let (blocks, noise) = (usual(view)?, Noise::of(view));
    let safe = |cell: &&Cell| cell.name() == SAFE && cell.blocks() == blocks;
    let cell = view.judged().find(safe)?;
    let same_case = |other: &&Cell| {
        other.blocks() == blocks
            && (&other.workload, other.threads) == (&cell.workload, cell.threads)
    };
    let general = view
        .judged()
        .filter(same_case)
        .find(|other| cell.best_allocator_ns == Some(other.median_ns));
    let unchecked = view.judged().filter(same_case).find(|other| other.name() == UNCHECKED);
    let of = match &*cell.workload {
        "exhausted" => "a failed allocation",
        _ => "an allocation and a free",
    };
    let told = general.map(|other| tells(view, noise.as_ref(), cell, other.median_ns));
    Some(html! {
        strong { (OURS) } " takes " strong { (duration(cell.median_ns)) } " for " (of) " ("
        (cell.workload) ", " (plural(cell.threads, "thread")) ")"
        @if let (Some(true), Some(general)) = (told, general) {
            @let times_as_long = general.median_ns / cell.median_ns;
            ", " @if times_as_long > 1.0 { (times(times_as_long)) " times as fast as " }
            @else { (times(1.0 / times_as_long)) " times as long as " }
            "the best general allocator, " (general.contender) " (" (duration(general.median_ns)) ")"
        }
        @if let Some(unchecked) = unchecked {
            "; " (duration(unchecked.median_ns)) " unchecked"
        }
        "."
        @if told == Some(false) {
            " This run is too noisy to rank it against general allocators"
            @if let Some(noise) = &noise {
                ": the same pool measured twice differs by " (percent(noise.usual())) " (median), "
                (percent(noise.worst())) " (worst)"
            }
            "."
        }
    })
}

/// The fastest of a workload and a number of threads.
struct Leader<'a> {
    workload: &'a str,
    threads: usize,
    best: &'a Cell,
    general: Option<&'a Cell>,
    /// Whether its lead over the next contender says something.
    leads: bool,
    /// Whether the difference from the best general allocator says something.
    differs: bool,
}

fn leaders<'a>(view: &'a View, blocks: Blocks) -> Vec<Leader<'a>> {
    let (swept, noise) = (Swept::of(view), Noise::of(view));
    let of = |cell: &&Cell| cell.blocks() == blocks && !swept.has(&cell.workload);
    let workloads = distinct(view.judged().filter(of).map(|cell| &*cell.workload));
    let place = |workload| workloads.iter().position(|other| *other == workload);
    let mut columns =
        distinct(view.judged().filter(of).map(|cell| (&*cell.workload, cell.threads)));
    columns.sort_by_key(|&(workload, threads)| (place(workload), threads));
    let leaders = columns.into_iter().filter_map(|(workload, threads)| {
        let case = || {
            let here = move |cell: &&Cell| (&*cell.workload, cell.threads) == (workload, threads);
            view.judged().filter(of).filter(here).filter(|cell| cell.path != "unchecked")
        };
        let best = case().min_by(|a, b| a.median_ns.total_cmp(&b.median_ns))?;
        let general = case().find(|cell| cell.best_allocator_ns == Some(cell.median_ns));
        let others = case().filter(|cell| cell.contender != best.contender);
        let next = others.map(|cell| cell.median_ns).min_by(f64::total_cmp);
        let leads = next.is_none_or(|next| tells(view, noise.as_ref(), best, next));
        let differs = general.is_some_and(|cell| tells(view, noise.as_ref(), best, cell.median_ns));
        Some(Leader { workload, threads, best, general, leads, differs })
    });
    leaders.collect()
}

fn fastest(view: &View, blocks: Blocks) -> Markup {
    html! {
        p class="caption" {
            "By the median, " (blocks) ", without unchecked paths. “x best” is how many times as fast "
            "as the best general allocator of the same case. “noise”: the same pool measured twice differs by as much."
        }
        div class="scroll" tabindex="0" { table class="fastest" {
            thead { tr {
                th scope="col" { "workload" } th scope="col" class="number" { "threads" }
                th scope="col" { "fastest" } th scope="col" class="number" { "ns" }
                th scope="col" class="number" { "x best" } th scope="col" { "best general allocator" }
            } }
            tbody { @for Leader { workload, threads, best, general, leads, differs } in leaders(view, blocks) { tr {
                th scope="row" { (workload) }
                td class="number" { (threads) }
                td {
                    @if leads { (swatch(&best.contender)) (full_name(&best.contender, &best.path)) }
                    @else { "noise" }
                }
                td class="number" { (figure(best.median_ns)) }
                td class="number" {
                    @if general.is_some_and(|general| general.name() == best.name()) { "1" }
                    @else if let Some(factor) = best.times_best_allocator {
                        @if differs { strong { (times(factor)) } } @else { "noise" }
                    }
                }
                td { @if let Some(general) = general {
                    (general.contender) " " span class="path" { (duration(general.median_ns)) }
                } @else { "none can" } }
            } } }
        } }
    }
}

fn met(view: &View) -> Markup {
    let names = distinct(view.judged().filter(|cell| cell.met.is_some()).map(Cell::name));
    html! {
        div class="scroll" tabindex="0" { table class="met" {
            thead { tr {
                th scope="col" { "contender/path" } th scope="col" { "verdict" }
                th scope="col" class="number" { "cells met" } th scope="col" { "worst case" }
            } }
            tbody { @for name in names {
                @let own = view.judged().filter(|cell| cell.name() == name && cell.met.is_some());
                @let own: Vec<&Cell> = own.collect();
                @let met = own.iter().filter(|cell| cell.met == Some(true)).count();
                @let worst = own.iter().max_by(|a, b| a.median_ns.total_cmp(&b.median_ns));
                tr {
                    th scope="row" { (swatch(name.0)) (full_name(name.0, name.1)) }
                    td { (verdict(met, own.len())) }
                    td class="number" { (met) " of " (own.len()) }
                    td { @if let Some(worst) = worst {
                        (duration(worst.median_ns)) ": "
                        span class="path" { (worst.workload) ", " (plural(worst.threads, "thread")) }
                    } }
                }
            } }
        } }
    }
}

fn verdict(met: usize, of: usize) -> Markup {
    match met {
        0 => html! { span class="verdict none" { "✗ missed" } },
        _ if met == of => html! { span class="verdict all" { "✓ met" } },
        _ => html! { span class="verdict some" { "◐ met in part" } },
    }
}
