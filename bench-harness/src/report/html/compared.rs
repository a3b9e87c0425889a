//! What has changed since an earlier record.

use maud::{Markup, html};

use super::words::{figure, full_name};
use crate::compare::{Change, Comparison, Verdict};
use crate::numbers::plural;

/// The section.
pub(super) fn section(comparison: &Comparison) -> Markup {
    let told = |change: &&Change| matches!(change.verdict, Verdict::Slower | Verdict::Faster);
    let (changed, same): (Vec<_>, Vec<_>) = comparison.changes.iter().partition(told);
    html! {
        section id="comparison" {
            h2 { "What has changed" }
            p class="overall" { (comparison.summary()) }
            p class="caption" {
                "Before: " (comparison.old_date) ", commit " (comparison.old_commit)
                ". Now: " (comparison.new_date) ", commit " (comparison.new_commit)
                ". In brackets: the 95 % confidence interval of the change of the median."
            }
            @if !comparison.warnings.is_empty() {
                ul class="notes" { @for warning in &comparison.warnings { li { strong { "Note: " } (warning) } } }
            }
            @if !changed.is_empty() { (table(&changed)) }
            @if !same.is_empty() {
                details { summary { "No difference to be told: " (plural(same.len(), "cell")) } (table(&same)) }
            }
            @for (which, places) in [("earlier", &comparison.only_old), ("later", &comparison.only_new)] {
                @if !places.is_empty() {
                    details {
                        summary { "Only in the " (which) " record: " (plural(places.len(), "cell")) }
                        ul { @for place in places { li { (place) } } }
                    }
                }
            }
        }
    }
}

fn table(changes: &[&Change]) -> Markup {
    html! {
        div class="scroll" tabindex="0" { table class="figures" {
            thead { tr {
                th scope="col" { "contender/path" } th scope="col" class="text" { "case" }
                th scope="col" { "before, ns" } th scope="col" { "now, ns" } th scope="col" { "change" }
                th scope="col" class="text" { "verdict" }
            } }
            tbody { @for change in changes {
                @let place = &change.place;
                tr {
                    th scope="row" { (full_name(&place.contender, &place.path)) }
                    td class="text" { (place.workload) ", " (place.threads) " x " (crate::numbers::bytes(place.block_size)) " of " (place.arena) }
                    td { (figure(change.old_median_ns)) }
                    td { (figure(change.new_median_ns)) }
                    td { (percent(change)) }
                    td class="text" {
                        @if change.beyond_tolerance { strong { (change.verdict.words()) ", beyond the tolerance" } }
                        @else { (change.verdict.words()) }
                    }
                }
            } }
        } }
    }
}

fn percent(change: &Change) -> String {
    let range = change.low_percent.zip(change.high_percent);
    let range = range.map_or_else(String::new, |(low, high)| format!(" ({low:+.1} to {high:+.1})"));
    format!("{:+.1} %{range}", change.change_percent)
}
