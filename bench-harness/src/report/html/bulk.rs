//! The grid of bulk calls: so many blocks a take, so many a give, so many held.

use maud::{Markup, html};

use super::chart::swatch;
use super::heat::{MANY, scale, warmth};
use super::words::{figure, full_name};
use crate::distinct::distinct;
use crate::numbers::plural;
use crate::report::view::{Blocks, Cell, View};
use crate::workload::Workload;

/// A workload `bulk:TAKE:GIVE:KEEP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bulk {
    take: usize,
    give: usize,
    keep: usize,
}

impl Bulk {
    fn parse(workload: &str) -> Option<Self> {
        let Ok(Workload::Bulk(calls)) = workload.parse() else { return None };
        Some(Self { take: calls.get(), give: calls.put(), keep: calls.keep() })
    }
}

type Placed<'a> = (&'a Cell, Bulk);
/// What maps side by side have in common: blocks held, threads, and the rest.
type Group<'a> = (usize, usize, Blocks<'a>);

fn group<'a>((cell, bulk): &Placed<'a>) -> Group<'a> {
    (bulk.keep, cell.threads, cell.blocks())
}

/// The section, if there is a grid.
pub(super) fn section(view: &View) -> Option<Markup> {
    let placed: Vec<Placed> =
        view.judged().filter_map(|cell| Some((cell, Bulk::parse(&cell.workload)?))).collect();
    if distinct(placed.iter().map(|(_, bulk)| *bulk)).len() < MANY {
        return None;
    }
    Some(html! {
        section id="bulk" {
            h2 { "Bulk calls" }
            p class="caption" {
                "Nanoseconds per block where each thread takes and gives back several in one call "
                "while it holds others. Rows: blocks a take. Columns: blocks a give. The colour is "
                "the ratio to the best of all maps side by side:"
            }
            (scale())
            @for (index, of) in distinct(placed.iter().map(group)).into_iter().enumerate() {
                details open=[(index == 0).then_some("")] {
                    summary { (title(of)) }
                    (maps(&placed.iter().filter(|one| group(one) == of).copied().collect::<Vec<_>>()))
                }
            }
        }
    })
}

fn title((keep, threads, blocks): Group) -> String {
    format!("{} held, {}, {blocks}", plural(keep, "block"), plural(threads, "thread"))
}

fn maps(cells: &[Placed]) -> Markup {
    let best = cells.iter().map(|(cell, _)| cell.median_ns).fold(f64::INFINITY, f64::min);
    let rising = |pick: fn(&Bulk) -> usize| {
        let mut all = distinct(cells.iter().map(|(_, bulk)| pick(bulk)));
        all.sort_unstable();
        all
    };
    let (takes, gives) = (rising(|bulk| bulk.take), rising(|bulk| bulk.give));
    html! {
        div class="maps" { @for name in distinct(cells.iter().map(|(cell, _)| cell.name())) {
            div class="scroll" tabindex="0" { table class="heat map" {
                caption { (swatch(name.0)) (full_name(name.0, name.1)) }
                thead { tr {
                    th scope="col" { "take\\give" }
                    @for give in &gives { th scope="col" { (give) } }
                } }
                tbody { @for take in &takes { tr {
                    th scope="row" { (take) }
                    @for give in &gives {
                        @let found = cells.iter().find(|(cell, bulk)| {
                            cell.name() == name && (bulk.take, bulk.give) == (*take, *give)
                        });
                        @match found {
                            Some((cell, _)) => td class=(warmth(cell.median_ns / best)) { (figure(cell.median_ns)) },
                            None => td class="cannot" { "–" },
                        }
                    }
                } } }
            } }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_numbers_are_a_place_in_the_grid() {
        assert_eq!(Bulk::parse("bulk:8:32:512"), Some(Bulk { take: 8, give: 32, keep: 512 }));
        assert_eq!(Bulk::parse("bulk"), Bulk::parse("bulk:32:32:32"));
        for other in ["bulk:", "bulk:8:32", "bulk:8:32:512:1", "bulk:a:b:c", "burst"] {
            assert_eq!(Bulk::parse(other), None, "{other}");
        }
    }
}
