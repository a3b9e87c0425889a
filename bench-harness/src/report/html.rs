//! The report for people: one page that needs neither network nor script, on a screen of any width,
//! light or dark, and on paper.

mod axis;
mod bulk;
mod chart;
mod choice;
mod compared;
mod facts;
mod headline;
mod heat;
mod latency;
mod palette;
mod raw;
mod scaling;
mod sweeps;
mod verdicts;
mod words;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::view::View;
pub use headline::svg as headline_svg;

/// The looks of the page.
const STYLE: &str = include_str!("html/style.css");

/// The looks that the page and the picture share.
const CHARTS: &str = include_str!("html/charts.css");

/// The report as one page.
#[must_use]
pub fn html(view: &View) -> String {
    let title = "Block allocators compared";
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) ", " (view.date) }
                // Else a browser asks for an icon.
                link rel="icon" href="data:,";
                style { (PreEscaped(CHARTS)) (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    @if let Some(answer) = verdicts::answer(view) { p class="answer" { (answer) } }
                    p class="origin" {
                        (view.machine.cpu) ", " (crate::numbers::plural(view.machine.cores, "core"))
                        " · " (view.date) " · commit " (words::short_commit(&view.commit))
                    }
                    @if view.interrupted { p class="interrupted" { "The run was interrupted." } }
                }
                (contents(view))
            }
        }
    };
    page.into_string()
}

fn contents(view: &View) -> Markup {
    let sections = [
        Some(("Verdicts", "verdicts", verdicts::section(view))),
        headline::section(view).map(|part| ("Headline", "headline", part)),
        heat::section(view).map(|part| ("All figures", "heat", part)),
        scaling::section(view).map(|part| ("Scaling", "scaling", part)),
        latency::section(view).map(|part| ("Latency", "latency", part)),
        sweeps::section(view).map(|part| ("Sweeps", "sweeps", part)),
        bulk::section(view).map(|part| ("Bulk", "bulk", part)),
        view.comparison.as_ref().map(|part| ("Changes", "comparison", compared::section(part))),
        Some(("Machine", "machine", facts::machine(view))),
        Some(("Settings", "settings", facts::settings(view))),
        Some(("Method", "method", facts::method())),
        Some(("Raw figures", "raw", raw::section(view))),
    ];
    html! {
        nav aria-label="Sections" { @for (name, id, _) in sections.iter().flatten() {
            a href={ "#" (id) } { (name) } " "
        } }
        main { @for (_, _, part) in sections.iter().flatten() { (part) } }
    }
}
