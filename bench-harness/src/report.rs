//! The record in four forms.

mod comparison;
mod csv;
mod json;
mod latency;
mod markdown;
mod overview;
mod scaling;
mod table;
mod wrap;

use crate::compare::Comparison;
use crate::record::Record;

/// Columns of a terminal.
const WIDTH: usize = 100;

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a terminal: a table for each case.
    Table,
    /// Everything, for programs.
    Json,
    /// One row a cell, for spreadsheets.
    Csv,
    /// One compact table, for a README.
    Markdown,
}

impl Format {
    /// Every form, by its name.
    pub const ALL: &[(&str, Self)] = &[
        ("table", Self::Table),
        ("json", Self::Json),
        ("csv", Self::Csv),
        ("markdown", Self::Markdown),
    ];
}

/// The record in that form, ending with a newline.
#[must_use]
pub fn write(format: Format, record: &Record) -> String {
    match format {
        Format::Table => table::write(record),
        Format::Json => json::write(record),
        Format::Csv => csv::write(record),
        Format::Markdown => markdown::write(record),
    }
}

/// Two records compared, in that form, ending with a newline.
#[must_use]
pub fn write_comparison(format: Format, comparison: &Comparison) -> String {
    match format {
        Format::Table => comparison::table(comparison),
        Format::Json => json::write_comparison(comparison),
        Format::Csv => csv::write_comparison(comparison),
        Format::Markdown => comparison::markdown(comparison),
    }
}
