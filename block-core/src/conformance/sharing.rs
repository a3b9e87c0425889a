//! Properties of a pool that several threads use at once: what each may rely on.

use core::ops::Deref;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Scope};
use std::vec::Vec;

use super::bag::{Bag, Stamped, all_are_back};
use super::factory::Factory;
use super::layouts::{Shape, on_each};
use super::threads::{Team, together};
use super::verdict::{Check, ensure};
use crate::{BlockAlloc, Region};

/// Where threads leave blocks for each other.
type Exchange<'a, A> = Mutex<Vec<Stamped<'a, A>>>;

/// Invariant 1, with threads: each stamps what it holds with plain bytes of its own, and finds them
/// again before it gives the block back or after it came from another thread.
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
/// block_core::conformance::no_block_is_shared(&pools);
/// ```
pub fn no_block_is_shared<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    let shapes = [
        Shape::new(64, 1),
        Shape::new(64, 3),
        Shape::new(1, 5),
        Shape::new(24, 64),
        Shape::new(256, 40).zeroed(),
        Shape::new(64, 1000),
        Shape::new(100, 40).hardened(),
    ];
    on_each("no_block_is_shared", &shapes, |shape| {
        let pool = shape.pool(pools)?;
        let pool = &*pool;
        let exchange = Exchange::default();
        together(4, |id, team| {
            let mut bag = Bag::new(pool, id);
            for _ in 0..60_000 {
                if !team.goes_on() {
                    return Ok(());
                }
                grab_or_give(&mut bag, &exchange, shape.capacity())?;
            }
            bag.empty()
        })?;
        give_all(pool, exchange)?;
        all_are_back(pool)
    });
}

/// Invariant 2, with threads: bulk calls of every size, of which many must fail, lose no block
/// and make none.
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
/// block_core::conformance::bulk_transfers_conserve(&pools);
/// ```
pub fn bulk_transfers_conserve<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    let shapes = [
        Shape::new(64, 7),
        Shape::new(1, 65),
        Shape::new(24, 1000).zeroed(),
        Shape::new(24, 200).hardened(),
    ];
    on_each("bulk_transfers_conserve", &shapes, |shape| {
        let pool = shape.pool(pools)?;
        let pool = &*pool;
        together(4, |id, team| {
            let mut bag = Bag::new(pool, id);
            for _ in 0..3000 {
                if !team.goes_on() {
                    return Ok(());
                }
                let count = bag.random.below(shape.capacity() / 2 + 2);
                if !bag.take_many(count)? || bag.random.below(3) == 0 {
                    let back = bag.random.below(bag.len() + 1);
                    bag.give_many(back)?;
                }
            }
            bag.empty()
        })?;
        all_are_back(pool)
    });
}

/// A random step of a thread that keeps to no share.
fn grab_or_give<'a, A: BlockAlloc + ?Sized>(
    bag: &mut Bag<'a, A>,
    exchange: &Exchange<'a, A>,
    capacity: usize,
) -> Check {
    match bag.random.below(10) {
        0..4 => bag.take().map(drop),
        4 => {
            let count = bag.random.below(capacity.min(40)) + 1;
            bag.take_many(count).map(drop)
        }
        5 => {
            let count = bag.random.below(bag.len() + 1);
            bag.give_many(count)
        }
        6 => {
            let left = bag.pull();
            exchange.lock().unwrap_or_else(PoisonError::into_inner).extend(left);
            Ok(())
        }
        7 => {
            let found = exchange.lock().unwrap_or_else(PoisonError::into_inner).pop();
            found.into_iter().for_each(|stamped| bag.push(stamped));
            bag.give()
        }
        _ => bag.give(),
    }
}

fn give_all<'a, A: BlockAlloc + ?Sized>(pool: &'a A, exchange: Exchange<'a, A>) -> Check {
    let mut bag = Bag::new(pool, 99);
    for stamped in exchange.into_inner().unwrap_or_else(PoisonError::into_inner) {
        bag.push(stamped);
    }
    bag.empty()
}

