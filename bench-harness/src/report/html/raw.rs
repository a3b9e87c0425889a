//! The raw figures: a row for each cell, without its samples.

use maud::{Markup, html};

use super::words::{full_name, times};
use crate::numbers::plural;
use crate::report::view::{Cell, View};

/// The most rows: a page that a phone still opens. The record has the others.
const MOST: usize = 4_000;

/// The section.
pub(super) fn section(view: &View) -> Markup {
    html! {
        section id="raw" {
            h2 { "Raw figures" }
            details {
                summary { (plural(view.cells.len().min(MOST), "cell")) }
                @if view.cells.len() > MOST {
                    p class="caption" { (view.cells.len() - MOST) " more are in the record alone." }
                }
                (table(&view.cells[..view.cells.len().min(MOST)]))
            }
            @if !view.unable.is_empty() {
                details {
                    summary { "What cannot be done: " (view.unable.len()) }
                    ul { @for unable in &view.unable {
                        li { (unable.contender) "/" (unable.path) ": " (unable.workload) ": " (unable.reason) }
                    } }
                }
            }
        }
    }
}

fn table(cells: &[Cell]) -> Markup {
    let two = |ns: f64| format!("{ns:.2}");
    html! {
        div class="scroll" tabindex="0" { table class="figures" {
            thead { tr {
                th scope="col" { "contender/path" } th scope="col" class="text" { "workload" }
                th scope="col" class="text" { "payload" } th scope="col" { "threads" }
                th scope="col" { "block, B" } th scope="col" { "arena" }
                th scope="col" { "median ns" } th scope="col" { "min ns" } th scope="col" { "samples" }
                th scope="col" { "loop ns" } th scope="col" { "x best" } th scope="col" class="text" { "verdict" }
            } }
            tbody { @for cell in cells { tr {
                th scope="row" { (full_name(&cell.contender, &cell.path)) }
                td class="text" { (cell.workload) } td class="text" { (cell.payload()) }
                td { (cell.threads) } td { (cell.block_size) } td { (cell.arena) }
                td { (two(cell.median_ns)) } td { (two(cell.min_ns)) } td { (cell.samples_ns.len()) }
                td { @if let Some(alone) = cell.loop_ns { (two(alone)) } }
                td { @if let Some(factor) = cell.times_best_allocator { (times(factor)) } }
                td class="text" {
                    @match cell.met { Some(true) => "met", Some(false) => "missed", None => "–" }
                    @if let Some(remark) = &cell.remark { ", " (remark) }
                }
            } } }
        } }
    }
}
