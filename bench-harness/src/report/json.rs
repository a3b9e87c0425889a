//! JSON: the record as it is.

use crate::record::Record;

pub(super) fn write(record: &Record) -> String {
    let mut text =
        serde_json::to_string_pretty(record).expect("a record has string keys and plain values");
    text.push('\n');
    text
}
