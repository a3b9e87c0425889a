//! What a record says of its run.

use serde_json::json;

use super::{SMALL, measured, run};

#[test]
fn a_record_says_where_it_comes_from() {
    let record = measured();
    assert_eq!(record["format"], "bench-harness record");
    assert_eq!((&record["format_version"], &record["interrupted"]), (&json!(1), &json!(false)));
    assert_eq!(record["version"], env!("CARGO_PKG_VERSION"));
    let commit = record["commit"].as_str().expect("a commit");
    let hash = commit.strip_suffix("-dirty").unwrap_or(commit);
    let short = hash.len() >= 4 && hash.chars().all(|digit| digit.is_ascii_hexdigit());
    assert!(short || commit == "unknown", "{commit}");
    let date = record["date"].as_str().expect("a date");
    // 2026-11-24T21:50:01Z
    let shape: String = date.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00Z");
    assert!(record.get("comparison").is_none(), "nothing was compared");
}

#[test]
fn a_csv_row_has_the_same_and_every_sample() {
    let output = run(&[SMALL, &["--format", "csv"]].concat());
    let mut reader = csv::Reader::from_reader(&output.stdout[..]);
    let header = reader.headers().expect("a header").clone();
    let rows: Vec<_> = reader.records().collect::<Result<_, _>>().expect("rows");
    let field = |row: usize, name: &str| {
        let column = header.iter().position(|column| column == name).expect("a column");
        rows[row][column].to_owned()
    };
    for row in 0..2 {
        for name in ["cpu", "cores", "kernel", "rustc", "commit", "version", "date", "rounds"] {
            assert_ne!(field(row, name), "", "{name}");
        }
        assert_eq!(field(row, "interrupted"), "false");
        let samples = field(row, "samples_ns");
        let least = samples.split(' ').map(|ns| ns.parse().expect("a number"));
        let (count, least) = (samples.split(' ').count(), least.fold(f64::INFINITY, f64::min));
        assert_eq!(
            (count.to_string(), least.to_string()),
            (field(row, "samples"), field(row, "min_ns"))
        );
    }
}
