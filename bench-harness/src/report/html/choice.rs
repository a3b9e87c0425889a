//! Which lines a chart has room for.

use super::chart::Line;
use super::words::{figure, full_name};
use crate::distinct::distinct;
use crate::lineup::{ALL, Kind};
use crate::numbers::plural;

use maud::{Markup, html};

/// The most lines that can be told apart in one chart.
const MOST: usize = 7;

/// Of each contender the best path, the best contender first. The best has the least score.
pub(super) fn choose_all<'a>(lines: &[Line<'a>], score: fn(&Line) -> f64) -> Vec<Line<'a>> {
    let mut best: Vec<&Line> = Vec::new();
    for contender in distinct(lines.iter().map(|line| line.contender)) {
        let own = lines.iter().filter(|line| line.contender == contender);
        best.extend(own.min_by(|a, b| score(a).total_cmp(&score(b))));
    }
    best.sort_by(|a, b| score(a).total_cmp(&score(b)));
    best.into_iter().cloned().collect()
}

/// Of each contender the best path; of many contenders the best, and with them the pool that this is
/// about and the best general allocator.
pub(super) fn choose<'a>(lines: &[Line<'a>], score: fn(&Line) -> f64) -> Vec<Line<'a>> {
    let mut best = choose_all(lines, score);
    let subject = best.iter().position(|line| line.contender == ALL[0].name);
    let general = best.iter().position(|line| kind(line.contender) == Some(Kind::General));
    let wanted = [subject, general];
    let others = MOST - wanted.iter().flatten().count();
    let mut place = 0;
    let mut taken = 0;
    best.retain(|_| {
        let asked_for = wanted.contains(&Some(place));
        place += 1;
        taken += usize::from(!asked_for);
        asked_for || taken <= others
    });
    best
}

/// The sort of a contender, if the registry has it.
pub(super) fn kind(contender: &str) -> Option<Kind> {
    ALL.iter().find(|entry| entry.name == contender).map(|entry| entry.kind)
}

/// The geometric mean of a line's times, as a logarithm.
pub(super) fn time(line: &Line) -> f64 {
    line.points.iter().map(|(_, ns)| ns.ln()).sum::<f64>() / line.points.len() as f64
}

/// What the chart left out as well: every path, every figure.
pub(super) fn all_figures(lines: &[Line], heads: &[(f64, String)]) -> Markup {
    html! {
        details {
            summary { "Figures of all " (plural(lines.len(), "path")) }
            div class="scroll" tabindex="0" { table class="figures" {
                thead { tr {
                    th scope="col" { "contender/path" }
                    @for (_, head) in heads { th scope="col" { (head) } }
                } }
                tbody { @for line in lines { tr {
                    th scope="row" { (full_name(line.contender, line.path)) }
                    @for (x, _) in heads {
                        td { @if let Some((_, y)) = line.points.iter().find(|(at, _)| at == x) { (figure(*y)) } }
                    }
                } } }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'a>(contender: &'a str, path: &'a str, ns: f64) -> Line<'a> {
        Line { contender, path, points: vec![(1.0, ns), (2.0, ns)], foretold: false }
    }

    #[test]
    fn each_contender_has_its_best_path() {
        let lines = [line("block-mutex", "raw", 3.0), line("block-mutex", "handle", 2.0)];
        let chosen = choose(&lines, time);
        assert_eq!((chosen.len(), chosen[0].path), (1, "handle"));
    }

    #[test]
    fn the_subject_and_the_best_allocator_are_there_even_if_many_are_faster() {
        let names: Vec<_> = (0..20).map(|number| format!("pool {number}")).collect();
        let mut lines: Vec<_> = names.iter().map(|name| line(name, "any", 1.0)).collect();
        lines.extend([line("block-lockfree", "raw", 8.0), line("system", "m", 9.0)]);
        lines.push(line("mimalloc", "m", 7.0));
        let chosen: Vec<_> = choose(&lines, time).iter().map(|line| line.contender).collect();
        assert_eq!(chosen.len(), MOST, "{chosen:?}");
        assert_eq!(chosen[MOST - 2..], ["mimalloc", "block-lockfree"]);
    }
}
