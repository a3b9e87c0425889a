//! Inputs out of random bytes: the fuzzer's way of calling, as an ordinary test.

use block_fuzz::Input;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// As many as the library's page says: few, and with the seeds of failures in a file beside the test.
fn config() -> ProptestConfig {
    let seeds = FileFailurePersistence::WithSource("regressions");
    ProptestConfig { cases: 600, failure_persistence: Some(Box::new(seeds)), ..Default::default() }
}

fn inputs() -> impl Strategy<Value = Input> {
    vec(any::<u8>(), 10..400).prop_filter_map("too short", |bytes| Input::of(&bytes))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_input_panics_overflows_or_finds_two_pools_that_disagree(input in inputs()) {
        input.run();
    }
}
