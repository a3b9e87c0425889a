//! Latency: how long single calls take, from the usual one to the slowest.

use maud::{Markup, html};

use super::axis::Axis;
use super::chart::{Chart, Level, LevelClass, Line};
use super::choice::choose;
use super::words::{count, duration, full_name, percentile, significant};
use crate::distinct::distinct;
use crate::latency::{Latency, Timer};
use crate::lineup::CONTROL;
use crate::numbers::{bytes, plural};
use crate::report::view::View;

/// The most charts; the other cases are in the table.
const MOST: usize = 24;

/// The section, if calls were timed.
pub(super) fn section(view: &View) -> Option<Markup> {
    if view.latencies.is_empty() {
        return None;
    }
    let cases = distinct(view.latencies.iter().map(case));
    Some(html! {
        section id="latency" {
            h2 { "Latency of single calls" }
            p class="caption" {
                "Percentiles of calls that were timed one by one, and the slowest of them. "
                "The best path of each contender by its p99. "
                @if let Some(timer) = &view.timer {
                    "In each figure " (significant(timer.cost_ns)) " ns are the clock’s own ("
                    (timer.source) ", steps of " (significant(timer.step_ns)) " ns)."
                }
            }
            div class="charts" { @for case in cases.iter().take(MOST) {
                (chart(&view.latencies, view.timer.as_ref(), *case).figure())
            } }
            details {
                summary { "Figures of all cases and paths" }
                (table(&view.latencies))
            }
        }
    })
}

/// What one chart has in common: workload, threads, block size, arena and call.
type Case<'a> = (&'a str, usize, usize, usize, &'a str);

fn case(latency: &Latency) -> Case<'_> {
    let Latency { workload, threads, block_size, arena, call, .. } = latency;
    (workload, *threads, *block_size, *arena, call)
}

fn chart<'a>(latencies: &'a [Latency], timer: Option<&Timer>, of: Case<'a>) -> Chart<'a> {
    let shown = |latency: &&Latency| case(latency) == of && latency.contender != CONTROL;
    let own: Vec<_> = latencies.iter().filter(shown).collect();
    let mut percents = distinct(own.iter().flat_map(|one| &one.percentiles).map(|one| one.percent));
    percents.sort_by(f64::total_cmp);
    let names: Vec<_> = percents.iter().map(|percent| percentile(*percent)).collect();
    let names: Vec<_> = names.iter().map(String::as_str).chain(["max"]).collect();
    let lines = own.iter().map(|latency| Line {
        contender: &latency.contender,
        path: &latency.path,
        points: points(latency, &percents),
        foretold: false,
    });
    let lines = choose(&lines.collect::<Vec<_>>(), tail);
    let times = lines.iter().flat_map(|line| &line.points).map(|(_, ns)| *ns);
    let (workload, threads, block_size, arena, call) = of;
    let cost = timer.map(|timer| timer.cost_ns);
    Chart {
        title: format!(
            "{call}: {workload}, {}, {}, capacity {}",
            plural(threads, "thread"),
            bytes(block_size),
            count(arena)
        ),
        description: format!(
            "Percentiles of the time of one {call}, of {} contenders",
            lines.len()
        ),
        x: Axis::named("share of the calls", &names),
        y: Axis::time("time of a call", times.chain(cost)),
        levels: timer.into_iter().map(clock).collect(),
        lines,
    }
}

fn points(latency: &Latency, percents: &[f64]) -> Vec<(f64, f64)> {
    let place = |percent: f64| percents.iter().position(|other| *other == percent);
    // A call cannot take no time: what the clock did not see is below its step.
    let seen = |ns: u64| ns.max(1) as f64;
    let known = latency.percentiles.iter();
    let known = known.filter_map(|one| Some((place(one.percent)? as f64, seen(one.ns))));
    known.chain([(percents.len() as f64, seen(latency.max_ns))]).collect()
}

/// The third of the percentiles, p99, as the one to choose a path by; the others where it is equal.
fn tail(line: &Line) -> f64 {
    let all = super::choice::time(line);
    line.points.get(2).map_or(all, |(_, ns)| ns.ln() + all / 1e6)
}

fn clock(timer: &Timer) -> Level {
    let name = format!("the clock alone, {} ns", significant(timer.cost_ns));
    Level { name, value: timer.cost_ns, class: LevelClass::Timer }
}

fn table(latencies: &[Latency]) -> Markup {
    let mut percents =
        distinct(latencies.iter().flat_map(|one| &one.percentiles).map(|one| one.percent));
    percents.sort_by(f64::total_cmp);
    html! {
        div class="scroll" tabindex="0" { table class="figures" {
            thead { tr {
                th scope="col" { "contender/path" } th scope="col" class="text" { "case" }
                th scope="col" class="text" { "call" } th scope="col" { "calls" }
                @for percent in &percents { th scope="col" { (percentile(*percent)) } }
                th scope="col" { "max" }
            } }
            tbody { @for one in latencies { tr {
                th scope="row" { (full_name(&one.contender, &one.path)) }
                td class="text" { (one.workload) ", " (one.threads) " x " (bytes(one.block_size)) " of " (one.arena) }
                td class="text" { (one.call) }
                td { (one.calls) }
                @for percent in &percents {
                    td { @if let Some(known) = one.percentiles.iter().find(|known| known.percent == *percent) {
                        (duration(known.ns as f64))
                    } }
                }
                td { (duration(one.max_ns as f64)) }
            } } }
        } }
    }
}
