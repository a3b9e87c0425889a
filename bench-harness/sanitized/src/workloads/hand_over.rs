//! Each thread takes and fills blocks for the next one, and reads and gives back those of the one before.

use super::{Bench, THREADS, stamp};
use crate::held::{Held, Way, take_and_fill};
use crate::ring::Ring;
use crate::threads::{give_way, together};

pub fn run(bench: &Bench<'_>, way: Way) {
    let rings: [Ring<Held<'_>>; THREADS] = Default::default();
    together(THREADS, |number| {
        let (to, before) = (&rings[number], (number + THREADS - 1) % THREADS);
        let (mut sent, mut received) = (0, 0);
        let mut ready = None;
        while sent < bench.rounds || received < bench.rounds {
            if sent < bench.rounds {
                let fill = || take_and_fill(bench.pool, way, stamp(number, sent));
                ready = ready.or_else(fill);
                let held = ready.take().expect("the rings hold fewer than there are");
                // SAFETY: each thread puts into its own ring alone.
                match unsafe { to.put(held) } {
                    Ok(()) => sent += 1,
                    Err(held) => ready = Some(held),
                }
            }
            // SAFETY: each thread takes from the ring before its own alone.
            match unsafe { rings[before].take() } {
                Some(held) => {
                    held.give_back(stamp(before, received));
                    received += 1;
                }
                None => give_way(),
            }
        }
    });
}
