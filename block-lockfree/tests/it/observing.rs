//! The examples of metrics and sizing run, and their output is right.

#[path = "../../examples/metrics.rs"]
mod metrics_example;
#[path = "../../examples/sizing.rs"]
mod sizing;

#[test]
fn every_number_reaches_the_collector_under_the_name_of_its_pool() {
    metrics_example::main().expect("a small pool");
    let printed = metrics_example::run().unwrap();
    for (name, value) in [
        ("capacity", 100),
        ("in_use", 100),
        ("cached", 0),
        ("never_used", 0),
        ("high_water", 100),
        ("exhaustions", 1),
    ] {
        let name = format!("block_pool_{name}{{pool=\"packets\"}} ");
        let line = printed.lines().find(|line| line.starts_with(&name));
        let line = line.unwrap_or_else(|| panic!("no {name} in\n{printed}"));
        let mut words = line[name.len()..].split_whitespace();
        assert_eq!(words.next(), Some(&*value.to_string()), "{line}");
        assert!(words.count() > 2, "no description in {line}");
    }
    assert_eq!(printed.lines().count(), 7, "{printed}");
}

#[test]
fn a_load_fits_in_a_pool_of_its_high_water_mark_and_in_none_smaller() {
    sizing::main().expect("a small pool");
    let printed = sizing::run().unwrap();
    let refused: Vec<u64> = printed
        .lines()
        .filter_map(|line| line.split_once(" blocks: requests refused: "))
        .map(|(_, number)| number.parse().expect("a number"))
        .collect();
    let [with_a_margin, exact, one_less] = refused[..] else { panic!("three runs in\n{printed}") };
    assert_eq!((with_a_margin, exact), (0, 0), "{printed}");
    assert!(one_less > 0, "{printed}");
    assert!(printed.starts_with("measured: 524288 blocks of 2048 bytes: 0 in use"), "{printed}");
}
