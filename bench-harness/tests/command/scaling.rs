//! What a run says of more cores.

use serde_json::Value;

use crate::support::{run, text};

/// A quick run of pairs.
fn pairs(threads: &str, contender: &str, format: &str) -> String {
    let grid = ["--time", "0.05", "--rounds", "3", "--workload", "pair", "--capacity", "100"];
    let more = ["--block-size", "64,1K", "--contender", contender, "--format", format];
    let output = run(&[&grid[..], &["--threads", threads], &more].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

fn record(threads: &str, contender: &str) -> Value {
    serde_json::from_str(&pairs(threads, contender, "json")).expect("valid JSON")
}

/// The figures hang together; what they are is the machine's business.
#[test]
fn a_run_on_one_core_and_on_two_foretells_more() {
    let record = record("1,2", "plain-stack,block-lockfree/handle,array-queue,system");
    if record["machine"]["cores"] == 1 {
        assert!(record.get("scaling").is_none());
        return;
    }
    let scaling = &record["scaling"];
    let figure = |value: &Value| value.as_f64().expect("a number");
    let transfer_ns = figure(&scaling["transfer_ns"]);
    assert!(0.0 < figure(&scaling["transfer_min_ns"]), "{scaling}");
    assert!(figure(&scaling["transfer_min_ns"]) <= transfer_ns, "{scaling}");
    let saturations = scaling["saturations"].as_array().expect("an array");
    assert_eq!(saturations.len(), 4, "what was counted: {saturations:?}");
    for saturation in saturations {
        let stack = saturation["contender"] == "plain-stack";
        let rmws = figure(&saturation["shared_rmws"]);
        assert_eq!(rmws, if stack { 2.0 } else { 0.0 }, "{saturation}");
        let [point] = &saturation["points"].as_array().expect("an array")[..] else {
            panic!("one point, of 2 threads: {saturation}");
        };
        assert_eq!(point["threads"], 2);
        let limit = figure(&saturation["alone_ns"]) / (rmws * transfer_ns);
        let cores = saturation["cores"].as_f64();
        assert_eq!(cores.is_some(), stack, "{saturation}");
        assert!(cores.is_none_or(|cores| (cores / limit - 1.0).abs() < 1e-9), "{saturation}");
        let foretold = figure(&point["foretold"]);
        assert!((foretold / limit.min(2.0) - 1.0).abs() < 1e-9, "{saturation}");
        assert!(figure(&point["speedup"]) > 0.0, "{saturation}");
    }
}

#[test]
fn one_thread_predicts_nothing() {
    let alone = record("1", "plain-stack");
    assert!(alone.get("scaling").is_none());
    let others = record("1,2", "system");
    assert!(others.get("scaling").is_none());
}

#[test]
fn every_form_of_the_report_but_those_for_a_terminal_has_it() {
    for format in ["summary", "table"] {
        let text = pairs("1,2", "plain-stack", format);
        assert!(!text.contains("scaling: ") && !text.contains("foretold"), "{text}");
    }
    if record("1,2", "plain-stack")["machine"]["cores"] == 1 {
        return;
    }
    let markdown = pairs("1,2", "plain-stack", "markdown");
    assert!(markdown.contains("| plain-stack/raw       | pair     | 2.00 |"), "{markdown}");
    let csv = pairs("1,2", "plain-stack,system", "csv");
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let header = rows.headers().expect("a header").clone();
    let column = |name| header.iter().position(|field| field == name).expect("a column");
    let wanted = ["contender", "threads", "shared_rmws", "saturation_cores"].map(column);
    for row in rows.records() {
        let row = row.expect("as long as the header");
        let [contender, threads, rmws, cores] = wanted.map(|column| &row[column]);
        let has = contender == "plain-stack" && threads == "1";
        assert_eq!(rmws, if has { "2.0" } else { "" }, "{row:?}");
        assert_eq!(!cores.is_empty(), has, "{row:?}");
    }
}
