//! The table of the tag in `docs/security.md` agrees with its formula.

/// Formats a time as the page does: three digits, in the largest unit that it reaches.
fn words(seconds: f64) -> String {
    const YEAR: f64 = 365.2425 * DAY;
    const DAY: f64 = 86_400.0;
    let units = [(YEAR, "years"), (DAY, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "s")];
    let &(unit, name) = units.iter().find(|(unit, _)| seconds >= *unit).expect("a second or more");
    let value = seconds / unit;
    let before_the_point = value.log10() as i32 + 1;
    let last_digit = 10_f64.powi(before_the_point - 3);
    let value = (value / last_digit).round() * last_digit;
    format!("{value:.*} {name}", (3 - before_the_point).max(0) as usize)
}

/// Invariant 7: the tag has every bit that the index does not need.
#[test]
fn the_table_of_the_tag_agrees_with_its_formula() {
    let page = include_str!("../../docs/security.md");
    let (_, table) = page.split_once("| capacity | tag bits |").expect("the table");
    let rows = table.lines().skip(2).map_while(|line| line.strip_prefix("| "));
    let mut count = 0;
    for row in rows {
        let cells: Vec<_> = row.trim_end_matches(" |").split(" | ").collect();
        let capacity: u64 = cells[0].parse().expect("a number");
        let index_bits = (capacity as f64 + 1.0).log2().ceil() as u32;
        assert_eq!(cells[1], (64 - index_bits).to_string(), "tag bits of {capacity}");
        for (cell, rate) in cells[2..].iter().zip([1e6, 1e7, 1e8, 1e9]) {
            let window = 2_f64.powi(64 - index_bits as i32);
            assert_eq!(*cell, words(window / rate), "{capacity} blocks, {rate:e} pops a second");
        }
        assert_eq!(cells.len(), 6, "{row}");
        count += 1;
    }
    assert!(count >= 8, "{count} rows were found");
}
