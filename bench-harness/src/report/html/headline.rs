//! The headline: the shortest workload, the best path of each contender, one thread and all cores.

use maud::{Markup, PreEscaped, html};

use super::CHARTS;
use super::axis::Axis;
use super::chart::Line;
use super::choice::{choose_all, time};
use super::heat::usual;
use super::palette::Looks;
use super::words::{duration, figure, short_commit, significant};
use crate::distinct::distinct;
use crate::lineup::SAFE;
use crate::numbers::plural;
use crate::report::view::{Cell, View};

/// The width that the picture is drawn for; its letters can be read at three quarters of it.
const WIDTH: usize = 480;
/// Where the bars begin, and the longest one ends.
const LEFT: usize = 174;
const RIGHT: usize = WIDTH - 52;
const BAR: usize = 15;
const TOP: usize = 108;
/// The least space between the middles of two labels of the axis.
const ROOM: f64 = 56.0;
/// Letters of a contender's name beyond which they are squeezed.
const LETTERS: usize = 18;
/// The space between two contenders.
const GAP: usize = 9;

/// What is shown: a bar for each number of threads, in a row for each contender.
struct Bars<'a> {
    workload: &'a str,
    threads: Vec<usize>,
    rows: Vec<Line<'a>>,
    /// The loop alone.
    alone: Option<Line<'a>>,
    place: String,
}

/// The section of the page.
pub(super) fn section(view: &View) -> Option<Markup> {
    let bars = bars(view)?;
    Some(html! {
        section id="headline" {
            h2 { "The headline" }
            figure class="headline" { (picture(view, &bars, false)) }
        }
    })
}

/// The headline as a picture of its own, for a README: it brings its style, and follows the reader's
/// choice of light or dark. Empty if there is nothing to show.
#[must_use]
pub fn svg(view: &View) -> String {
    bars(view).map(|bars| picture(view, &bars, true).into_string() + "\n").unwrap_or_default()
}

fn bars(view: &View) -> Option<Bars<'_>> {
    let blocks = usual(view)?;
    let here = |cell: &&Cell| cell.blocks() == blocks;
    let first = &view.judged().find(here)?.workload;
    let pair = view.judged().filter(here).find(|cell| cell.workload == "pair");
    let workload = pair.map_or(&**first, |cell| &cell.workload);
    let cells: Vec<&Cell> = view
        .cells
        .iter()
        .filter(here)
        .filter(|cell| cell.workload == workload && (cell.is_judged() || cell.is_loop()))
        .collect();
    let threads = distinct(cells.iter().map(|cell| cell.threads));
    let (least, cores) = (*threads.iter().min()?, view.machine.cores);
    let most = threads.iter().copied().filter(|threads| *threads <= cores).max().unwrap_or(least);
    let threads = distinct([least, most].into_iter());
    let lines = distinct(cells.iter().map(|cell| (cell.name(), cell.is_loop())));
    let lines = lines.into_iter().map(|(name, is_loop)| {
        let own =
            cells.iter().filter(|cell| cell.name() == name && threads.contains(&cell.threads));
        let points = own.map(|cell| (cell.threads as f64, cell.median_ns)).collect();
        (Line { contender: name.0, path: name.1, points, foretold: false }, is_loop)
    });
    let (alone, rows): (Vec<_>, Vec<_>) =
        lines.filter(|(line, _)| !line.points.is_empty()).partition(|(_, is_loop)| *is_loop);
    let all: Vec<_> = rows.into_iter().map(|(line, _)| line).collect();
    let mut rows = choose_all(&all, time);
    // Of the pool that this is about the safe path as well, if another one is faster.
    let safe = |line: &&Line| (line.contender, line.path) == SAFE;
    let missing = rows.iter().find(safe).is_none().then(|| all.iter().find(safe)).flatten();
    rows.extend(missing.cloned());
    rows.sort_by(|a, b| time(a).total_cmp(&time(b)));
    Some(Bars {
        workload,
        threads,
        rows,
        alone: alone.into_iter().map(|(line, _)| Line { path: "no allocator", ..line }).next(),
        place: blocks.to_string(),
    })
}

