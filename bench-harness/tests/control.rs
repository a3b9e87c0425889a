//! The same pool against itself, measured as any two contenders are: it must come out equal.

#[path = "support/command.rs"]
mod support;

use serde_json::Value;
use support::{run, text};

/// Equal within the stated error: the rule by which a comparison tells two figures apart (that it does
/// tell what differs is tested beside it). No figure is asserted: the two take turns on the same
/// cores, so whatever slows down one of them slows down the other. The rule may be wrong in one run of
/// twenty, so it must be wrong three times in a row to count: what really differs is told each time.
#[test]
fn a_pool_comes_out_equal_to_itself() {
    let told_apart = (0..3).map(|_| told_apart()).take_while(|&cases| cases > 0);
    let told_apart: Vec<_> = told_apart.collect();
    assert!(told_apart.len() < 3, "told apart from itself, of 4 cases in {told_apart:?}");
}

/// In how many of its cases a run tells the pool from itself.
fn told_apart() -> u64 {
    let output = run(&[
        "--contender=block-lockfree/handle,control",
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
    let stated = control["most_percent"].as_f64().expect("the greatest difference");
    assert!(control["usual_percent"].as_f64().is_some_and(|usual| usual <= stated), "{control}");
    assert!(record["notes"].to_string().contains("control: the same pool"), "{record}");
    control["told_apart"].as_u64().expect("a number of cases")
}
