//! The machine, the settings, and the method in short.

use maud::{Markup, html};

use crate::numbers::plural;
use crate::report::view::View;

/// What the figures were measured on.
pub(super) fn machine(view: &View) -> Markup {
    let machine = &view.machine;
    html! {
        section id="machine" {
            h2 { "Machine" }
            dl {
                dt { "Processor" } dd { (machine.cpu) }
                dt { "Cores" } dd { (machine.cores) }
                dt { "Kernel" } dd { (machine.kernel) }
                dt { "Compiler" } dd { (machine.rustc) }
                @if let Some(load) = machine.load {
                    dt { "Load before the run" } dd { (format!("{load:.2}")) }
                }
            }
        }
    }
}

/// How they were measured.
pub(super) fn settings(view: &View) -> Markup {
    html! {
        section id="settings" {
            h2 { "Settings" }
            dl {
                dt { "Date" } dd { (view.date) }
                dt { "Commit" } dd { (view.commit) }
                @if !view.version.is_empty() { dt { "bench-harness" } dd { (view.version) } }
                @if let Some(settings) = view.settings {
                    dt { "Time allowed" } dd { (settings.time_seconds) " s" }
                    dt { "Rounds" } dd {
                        (settings.rounds)
                        @if let Some(passes) = settings.passes { " in " (passes) @if passes == 1 { " pass" } @else { " passes" } }
                    }
                    dt { "Target" } dd { (settings.target_ns) " ns per block" }
                }
                dt { "Figures" } dd { (plural(view.cells.len(), "cell")) @if view.interrupted { ", interrupted" } }
            }
        }
    }
}

/// The library's page on the method, in short.
pub(super) fn method() -> Markup {
    html! {
        section id="method" {
            h2 { "Method" }
            h3 { "What is measured" }
            p {
                "The wall time from the first thread’s start to the last one’s end, divided by the "
                "blocks that all threads together took and gave back: nanoseconds of the machine per "
                "block, not of a thread. Threads are pinned, one to a core, and start together. The "
                "contenders of a case take turns, round by round, in changing order, so that drift of "
                "the machine’s speed meets all alike; the run goes over all cases several times, with "
                "new pools each time. The verdict is on the median of the rounds. The “control” is the "
                "lock-free pool’s safe path, measured once more: what it differs by is chance. The "
                "loop is compiled for each contender and writes the first byte of each block, unless the "
                "workload or its payload says otherwise; what it costs alone is shown, not subtracted. Of “exhausted” the figure is the time of a "
                "refusal."
            }
            h3 { "What is checked" }
            p {
                "Before a case is measured, its blocks are stamped while held and compared before they "
                "are given back, in an arena with just as many blocks as the threads hold. After each "
                "run all blocks are taken once more: each must be there once, inside the region, and "
                "be counted. The first failure ends the run, without a report. Pools that grow, and "
                "malloc, have no bound to be checked."
            }
            h3 { "What is not" }
            p {
                "Building a pool, the first touch of its memory, memory used, and what a real holder "
                "does with a block between take and give. Latencies of single calls only where this "
                "report has them."
            }
            h3 { "In whose favour it errs" }
            ul {
                li { "Threads that are done early, or run one after another on a busy machine, leave "
                    "the others less contended: in favour of contenders under contention." }
                li { "Equal sizes, nothing else on the heap, no fragmentation: in favour of malloc, as "
                    "are its lower alignment and the missing bound." }
                li { "A pool that hands out what it got back last uses the same few blocks again, and "
                    "every run begins with the free blocks in order of address: in favour of such pools." }
                li { "The pools are inlined into the loop, malloc is a call: in favour of the pools, as "
                    "in a program." }
            }
        }
    }
}
