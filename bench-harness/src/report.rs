//! The record in seven forms.

mod comparison;
mod csv;
mod html;
mod json;
mod latency;
mod markdown;
mod noise;
mod overview;
mod scaling;
mod summary;
mod table;
mod view;
mod wrap;

pub use html::{headline_svg, html};
pub use view::View;

use crate::compare::Comparison;
use crate::record::Record;

/// Columns of a terminal.
const WIDTH: usize = 100;

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a terminal: one table, on one screen.
    Summary,
    /// For a terminal: a table for each case.
    Table,
    /// Everything, for programs.
    Json,
    /// One row a cell, for spreadsheets.
    Csv,
    /// One compact table, for a README.
    Markdown,
    /// A page with verdicts, charts and every figure, for people.
    Html,
    /// A picture of the headline, for a README.
    Svg,
}

impl Format {
    /// Every form, by its name.
    pub const ALL: &[(&str, Self)] = &[
        ("summary", Self::Summary),
        ("table", Self::Table),
        ("json", Self::Json),
        ("csv", Self::Csv),
        ("markdown", Self::Markdown),
        ("html", Self::Html),
        ("svg", Self::Svg),
    ];

    /// Returns whether the form is read in a terminal.
    #[must_use]
    pub fn is_for_a_terminal(self) -> bool {
        matches!(self, Self::Summary | Self::Table)
    }

    /// What makes the form from a stored record, if one is enough.
    #[must_use]
    pub fn of_stored(self) -> Option<fn(&View) -> String> {
        match self {
            Self::Html => Some(html),
            Self::Svg => Some(headline_svg),
            Self::Summary | Self::Table | Self::Json | Self::Csv | Self::Markdown => None,
        }
    }
}

/// The record in that form, ending with a newline.
#[must_use]
pub fn write(format: Format, record: &Record) -> String {
    match format {
        Format::Summary => summarised(record),
        Format::Table => table::write(record),
        Format::Json => json::write(record),
        Format::Csv => csv::write(record),
        Format::Markdown => markdown::write(record),
        Format::Html => html(&View::of(record)),
        Format::Svg => headline_svg(&View::of(record)),
    }
}

fn summarised(record: &Record) -> String {
    let mut text = summary::write(&View::of(record));
    if let Some(compared) = &record.comparison {
        text.push('\n');
        text += &comparison::summary(compared);
    }
    text
}

/// Two records compared, in that form, ending with a newline. The forms for people show the later
/// record as well.
///
/// # Errors
///
/// If the later record is asked for and cannot be had.
pub fn write_comparison(
    format: Format,
    comparison: &Comparison,
    later: impl FnOnce() -> Result<View, String>,
) -> Result<String, String> {
    let whole = || Ok::<_, String>(View { comparison: Some(comparison.clone()), ..later()? });
    Ok(match format {
        Format::Summary => comparison::summary(comparison),
        Format::Table => comparison::every_cell(comparison),
        Format::Json => json::write_comparison(comparison),
        Format::Csv => csv::write_comparison(comparison),
        Format::Markdown => comparison::markdown(comparison),
        Format::Html => html(&whole()?),
        Format::Svg => headline_svg(&whole()?),
    })
}
