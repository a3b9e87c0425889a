//! Buffers: each thread fills one, freezes it and gives a clone to every other one. Whoever comes to the
//! end of it last gives the block back.

use block_core::BlockAlloc;
use block_core::buffer::{BlockBuf, BlockBytes};

use super::{Bench, THREADS, stamp};
use crate::held::{check, fill};
use crate::ring::Ring;
use crate::threads::{together, wait_for};

type Sent<'a> = Ring<BlockBytes<&'a dyn BlockAlloc>>;

pub fn run(bench: &Bench<'_>) {
    // From each to each; a thread uses no ring to itself.
    let rings: [[Sent<'_>; THREADS]; THREADS] = Default::default();
    let others = |number| (0..THREADS).filter(move |&other| other != number);
    together(THREADS, |number| {
        for round in 0..bench.rounds {
            let frozen = filled(bench.pool, stamp(number, round));
            for other in others(number) {
                // SAFETY: this thread alone puts into its rings. There is room: it takes what the others
                // sent in one round before it sends in the next.
                unsafe { rings[number][other].put(frozen.clone()) }.expect("one round at a time");
            }
            drop(frozen);
            for other in others(number) {
                // SAFETY: this thread alone takes from the rings to it.
                let received = unsafe { rings[other][number].wait() };
                check(&received, stamp(other, round));
                let part = received.slice(5 * size_of::<usize>()..);
                drop(received);
                check(&part, stamp(other, round));
            }
        }
    });
}

fn filled(pool: &dyn BlockAlloc, stamp: usize) -> BlockBytes<&dyn BlockAlloc> {
    let mut buffer = wait_for(|| BlockBuf::alloc_in(pool).ok());
    fill(buffer.spare_capacity_mut(), stamp);
    buffer.set_len(buffer.capacity());
    buffer.freeze()
}
