//! What the program checks, reports and answers to its arguments.

use bench_harness::stop::{INTERRUPTED, Stop};

use crate::echo::checks::checks;
use crate::echo::comparison::Outcome;
use crate::echo::memory::Memory;
use crate::echo::{self, Refusal, report};
use crate::{alone, outcome, words};

/// Makes something not hold that did.
type Spoil = fn(&mut Outcome);

/// One after the other, in a run where everything held.
#[test]
fn each_check_fails_where_something_does_not_hold() {
    let _alone = alone();
    let right = outcome(&["--time", "0.1", "--connections", "4", "--blocks", "2"]);
    let failed = |outcome: &Outcome| {
        let failed = checks(outcome).into_iter().filter(|check| !check.holds);
        failed.map(|check| check.what).collect::<Vec<_>>()
    };
    assert_eq!(failed(&right), [""; 0]);
    let spoils: [(Spoil, &str); 8] = [
        (|outcome| outcome.pool[0].filled.bytes_back -= 1, "bytes came back"),
        (|outcome| outcome.vecs[1].flowed.bytes_back += 1, "bytes came back"),
        (|outcome| outcome.blocks_back -= 1, "1 of 2 blocks are back"),
        (|outcome| outcome.pool[1].most_held += 1, "in 1 of 2 rounds"),
        (|outcome| outcome.pool[1].full.waiting = 0, "in 1 of 2 rounds"),
        (|outcome| outcome.pool[0].served.broken += 1, "1 broke"),
        (|outcome| outcome.vecs[0].served.ended -= 1, "31 of 32 connections"),
        (
            |outcome| outcome.memory = Memory { warm: Some(1 << 20), most: Some(18 << 20) },
            "17.0 MiB more",
        ),
    ];
    for (spoil, said) in spoils {
        let mut wrong = right.clone();
        spoil(&mut wrong);
        let text = report::text(&wrong, &checks(&wrong));
        assert!(text.contains("FAILED"), "{text}");
        assert_eq!(echo::exit_code(&wrong, &checks(&wrong)), 1);
        let failed = failed(&wrong);
        assert!(failed.len() == 1 && failed[0].contains(said), "{failed:?}");
    }
}

#[test]
fn the_report_has_both_servers_and_every_check() {
    let _alone = alone();
    let arguments = ["--time", "0.1", "--connections", "4", "--blocks", "2"];
    let (text, code) = echo::run(words(&arguments), &Stop::default()).unwrap();
    assert_eq!(code, 0, "{text}");
    for said in [
        "pool of 2 x 4 KiB",
        "Vec of 4 KiB",
        "requests/s",
        "p99",
        "bytes came back, in order and equal",
        "2 of 2 blocks are back in the pool",
        "in 2 of 2 rounds: 2 of 2 blocks held, 2 connections waiting",
        "32 of 32 connections ended in order",
        "resident memory",
        "expect no difference",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("FAILED") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_signal_ends_it_when_everything_is_back() {
    let _alone = alone();
    let arguments = ["--time", "600", "--connections", "12", "--blocks", "3"];
    let stop = Stop::on_signals().unwrap();
    signal_hook::low_level::raise(signal_hook::consts::SIGINT).unwrap();
    let (text, code) = echo::run(words(&arguments), &stop).unwrap();
    assert_eq!(code, INTERRUPTED, "{text}");
    assert!(text.contains("interrupted after 2 of 100 rounds"), "{text}");
    assert!(text.contains("3 of 3 blocks are back") && !text.contains("FAILED"), "{text}");
}

#[test]
fn a_wrong_argument_gets_a_clear_error() {
    for (arguments, said) in [
        (&["--time", "0"][..], "allowed is a number of seconds above 0"),
        (&["--time", "-1"], "allowed is a number of seconds above 0"),
        (&["--time", "soon"], "allowed is a number of seconds above 0"),
        (&["--time", "NaN"], "allowed is a number of seconds above 0"),
        (&["--connections", "1"], "allowed is a whole number from 2 to 1000"),
        (&["--connections", "-3"], "allowed is a whole number from 2 to 1000"),
        (&["--blocks", "0"], "allowed is a whole number from 1 to 999"),
        (&["--blocks", "100"], "allowed are fewer blocks than connections"),
        (&["--block-size", "1"], "allowed is a whole number from 256 to 16777216"),
        (&["--frobnicate"], "unexpected argument '--frobnicate'"),
        (&["leftover"], "unexpected argument 'leftover'"),
    ] {
        let Refusal { text, code } =
            echo::run(words(arguments), &Stop::default()).expect_err("a wrong argument");
        assert_eq!(code, 2, "{arguments:?}");
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
    let (help, code) = echo::run(words(&["--help"]), &Stop::default()).unwrap();
    assert_eq!(code, 0);
    for word in ["--time", "--connections", "--blocks", "--block-size", "Ctrl-C", "Exit code"] {
        assert!(help.contains(word), "{word}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
}
