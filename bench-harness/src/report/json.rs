//! JSON: the record as it is.

use serde::Serialize;

use crate::compare::Comparison;
use crate::record::Record;

pub(super) fn write(record: &Record) -> String {
    pretty(record)
}

/// A comparison where it is in a record: in the field `comparison`.
pub(super) fn write_comparison(comparison: &Comparison) -> String {
    #[derive(Serialize)]
    struct Compared<'a> {
        comparison: &'a Comparison,
    }
    pretty(&Compared { comparison })
}

fn pretty(value: &impl Serialize) -> String {
    let mut text =
        serde_json::to_string_pretty(value).expect("a record has string keys and plain values");
    text.push('\n');
    text
}
