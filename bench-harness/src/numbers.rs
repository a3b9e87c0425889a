//! Numbers, as every report says them.

/// A number and its noun.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A size in the largest unit, up to MiB, of which it is a whole number: 64 B, 16 KiB, 1024 MiB.
#[must_use]
pub fn bytes(size: usize) -> String {
    match size {
        0 => "0 B".to_owned(),
        _ if size.is_multiple_of(1 << 20) => format!("{} MiB", size >> 20),
        _ if size.is_multiple_of(1 << 10) => format!("{} KiB", size >> 10),
        _ => format!("{size} B"),
    }
}
