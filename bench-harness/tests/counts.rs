//! The committed counts, counted again: `cargo bench-counting` writes them anew.
#![cfg(block_counting)]

use std::sync::LazyLock;

use bench_harness::scaling::counts::{Count, committed};
use bench_harness::scaling::recount::recount;

/// Counted once for all tests: whatever else counts at the same time would be in it.
static COUNTED: LazyLock<Vec<Count>> =
    LazyLock::new(|| recount().unwrap_or_else(|error| panic!("{error}")));

/// Two threads meet as they will: failed attempts come and go, and with them up to this factor.
const SLACK: f64 = 3.0;

#[test]
fn committed_counts_are_those_of_today() {
    let committed = committed();
    let of = |counts: &[Count]| -> Vec<_> {
        counts.iter().map(|it| format!("{}/{} {}", it.contender, it.path, it.workload)).collect()
    };
    assert_eq!(of(&committed), of(&COUNTED), "stale: cargo bench-counting");
    for (old, new) in committed.iter().zip(&*COUNTED) {
        if new.threads == 1 {
            assert_eq!(old, new, "stale: cargo bench-counting");
        } else {
            let (least, most) = (old.shared_per_block() / SLACK, old.shared_per_block() * SLACK);
            let now = new.shared_per_block();
            assert!((least..=most).contains(&now), "stale: {old:?}, now {new:?}");
            assert_eq!((old.blocks, old.mark_rmws), (new.blocks, new.mark_rmws), "{new:?}");
        }
    }
}

/// What each pool is said to do.
#[test]
fn a_pair_meets_others_twice_on_a_stack_four_times_at_a_mutex_and_never_in_a_magazine() {
    for (contender, expected) in [("block-lockfree", 0), ("plain-stack", 2), ("block-mutex", 4)] {
        let of = |it: &&Count| it.contender == contender && it.workload == "pair";
        let pairs: Vec<_> = COUNTED.iter().filter(of).collect();
        assert_eq!(pairs.len(), 3, "{contender}");
        for pair in pairs {
            assert_eq!(pair.shared_rmws, expected * pair.blocks, "{pair:?}");
            let marks = if pair.path == "raw" { pair.blocks } else { 0 };
            assert_eq!(pair.mark_rmws, marks, "{pair:?}");
        }
    }
}

/// Blocks that change threads cost a magazine two read-modify-writes a batch.
#[test]
fn a_hand_over_through_magazines_meets_others_once_for_many_blocks() {
    let handed = |it: &&Count| it.contender == "block-lockfree" && it.workload == "handover";
    let handed: Vec<_> = COUNTED.iter().filter(handed).collect();
    assert_eq!(handed.len(), 3);
    for count in handed {
        let per_block = count.shared_per_block();
        assert!(per_block > 0.0 && per_block < 0.5, "{count:?}");
    }
}