/// Invariant 3, with threads: if each of T threads holds at most k blocks, and T times k is the
/// capacity, no allocation fails; in whatever order blocks go out and back, one by one or in bulk,
/// pass from thread to thread, and threads end and others begin.
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
/// block_core::conformance::no_alloc_fails_within_its_share(&pools);
/// ```
pub fn no_alloc_fails_within_its_share<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    for (threads, share) in [(2, 1), (2, 7), (2, 64), (4, 5), (3, 33), (16, 1), (80, 1)] {
        // The blocks in the exchange are a share, too: there are always as many.
        let exchanged = share.min(4);
        let shape = Shape::new(64, threads * share + exchanged);
        on_each("no_alloc_fails_within_its_share", &[shape], |shape| {
            let pool = shape.pool(pools)?;
            let pool = &*pool;
            let exchange = Exchange::default();
            let mut first = Bag::new(pool, 98);
            for _ in 0..exchanged {
                ensure!(ExactExhaustion, first.take()?, "a new pool of {shape} is exhausted");
                exchange.lock().unwrap_or_else(PoisonError::into_inner).extend(first.pull());
            }
            let team = Team::new(threads);
            thread::scope(|scope| {
                for id in 0..threads {
                    let steps = 40_000 / threads;
                    let place = Place { scope, team: &team, exchange: &exchange, share, steps };
                    place.relay(Bag::new(pool, id), LEGS);
                }
            });
            team.verdict()?;
            give_all(pool, exchange)?;
            all_are_back(pool)
        });
    }
}

/// How many threads follow each other at one place.
const LEGS: usize = 6;

/// One of T places; the thread at it ends and leaves what it holds to the next.
struct Place<'scope, 'env, 'a, A: BlockAlloc + ?Sized> {
    scope: &'scope Scope<'scope, 'env>,
    team: &'env Team,
    exchange: &'env Exchange<'a, A>,
    share: usize,
    steps: usize,
}

impl<'scope, 'env, 'a: 'env, A: BlockAlloc + ?Sized> Place<'scope, 'env, 'a, A> {
    fn relay(self, mut bag: Bag<'a, A>, legs: usize) {
        self.scope.spawn(move || {
            self.team.run(|| {
                for _ in 0..self.steps {
                    if !self.team.goes_on() {
                        return Ok(());
                    }
                    self.step(&mut bag)?;
                }
                if legs == 0 {
                    return bag.empty();
                }
                self.relay(bag, legs - 1);
                Ok(())
            });
        });
    }

    /// A random step that keeps to the share.
    fn step(&self, bag: &mut Bag<'a, A>) -> Check {
        let (held, left) = (bag.len(), self.share - bag.len());
        match bag.random.below(8) {
            0..3 if left > 0 => {
                let taken = bag.take()?;
                self.succeeded(taken, 1, held)
            }
            3 if left > 0 => {
                let count = bag.random.below(left) + 1;
                let taken = bag.take_many(count)?;
                self.succeeded(taken, count, held)
            }
            4 if held > 0 => {
                let mut exchange = self.exchange.lock().unwrap_or_else(PoisonError::into_inner);
                let place = bag.random.below(exchange.len());
                if let Some(stamped) = bag.pull() {
                    bag.push(core::mem::replace(&mut exchange[place], stamped));
                }
                Ok(())
            }
            5 => {
                let count = bag.random.below(held + 1);
                bag.give_many(count)
            }
            6 if held == self.share => bag.empty(),
            _ => bag.give(),
        }
    }

    fn succeeded(&self, taken: bool, count: usize, held: usize) -> Check {
        ensure!(
            ExactExhaustion,
            taken,
            "an allocation of {count} failed in a thread that holds {held} of its share of {}, \
             while no other holds more than its own",
            self.share
        );
        Ok(())
    }
}