fn picture(view: &View, bars: &Bars, alone: bool) -> Markup {
    let Bars { workload, threads, rows, place, .. } = bars;
    let shown: Vec<&Line> = rows.iter().chain(&bars.alone).collect();
    let target = view.target_ns();
    let values = shown.iter().flat_map(|line| &line.points).map(|(_, ns)| *ns);
    let x = Axis::time("", values.chain(target));
    let row = threads.len() * BAR + GAP;
    let bottom = TOP + shown.len() * row;
    let height = bottom + 78;
    let title = format!("{workload}: nanoseconds per block, less is better");
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (height) } role="img"
            width=[alone.then_some(WIDTH)] height=[alone.then_some(height)] aria-label=(title) {
            title { (title) }
            desc { (in_words(bars, target)) }
            @if alone {
                style { (PreEscaped(CHARTS)) }
                rect class="paper" width=(WIDTH) height=(height) rx="6" {}
            }
            text class="title" x="12" y="27" { (workload) ": ns per block, less is better" }
            text class="label" x="12" y="47" { (place) }
            (legend(threads, &x))
            (ticks(&x, bottom))
            @for (index, line) in shown.iter().enumerate() {
                (name(line, TOP + index * row + threads.len() * BAR / 2, threads.len() > 1, &shown))
                @for (index, y, end, _) in places(line, threads, &x, TOP + index * row) {
                    rect class={ "bar " (Looks::of(line.contender).class()) " b" (index) } x=(LEFT) y=(y + 1)
                        width=(format!("{:.1}", (end - LEFT as f64).max(1.0))) height=(BAR - 2) {}
                }
            }
            @if let Some(ns) = target {
                @let at = along(&x, ns);
                path class="target" d={ "M" (at) " " (TOP - 12) "V" (bottom) } {}
                text class="label middle strong" x=(at) y=(TOP - 17) { "target " (ns) " ns" }
            }
            @for (index, line) in shown.iter().enumerate() {
                @for (_, y, end, ns) in places(line, threads, &x, TOP + index * row) {
                    text class="label halo" x=(format!("{:.1}", end + 5.0)) y=(y + 12) { (figure(ns)) }
                }
            }
            text class="label" x="12" y=(bottom + 42) { (view.machine.cpu) ", " (plural(view.machine.cores, "core")) }
            text class="label" x="12" y=(bottom + 60) { (view.date) ", commit " (short_commit(&view.commit)) }
        }
    }
}

fn legend(threads: &[usize], x: &Axis) -> Markup {
    html! {
        @for (index, threads) in threads.iter().enumerate() {
            @let at = 12 + index * 100;
            rect class={ "bar any b" (index) } x=(at) y="59" width="14" height="12" {}
            text class="label" x=(at + 20) y="70" { (plural(*threads, "thread")) }
        }
        @if x.logarithmic {
            text class="label end" x=(WIDTH - 12) y="70" { "log scale" }
        }
    }
}

/// Lines from top to bottom, with labels as far as there is room for them.
fn ticks(x: &Axis, bottom: usize) -> Markup {
    let mut free = 0.0;
    let mut has_room = |at: f64| {
        let room = at >= free;
        free = if room { at + ROOM } else { free };
        room
    };
    html! {
        @for (value, words) in &x.ticks {
            @let at = along(x, *value);
            path class="grid" d={ "M" (at) " " (TOP - 6) "V" (bottom) } {}
            @if has_room(at) { text class="label middle" x=(at) y=(bottom + 16) { (words) } }
        }
    }
}

/// The names of a row.
fn name(line: &Line, middle: usize, has_room: bool, all: &[&Line]) -> Markup {
    let rows = if has_room {
        vec![
            ("strong", line.contender.to_owned(), middle - 2),
            ("", line.path.to_owned(), middle + 13),
        ]
    } else {
        vec![("strong", unique_name(line, all), middle + 5)]
    };
    html! {
        @for (class, name, y) in rows {
            text class={ "label end " (class) } x=(LEFT - 8) y=(y) textLength=[squeezed(&name)]
                lengthAdjust="spacingAndGlyphs" { (name) }
        }
    }
}

/// Returns the contender's name, with the path if another row is of the same contender.
fn unique_name(line: &Line, all: &[&Line]) -> String {
    let rows = all.iter().filter(|other| other.contender == line.contender).count();
    if rows > 1 { format!("{}/{}", line.contender, line.path) } else { line.contender.to_owned() }
}

/// The bars of a row: which, where, how far, and the figure.
fn places(line: &Line, threads: &[usize], x: &Axis, top: usize) -> Vec<(usize, usize, f64, f64)> {
    let places = threads.iter().enumerate().filter_map(|(index, threads)| {
        let (_, ns) = line.points.iter().find(|(at, _)| *at == *threads as f64)?;
        Some((index, top + index * BAR, along(x, *ns), *ns))
    });
    places.collect()
}

/// The width of a name that would not fit otherwise.
fn squeezed(name: &str) -> Option<usize> {
    (name.chars().count() > LETTERS).then_some(LEFT - 20)
}

/// Where a value lies, in units of the picture.
fn along(x: &Axis, value: f64) -> f64 {
    let at = LEFT as f64 + x.share(value) * (RIGHT - LEFT) as f64;
    (10.0 * at).round() / 10.0
}

/// The picture for those who do not see it.
fn in_words(bars: &Bars, target: Option<f64>) -> String {
    let all: Vec<&Line> = bars.rows.iter().chain(&bars.alone).collect();
    let rows = all.iter().map(|line| {
        let points = line.points.iter().map(|(threads, ns)| {
            format!("{} at {}", duration(*ns), plural(*threads as usize, "thread"))
        });
        format!("{} {}", unique_name(line, &all), points.collect::<Vec<_>>().join(", "))
    });
    let mut text = rows.collect::<Vec<_>>().join("; ");
    if let Some(ns) = target {
        text += &format!("; the target is {} ns", significant(ns));
    }
    text
}
