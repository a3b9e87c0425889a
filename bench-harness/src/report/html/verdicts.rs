//! The verdicts: who met the target, and who is fastest.

use maud::{Markup, html};

use super::chart::swatch;
use super::heat::{Swept, usual};
use super::words::{figure, full_name, times};
use crate::distinct::distinct;
use crate::numbers::plural;
use crate::report::view::{Blocks, Cell, View};

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

/// The answer in one sentence.
pub(super) fn answer(view: &View) -> Option<Markup> {
    let blocks = usual(view)?;
    let best = leaders(view, blocks);
    let Leader { workload, threads, best, general } = best.first()?;
    let unit = if *workload == "exhausted" { "a refusal" } else { "a block taken and given back" };
    Some(html! {
        strong { (best.contender) "/" (best.path) } " is fastest at " (workload) ", "
        (plural(*threads, "thread")) ": "
        strong { (figure(best.median_ns)) " ns" } " for " (unit)
        @if let (Some(times_best), Some(general)) = (best.times_best_allocator, general) {
            @if general.name() != best.name() {
                ", " (times(times_best)) " times as fast as the best general allocator, "
                (general.contender) " (" (figure(general.median_ns)) " ns)"
            }
        }
        "."
    })
}

/// The fastest of a workload and a number of threads.
struct Leader<'a> {
    workload: &'a str,
    threads: usize,
    best: &'a Cell,
    general: Option<&'a Cell>,
}

fn leaders<'a>(view: &'a View, blocks: Blocks) -> Vec<Leader<'a>> {
    let swept = Swept::of(view);
    let of = |cell: &&Cell| cell.blocks() == blocks && !swept.has(&cell.workload);
    let workloads = distinct(view.judged().filter(of).map(|cell| &*cell.workload));
    let place = |workload| workloads.iter().position(|other| *other == workload);
    let mut columns =
        distinct(view.judged().filter(of).map(|cell| (&*cell.workload, cell.threads)));
    columns.sort_by_key(|&(workload, threads)| (place(workload), threads));
    let leaders = columns.into_iter().filter_map(|(workload, threads)| {
        let case = || {
            let here = move |cell: &&Cell| (&*cell.workload, cell.threads) == (workload, threads);
            view.judged().filter(of).filter(here)
        };
        let best = case().min_by(|a, b| a.median_ns.total_cmp(&b.median_ns))?;
        let general = case().find(|cell| cell.best_allocator_ns == Some(cell.median_ns));
        Some(Leader { workload, threads, best, general })
    });
    leaders.collect()
}

fn fastest(view: &View, blocks: Blocks) -> Markup {
    html! {
        p class="caption" {
            "By the median, " (blocks) ". “x best” is how many times as fast as the best "
            "general allocator of the same case."
        }
        div class="scroll" tabindex="0" { table class="fastest" {
            thead { tr {
                th scope="col" { "workload" } th scope="col" class="number" { "threads" }
                th scope="col" { "fastest" } th scope="col" class="number" { "ns" }
                th scope="col" class="number" { "x best" } th scope="col" { "best general allocator" }
            } }
            tbody { @for Leader { workload, threads, best, general } in leaders(view, blocks) { tr {
                th scope="row" { (workload) }
                td class="number" { (threads) }
                td { (swatch(&best.contender)) (full_name(&best.contender, &best.path)) }
                td class="number" { (figure(best.median_ns)) }
                td class="number" { @if let Some(factor) = best.times_best_allocator { strong { (times(factor)) } } }
                td { @if let Some(general) = general {
                    (general.contender) " " span class="path" { (figure(general.median_ns)) " ns" }
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
                        (figure(worst.median_ns)) " ns: "
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
