//! The same pool against itself, measured as any two contenders are: it must come out equal.

#[path = "support/command.rs"]
mod support;

use serde_json::Value;
use support::{run, text};

/// Equal within the stated error: the rule by which a comparison tells two figures apart, which is
/// wrong once in twenty runs at most (that it does tell what differs is tested beside it). A timing,
/// but no figure of it is asserted: the two take turns on the same cores, so whatever slows down one
/// of them slows down the other.
#[test]
fn a_pool_comes_out_equal_to_itself() {
    let output = run(&[
        "--contender=lock-free/handle,control",
        "--workload=pair,burst",
        "--threads=1,2",
        "--block-size=256",
        "--arena=4096",
        "--time=3",
        "--rounds=50",
        "--passes=5",
        "--format=json",
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let record: Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
    let control = &record["control"];
    assert_eq!(control["cases"], 4, "{control}");
    assert_eq!(control["told_apart"], 0, "{control}");
    let stated = control["most_percent"].as_f64().expect("the greatest difference");
    assert!(control["usual_percent"].as_f64().is_some_and(|usual| usual <= stated), "{control}");
    assert!(record["notes"].to_string().contains("control: the same pool"), "{record}");
}
