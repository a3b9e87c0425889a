//! What must hold after a run.

use super::comparison::Outcome;
use super::round::Round;

/// Bytes by which the process may grow after the first rounds: the stacks of threads and what the
/// program's allocator keeps for itself. A buffer for each request would be a thousand times that.
const GROWTH: u64 = 16 << 20;

/// Something that must hold, and whether it does.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    pub holds: bool,
    pub what: String,
}

/// All of them, for a run that came to an end. Content is not among them: what came back was compared as
/// it came, and the first byte that differs ends a run.
pub fn checks(outcome: &Outcome) -> Vec<Check> {
    vec![
        everything_came_back(outcome),
        every_block_is_back(outcome),
        the_pool_was_at_its_bound(outcome),
        no_connection_broke(outcome),
        memory_was_flat(outcome),
    ]
}

fn all(outcome: &Outcome) -> impl Iterator<Item = &Round> {
    outcome.pool.iter().chain(&outcome.vecs)
}

fn everything_came_back(outcome: &Outcome) -> Check {
    let answers = || all(outcome).flat_map(|round| [&round.filled, &round.flowed]);
    let sent: u64 = answers().map(|answers| answers.bytes_sent).sum();
    let back: u64 = answers().map(|answers| answers.bytes_back).sum();
    let requests: u64 = answers().map(|answers| answers.requests).sum();
    Check {
        holds: sent == back && requests > 0,
        what: format!(
            "{back} of {sent} bytes came back, in order and equal, in answer to {requests} requests"
        ),
    }
}

fn every_block_is_back(outcome: &Outcome) -> Check {
    let capacity = outcome.layout.capacity();
    Check {
        holds: outcome.blocks_back == capacity,
        what: format!("{} of {capacity} blocks are back in the pool", outcome.blocks_back),
    }
}

/// And never beyond: more holders than blocks would be a block held twice.
fn the_pool_was_at_its_bound(outcome: &Outcome) -> Check {
    let capacity = outcome.layout.capacity();
    let full = outcome.pool.iter().filter(|round| {
        round.full.held == capacity && round.most_held == capacity && round.full.waiting > 0
    });
    let (full, rounds) = (full.count(), outcome.pool.len());
    let waits: u64 = outcome.pool.iter().flat_map(|round| round.waits).sum();
    Check {
        holds: full == rounds && waits > 0,
        what: format!(
            "the pool was at its bound, and not beyond, in {full} of {rounds} rounds: {capacity} of \
             {capacity} blocks held, {} connections waiting; {waits} waits in all",
            outcome.connections - capacity
        ),
    }
}

fn no_connection_broke(outcome: &Outcome) -> Check {
    let ended: usize = all(outcome).map(|round| round.served.ended).sum();
    let broken: usize = all(outcome).map(|round| round.served.broken).sum();
    // Once to fill the server, once to keep it busy.
    let opened = 2 * all(outcome).count() * outcome.connections;
    Check {
        holds: broken == 0 && ended == opened,
        what: format!("{ended} of {opened} connections ended in order, {broken} broke"),
    }
}

/// Holds where nothing could be measured.
fn memory_was_flat(outcome: &Outcome) -> Check {
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let Some((warm, growth)) = outcome.memory.growth() else {
        let what = "resident memory: not measured on this system".to_owned();
        return Check { holds: true, what };
    };
    Check {
        holds: growth <= GROWTH,
        what: format!(
            "resident memory of servers and load together: {:.1} MiB after the first rounds, {:.1} MiB \
             more at most since; allowed are {:.0}",
            mib(warm),
            mib(growth),
            mib(GROWTH)
        ),
    }
}
