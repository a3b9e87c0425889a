//! The run for people: a table of both servers, and what was checked.

use std::fmt::Write as _;

use bench_harness::median::median;
use bench_harness::numbers::bytes;
use bench_harness::surroundings::unoptimised;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::checks::Check;
use super::comparison::Outcome;
use super::round::Round;

const NOTE: &str = "\
Medians of the rounds. Latency is from the first attempt to send a request until its last byte was
back; the clients keep their sockets full, so most of it is waiting in line.
The way through the system's sockets takes tens of microseconds, to take a buffer far less than one.
What the pool gives is the bound on memory, and back-pressure where it is reached; the Vec server takes as
many buffers as it has connections. With few blocks few connections are served at a time, which may be
faster; with nearly as many blocks as connections expect no difference.
";

/// The text.
pub fn text(outcome: &Outcome, checks: &[Check]) -> String {
    let mut text = format!("{}\n{NOTE}", table(outcome));
    if let Some(note) = unoptimised() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "note: {note}");
    }
    for Check { holds, what } in checks {
        let _ = writeln!(text, "{}  {what}", if *holds { "ok    " } else { "FAILED" });
    }
    if outcome.interrupted {
        let done = outcome.pool.len() + outcome.vecs.len();
        let _ = writeln!(text, "interrupted after {done} of {} rounds", outcome.planned);
    }
    text
}

fn table(outcome: &Outcome) -> Table {
    let (layout, rounds) = (outcome.layout, outcome.pool.len());
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header([
        format!("{} connections, {rounds} rounds of each", outcome.connections),
        format!("pool of {} x {}", layout.capacity(), bytes(layout.block_size())),
        format!("Vec of {}", bytes(layout.block_size())),
    ]);
    let mut row = |name: &str, of: &dyn Fn(&[Round]) -> String| {
        table.add_row([name.to_owned(), of(&outcome.pool), of(&outcome.vecs)]);
    };
    let medians = |rounds: &[Round], of: &dyn Fn(&Round) -> f64| {
        format!("{:.0}", median(&rounds.iter().map(of).collect::<Vec<_>>()))
    };
    let most = |rounds: &[Round]| rounds.iter().map(|round| round.most_held).max().unwrap_or(0);
    row("requests/s", &|rounds| medians(rounds, &Round::requests_per_second));
    row("p50 us", &|rounds| medians(rounds, &|round| round.percentile_us(50.0)));
    row("p99 us", &|rounds| medians(rounds, &|round| round.percentile_us(99.0)));
    row("most buffers at once", &|rounds| most(rounds).to_string());
    row("bytes of these", &|rounds| bytes(most(rounds) * layout.block_size()));
    for (name, part) in [("waits while it was filled", 0), ("waits while it was busy", 1)] {
        row(name, &|rounds| rounds.iter().map(|round| round.waits[part]).sum::<u64>().to_string());
    }
    table.add_row([
        "bytes, never more than".to_owned(),
        bytes(layout.capacity() * layout.stride()),
        "no bound".to_owned(),
    ]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
