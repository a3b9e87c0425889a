//! Two records compared, or one with a run.

use serde_json::{Value, json};

use super::{File, SMALL, measured, run, slowed, steady, text};

#[test]
fn a_cell_slower_than_tolerated_ends_with_code_3() {
    let record = steady();
    let old = File::of("old.json", &record.to_string());
    let new = File::of("new.json", &slowed(&record, 1.2).to_string());
    let compare = |old: &File, new: &File, more: &[&str]| {
        run(&[&["--compare", old.path(), "--with", new.path()], more].concat())
    };
    let json = ["--format", "json"];
    let slower = compare(&old, &new, &json);
    assert_eq!((slower.status.code(), text(&slower.stderr)), (Some(3), ""));
    let slower: Value = serde_json::from_slice(&slower.stdout).expect("valid JSON");
    let changes = slower["comparison"]["changes"].as_array().expect("changes");
    assert_eq!(
        (&changes[0]["verdict"], &changes[1]["verdict"]),
        (&json!("slower"), &json!("no-difference"))
    );
    let [change, low, high] = ["change_percent", "low_percent", "high_percent"]
        .map(|field| changes[0][field].as_f64().expect("a number"));
    assert!((change - 20.0).abs() < 1e-6 && 0.0 < low && low < change && change < high);

    assert_eq!(compare(&old, &new, &["--tolerance", "25"]).status.code(), Some(0));
    assert_eq!(compare(&new, &old, &[]).status.code(), Some(0), "faster is no failure");
    assert_eq!(compare(&old, &old, &["--tolerance", "0"]).status.code(), Some(0), "no change");
    for (format, said) in [("table", "slower !!"), ("markdown", "slower !!"), ("csv", ",slower,")] {
        let output = compare(&old, &new, &["--format", format]);
        assert_eq!(output.status.code(), Some(3), "{format}");
        assert!(text(&output.stdout).contains(said), "{}", text(&output.stdout));
    }
    for more in [&[][..], &["--verbose"]] {
        let table = compare(&old, &new, more);
        let table = text(&table.stdout);
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
        assert_eq!(table.contains("│ system"), !more.is_empty(), "only changes: {table}");
        assert!(table.contains("1 slower"), "{table}");
    }
}

#[test]
fn what_only_one_record_has_is_listed_and_another_machine_is_warned_of() {
    let record = steady();
    let mut changed = record.clone();
    changed["machine"]["cpu"] = json!("Abacus 9000");
    changed["cells"][1]["threads"] = json!(7);
    let (old, new) =
        (File::of("here", &record.to_string()), File::of("there", &changed.to_string()));
    for format in ["table", "json", "markdown", "csv"] {
        let output = run(&["--compare", old.path(), "--with", new.path(), "--format", format]);
        assert_eq!(output.status.code(), Some(0), "{format}");
        let warning = text(&output.stderr);
        assert!(warning.contains("warning: another machine: "), "{format}: {warning}");
        assert!(warning.contains("Abacus 9000 now") && warning.lines().count() == 1, "{warning}");
        let report = text(&output.stdout);
        let listed =
            if format == "json" { "\"only_old\": [\n" } else { "only in the earlier record" };
        assert!(report.contains(listed), "{format}: {report}");
    }
}

/// A record of everything has thousands of cells that a short run has not.
#[test]
fn cells_of_one_record_only_are_counted_and_few_are_named() {
    let record = steady();
    let mut larger = record.clone();
    let cells = larger["cells"].as_array_mut().expect("cells");
    for threads in 100..200 {
        let mut cell = cells[0].clone();
        cell["threads"] = json!(threads);
        cells.push(cell);
    }
    let (old, new) =
        (File::of("larger", &larger.to_string()), File::of("smaller", &record.to_string()));
    let output = run(&["--compare", old.path(), "--with", new.path()]);
    let report = text(&output.stdout);
    let words = report.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("only in the earlier record, 100 cells such as: "), "{report}");
    assert!(report.lines().count() < 15, "{report}");
}

/// Contenders were called differently in older records.
#[test]
fn an_older_record_is_compared_by_the_names_of_today() {
    let record = steady();
    let older = record.to_string().replace("\"block-mutex\"", "\"mutex\"");
    assert_ne!(older, record.to_string());
    let (old, new) = (File::of("older", &older), File::of("today", &record.to_string()));
    let output = run(&["--compare", old.path(), "--with", new.path()]);
    assert!(!text(&output.stdout).contains("only in"), "{}", text(&output.stdout));
}

#[test]
fn a_run_is_compared_with_an_earlier_one() {
    let mut hundredfold = slowed(&measured(), 100.0);
    let old = File::of("hundredfold", &hundredfold.to_string());
    let compare =
        |old: &File, format| run(&[SMALL, &["--compare", old.path(), "--format", format]].concat());
    let faster = compare(&old, "json");
    let record: Value = serde_json::from_slice(&faster.stdout).expect("valid JSON");
    let comparison = &record["comparison"];
    assert_eq!(comparison["old_date"], hundredfold["date"]);
    assert_eq!(comparison["changes"][0]["verdict"], "faster");
    assert_eq!(record["cells"].as_array().expect("cells").len(), 2, "the record is there as well");

    // A hundred times as fast before as now: the loop and the machine cannot make up for it.
    for cell in hundredfold["cells"].as_array_mut().expect("cells") {
        cell["samples_ns"] = json!(vec![0.01; 12]);
    }
    let old = File::of("instant", &hundredfold.to_string());
    for format in ["table", "json", "markdown", "csv"] {
        let slower = compare(&old, format);
        assert_eq!(slower.status.code(), Some(3), "{format}: {}", text(&slower.stderr));
        assert!(text(&slower.stdout).contains("slower"), "{}", text(&slower.stdout));
    }
}

#[test]
fn arguments_that_do_not_go_together_are_refused() {
    for (arguments, said) in [
        (&["--with", "new.json"][..], "--compare <OLD.json>"),
        (&["--tolerance", "3"], "--compare <OLD.json>"),
        (&["--compare", "old.json", "--tolerance", "-1"], "from 0 to 1000000"),
        (&["--compare", "old.json", "--tolerance", "NaN"], "from 0 to 1000000"),
        (&["--compare", "a", "--with", "b", "--threads", "2"], "cannot be used with"),
    ] {
        let output = run(arguments);
        let line = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {line}");
        assert!(line.contains(said) && line.lines().count() == 1, "{arguments:?}: {line}");
    }
}
