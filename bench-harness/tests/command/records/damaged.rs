//! Files that are no records, or no longer.

use serde_json::{Value, json};

use super::{File, run, steady, text};

/// One line that names the file and what is wrong, nothing measured, exit code 2.
#[test]
fn a_record_that_cannot_be_read_gets_one_clear_line() {
    let sound = steady();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut record = sound.clone();
        change(&mut record);
        record.to_string()
    };
    let whole = sound.to_string();
    let wrong = [
        (String::new(), "the file is empty"),
        (whole[..whole.len() / 2].to_owned(), "cut short"),
        (whole.replacen(':', "=", 5), "damaged or cut short"),
        ("contender,path\nmutex,handle\n".to_owned(), "this is no JSON"),
        ("{\"name\": \"package\"}".to_owned(), "JSON, but no bench-harness record"),
        ("[1, 2, 3]".to_owned(), "JSON, but no bench-harness record"),
        (with(&|record| record["format"] = json!("another")), "JSON, but no bench-harness record"),
        (with(&|record| record["format_version"] = json!(2)), "of a newer program"),
        (with(&|record| record["format_version"] = json!("one")), "its version is none"),
        (with(&|record| record["cells"] = json!(3)), "the record is damaged: invalid type"),
        (with(&|record| record["machine"] = json!({})), "the record is damaged: missing field"),
        (with(&|record| record["cells"][0]["samples_ns"] = json!([])), "there is no sample"),
        (with(&|record| record["cells"][0]["samples_ns"][3] = json!(-1.0)), "is -1 ns"),
        (with(&|record| record["cells"][1] = record["cells"][0].clone()), "it has two cells"),
    ];
    let sound = File::of("sound", &whole);
    let output = File::absent("not-written");
    let refused = |arguments: &[&str], file: &str, said: &str| {
        let refused = run(&[arguments, &["--output", output.path()]].concat());
        let line = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{said}: {line}");
        assert_eq!(text(&refused.stdout), "", "{said}");
        assert!(line.contains(file) && line.contains(said), "{said}: {line}");
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(!output.path.exists(), "{said}");
    };
    for (content, said) in &wrong {
        let file = File::of("wrong", content);
        refused(&["--compare", file.path()], file.path(), said);
        refused(&["--compare", sound.path(), "--with", file.path()], file.path(), said);
    }
    refused(&["--compare", "/no/such/file"], "/no/such/file", "cannot read the record");
}
