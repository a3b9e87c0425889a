//! What the command is asked, and what it says of that.

use crate::support::{run, text};

#[test]
fn help_and_list_say_what_there_is() {
    let help = run(&["--help"]);
    assert!(help.status.success());
    for word in ["Examples:", "--contender", "--time", "--target", "--format"] {
        assert!(text(&help.stdout).contains(word), "{word}");
    }
    assert!(text(&help.stdout).lines().all(|line| line.chars().count() <= 100));

    let list = run(&["--list"]);
    assert!(list.status.success());
    let list = text(&list.stdout);
    let contenders =
        ["block-lockfree", "plain-stack", "block-mutex", "array-queue", "system", "mimalloc"];
    for word in contenders.iter().chain(&["jemalloc", "snmalloc", "loop", "handle, raw, unchecked"])
    {
        assert!(list.contains(word), "{word}");
    }
    for plan in ["usual", "full", "block-sizes", "arenas", "threads", "occupancy", "bulk-grid"] {
        assert!(list.lines().any(|line| line.trim_start().starts_with(plan)), "{plan}");
    }
    let absent = list.contains("bench_harness_allocators");
    assert_eq!(absent, cfg!(not(bench_harness_allocators)), "{list}");
    let workloads = ["pair", "burst", "replace", "larson", "handover", "churn", "scratch", "bulk"];
    let near = ["near-full", "near-full:90", "near-full:99", "near-full:PERCENT", "exhausted"];
    for workload in workloads.iter().chain(&near).chain(&["bulk:GET:PUT:KEEP"]) {
        assert!(list.lines().any(|line| line.trim_start().starts_with(workload)), "{workload}");
    }
    assert!(list.contains("not of mimalloc: has no bound"), "{list}");
    assert!(list.contains("its usual payload is none"), "{list}");
    assert!(list.contains("not with payload block: it writes the first line itself"), "{list}");
    assert!(list.contains("not at odd numbers of threads: its threads work in pairs"), "{list}");
}

/// One line on stderr that says what is allowed, nothing on stdout, exit code 2.
#[test]
fn a_wrong_argument_gets_one_clear_line() {
    let wrong: [(&[&str], &str); 44] = [
        (&["--frobnicate"], "unexpected argument '--frobnicate'"),
        (&["--contenders", "all"], "a similar argument exists: '--contender'"),
        (&["--contender", "shard"], "write 'sharded-slab'"),
        (&["--contender", "mimaloc"], "did you mean 'mimalloc'?"),
        (&["--threads", "4-1"], "from the fewest to the most"),
        (&["leftover"], "allowed is usual, block-sizes,"),
        (&["full", "leftover"], "unexpected argument 'leftover'"),
        (&["occupancy", "--workload", "pair"], "the plan occupancy chooses the workloads"),
        (&["--time"], "a value is required for '--time <SECONDS>'"),
        (&["--time", "0"], "a number of seconds above 0"),
        (&["--time", "-1"], "a number of seconds above 0"),
        (&["--time", "soon"], "a number of seconds above 0"),
        (&["--time", "NaN"], "a number of seconds above 0"),
        (&["--time", "1", "--time", "2"], "cannot be used multiple times"),
        (&["--rounds", "0"], "from 1 to 1000"),
        (&["--target", "none"], "a number of nanoseconds above 0"),
        (&["--format", "xml"], "summary, table, json, csv, markdown, html or svg"),
        (
            &["--workload", "triple"],
            "pair, burst, replace, larson, handover, churn, scratch, bulk, near-full, exhausted; also \
             bulk:GET:PUT:KEEP and near-full:PERCENT; all",
        ),
        (&["--workload", "near-full:100"], "every take fails: that is exhausted"),
        (&["--workload", "near-full:99.95"], "from 0 to 99.9 with at most one decimal"),
        (&["--workload", "bulk:64:1:32"], "GET and PUT up to KEEP"),
        (
            &["--workload", "bulk:8:8:512", "--capacity", "1023", "--threads", "2"],
            "allowed is 1024 or more",
        ),
        (
            &["--workload", "larson", "--capacity", "999", "--threads", "1"],
            "allowed is 1000 or more",
        ),
        (&["--workload", "churn", "--capacity", "95", "--threads", "2"], "allowed is 96 or more"),
        (&["--workload", "scratch", "--payload", "none,block"], "it writes the first line itself"),
        (&["--payload", "all"], "allowed is none, line or block"),
        (&["--workload", "exhausted", "--payload", "line"], "it gets no block"),
        (&["--workload", "handover", "--threads", "1"], "its threads work in pairs"),
        (
            &["--workload", "replace", "--capacity", "1999", "--threads", "2"],
            "allowed is 2000 or more",
        ),
        (
            &["--workload", "near-full", "--capacity", "499", "--threads", "1"],
            "allowed is 500 or more",
        ),
        (
            &["--workload", "handover", "--capacity", "255", "--threads", "2"],
            "allowed is 256 or more",
        ),
        (&["--workload", "exhausted", "--contender", "system"], "has no bound"),
        (&["--threads", "0"], "from 1 to 1024"),
        (&["--threads", "1,,2"], "from 1 to 1024"),
        (&["--threads", "100000"], "from 1 to 1024"),
        (&["--block-size", "0"], "1 to 1G bytes"),
        (&["--block-size", "64Q"], "1 to 1G bytes"),
        (&["--capacity", "1000000000000"], "from 1 to 10000000"),
        (&["--capacity", "63", "--threads", "2", "--workload", "burst"], "allowed is 64 or more"),
        (&["--capacity", "10000000", "--block-size", "1G"], "1 TiB"),
        (&["--contender", "nosuch"], "allowed is all, a name or a part of one, see --list"),
        (&["--contender", "two\nlines"], "allowed is all, a name or a part of one, see --list"),
        (&["--contender", ""], "allowed is all, a name or a part of one, see --list"),
        (&["--output", "/no/such/folder/file"], "cannot write to /no/such/folder/file"),
    ];
    for (arguments, said) in wrong {
        let output = run(arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
        assert!(stderr.ends_with('\n') && stderr.contains(said), "{arguments:?}: {stderr}");
    }
}
