//! Properties of threads that stop using a pool, and of pools that go: nothing stays behind with
//! a thread that is idle or gone, and nothing of one pool is found in another.

use core::ops::Deref;
use std::vec::Vec;

use super::bag::{Bag, all_are_back};
use super::factory::Factory;
use super::held::Way;
use super::keeper::Keeper;
use super::layouts::{Shape, on_each};
use super::threads::{apart, together};
use super::verdict::{Check, ensure};
use crate::{BlockAlloc, Region};

fn shapes() -> [Shape; 5] {
    [
        Shape::new(64, 1),
        Shape::new(64, 2),
        Shape::new(24, 65),
        Shape::new(1, 300).zeroed(),
        Shape::new(24, 65).hardened(),
    ]
}

/// Invariant 3, with threads: of a thread that gave everything back and is alive, but makes no
/// more calls, another thread can have every block.
///
/// # Panics
///
/// If it does not hold.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::conformance::Factory;
///
/// // SAFETY: the closure keeps no part of the pool.
/// let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
/// block_core::conformance::blocks_of_an_idle_thread_are_not_stranded(&pools);
/// ```
pub fn blocks_of_an_idle_thread_are_not_stranded<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("blocks_of_an_idle_thread_are_not_stranded", &shapes(), |shape| {
        let pool = shape.pool(pools)?;
        let pool = &*pool;
        together(3, |id, team| {
            let mut bag = Bag::new(pool, id);
            for turn in 0..300 {
                // One thread has its turn, the others are idle in the meeting.
                if turn % 3 == id {
                    take_all(
                        &mut bag,
                        shape.capacity(),
                        "other threads are idle and hold nothing",
                    )?;
                    bag.empty()?;
                }
                if !team.meet() {
                    return Ok(());
                }
            }
            Ok(())
        })?;
        all_are_back(pool)
    });
}

/// Takes every block, in any mix of calls.
pub(super) fn take_all<A: BlockAlloc + ?Sized>(
    bag: &mut Bag<'_, A>,
    capacity: usize,
    while_what: &str,
) -> Check {
    if bag.random.below(3) == 0 {
        let taken = bag.take_many(capacity)?;
        ensure!(
            ExactExhaustion,
            taken,
            "a bulk allocation of all {capacity} blocks failed while {while_what}"
        );
    }
    while bag.len() < capacity {
        ensure!(
            ExactExhaustion,
            bag.take()?,
            "only {} of {capacity} blocks can be had while {while_what}",
            bag.len()
        );
    }
    Ok(())
}

/// Invariant 3, with threads: of threads that gave back everything and ended, another thread can
/// have every block, however many there were.
///
/// # Panics
///
/// If it does not hold.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::conformance::Factory;
///
/// // SAFETY: the closure keeps no part of the pool.
/// let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
/// block_core::conformance::blocks_of_an_ended_thread_come_back(&pools);
/// ```
pub fn blocks_of_an_ended_thread_come_back<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("blocks_of_an_ended_thread_come_back", &shapes(), |shape| {
        let pool = shape.pool(pools)?;
        let pool = &*pool;
        for id in 0..200 {
            apart(|| {
                let mut bag = Bag::new(pool, id);
                let wanted = 1 + bag.random.below(shape.capacity());
                while bag.len() < wanted && bag.take()? {}
                bag.empty()
            })?;
            if id % 10 == 9 {
                let mut bag = Bag::new(pool, id + 100);
                take_all(&mut bag, shape.capacity(), "all other threads have ended")?;
                bag.empty()?;
            }
        }
        all_are_back(pool)
    });
}

/// Invariants 1 to 5 for several pools at once, used by one thread in turn: each is as if there
/// were no other; a pool that is made after another is gone starts afresh.
///
/// # Panics
///
/// If it does not hold.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::conformance::Factory;
///
/// // SAFETY: the closure keeps no part of the pool.
/// let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
/// block_core::conformance::pools_do_not_mix(&pools);
/// ```
pub fn pools_do_not_mix<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("pools_do_not_mix", &shapes(), |shape| {
        for _ in 0..3 {
            // The pools of the last round are gone; these may well lie where those did.
            let pools = [shape.pool(pools)?, shape.pool(pools)?, shape.pool(pools)?];
            let mut keepers: Vec<_> = pools.iter().map(|pool| Keeper::new(&**pool)).collect();
            for way in Way::ALL {
                for _ in 0..shape.capacity().min(20) {
                    for keeper in &mut keepers {
                        keeper.take(way)?;
                        keeper.account()?;
                    }
                }
                for keeper in &mut keepers {
                    keeper.give_many(0, keeper.held().div_ceil(2))?;
                    keeper.account()?;
                }
            }
            for keeper in keepers {
                keeper.finish()?;
            }
        }
        Ok(())
    });
}
