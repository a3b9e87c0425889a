//! Properties of a pool with one user at a time.

use core::ops::Deref;
use std::vec::Vec;

use super::events::lives::{
    forgotten_handle, panic_while_holding_handles, thread_ends_with_handles,
};
use super::factory::Factory;
use super::held::Way;
use super::keeper::Keeper;
use super::layouts::{self, Shape, on_each};
use super::random::Random;
use crate::{BlockAlloc, Region};

/// Invariant 4: every pointer, from every call, is a block of the region that the pool was made
/// over, aligned, and all its bytes can be written and read.
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
/// block_core::conformance::bounded_and_aligned(&pools);
/// ```
pub fn bounded_and_aligned<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("bounded_and_aligned", &layouts::every(), |shape| {
        let pool = shape.pool(pools)?;
        let mut keeper = Keeper::new(&*pool);
        // The calls that look at the address themselves come last.
        for way in [Way::Unchecked, Way::Handle, Way::Raw] {
            keeper.take_many(way, shape.capacity() / 2)?;
            while keeper.take(way)? {}
            while keeper.held() > 0 {
                keeper.give(keeper.held() - 1)?;
            }
        }
        keeper.finish()
    });
}

/// Invariant 1: a block that is held is not handed out, and nothing but its holder writes to it.
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
/// block_core::conformance::exclusive(&pools);
/// ```
pub fn exclusive<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("exclusive", &layouts::every(), |shape| {
        let pool = shape.pool(pools)?;
        let mut keeper = Keeper::new(&*pool);
        let mut random = Random::new(1);
        for _ in 0..rounds(shape) {
            while keeper.take(random.pick(&Way::ALL))? {}
            for _ in 0..random.below(keeper.held()) + 1 {
                keeper.give(random.below(keeper.held()))?;
            }
        }
        keeper.finish()
    });
}

/// As often as some ten thousand calls allow.
fn rounds(shape: &Shape) -> usize {
    (20_000 / shape.capacity()).clamp(5, 200)
}

/// Invariant 2: `available` plus the blocks held is the capacity, after every call; also when
/// handles become raw blocks and slices and again handles, when a thread ends or unwinds with
/// handles, and when a handle is forgotten (it counts as held).
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
/// block_core::conformance::conserved(&pools);
/// ```
pub fn conserved<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("conserved", &layouts::every(), |shape| {
        let pool = shape.pool(pools)?;
        let mut keeper = Keeper::new(&*pool);
        let mut random = Random::new(2);
        keeper.account()?;
        for step in 0..1000 {
            if keeper.free() > 0 && random.below(5) < 3 {
                keeper.take(random.pick(&Way::ALL))?;
            } else if keeper.held() > 0 {
                let position = random.below(keeper.held());
                keeper.convert(position, step % 2 == 0)?;
                keeper.account()?;
                keeper.give(random.below(keeper.held()))?;
            }
            keeper.account()?;
        }
        keeper.finish()?;
        thread_ends_with_handles(&*pool)?;
        panic_while_holding_handles(&*pool)?;
        forgotten_handle(&*pool)
    });
}

/// Invariant 3: exactly `capacity` allocations succeed, in every mix of calls, and after that
/// exactly one for each block that is given back; a pool that fails does so every time.
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
/// block_core::conformance::exact_exhaustion(&pools);
/// ```
pub fn exact_exhaustion<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("exact_exhaustion", &layouts::every(), |shape| {
        let pool = shape.pool(pools)?;
        let mut keeper = Keeper::new(&*pool);
        let mut random = Random::new(3);
        for round in 0..rounds(shape) {
            while keeper.free() > 0 {
                keeper.take(random.pick(&Way::ALL))?;
            }
            for way in Way::ALL {
                keeper.take(way)?;
                keeper.take_many(way, 1)?;
            }
            // At the edge: one back, one out.
            for _ in 0..20 {
                keeper.give(random.below(keeper.held()))?;
                keeper.take(random.pick(&Way::ALL))?;
                keeper.take(random.pick(&Way::ALL))?;
            }
            let back = if round % 2 == 0 { keeper.held() } else { keeper.held().div_ceil(2) };
            keeper.give_many(keeper.held() - back, back)?;
        }
        keeper.finish()
    });
}

/// Invariants 2 and 3, for the bulk calls: an allocation of n blocks succeeds exactly if n are
/// free, fills every entry or empties every entry, and a refused one takes part in nothing.
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
/// block_core::conformance::bulk_is_all_or_nothing(&pools);
/// ```
pub fn bulk_is_all_or_nothing<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("bulk_is_all_or_nothing", &layouts::every(), |shape| {
        let pool = shape.pool(pools)?;
        let mut keeper = Keeper::new(&*pool);
        let mut random = Random::new(4);
        for round in 0..rounds(shape) {
            for way in [Way::Unchecked, Way::Raw] {
                let free = keeper.free();
                for count in [free + 1, 0, random.below(free + 1), keeper.free() * 2 + 1] {
                    keeper.take_many(way, count)?;
                    keeper.account()?;
                }
                keeper.take_many(way, keeper.free())?;
                keeper.account()?;
                // One by one after a refusal: nothing is held back by it.
                keeper.take_many(way, 1)?;
                keeper.give_many(0, keeper.held() / 2)?;
                keeper.account()?;
                while round % 2 == 0 && keeper.free() > 0 {
                    keeper.take(way)?;
                }
            }
            keeper.give_many(0, keeper.held())?;
            keeper.account()?;
        }
        keeper.finish()
    });
}

/// Invariant 6: a block that was never handed out is zero; later it has what its last holder left.
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
/// block_core::conformance::initialised(&pools);
/// ```
pub fn initialised<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("initialised", &layouts::every(), |shape| {
        let pool = shape.pool(pools)?;
        let mut keeper = Keeper::new(&*pool);
        for way in [Way::Raw, Way::Unchecked, Way::Handle].repeat(2) {
            // Some blocks are used often before others are used at all.
            for _ in 0..3 {
                keeper.take_many(way, shape.capacity().div_ceil(2))?;
                keeper.give_many(0, keeper.held())?;
            }
            while keeper.take(way)? {}
            while keeper.held() > 0 {
                keeper.give(0)?;
            }
        }
        keeper.finish()
    });
}

/// Invariant 6, with zero-on-release: a block is zero again after every way to give it back.
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
/// block_core::conformance::zeroed_on_release(&pools);
/// ```
pub fn zeroed_on_release<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    let zeroed: Vec<_> = layouts::every().into_iter().map(Shape::zeroed).collect();
    on_each("zeroed_on_release", &zeroed, |shape| {
        let pool = shape.pool(pools)?;
        let mut keeper = Keeper::new(&*pool);
        for way in Way::ALL {
            // Stamped by the keeper each time that it takes one, compared with zero at the next.
            while keeper.take(way)? {}
            keeper.give_many(0, keeper.held())?;
            while keeper.take(way)? {}
            while keeper.held() > 0 {
                keeper.give(0)?;
            }
            while keeper.take(way)? {}
            while keeper.held() > 0 {
                keeper.convert(0, true)?;
                keeper.give(keeper.held() - 1)?;
            }
        }
        keeper.finish()
    });
}

/// Invariant 6, in hardened regions: every call that hands a block out lends it, with its guard written
/// and all of it still zero, and nothing is reported that is no mistake.
///
/// # Panics
///
/// If it does not hold. A backend that scrubs what it did not lend may end the process instead.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::conformance::Factory;
///
/// // SAFETY: the closure keeps no part of the pool.
/// let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
/// block_core::conformance::lent_when_handed_out(&pools);
/// ```
pub fn lent_when_handed_out<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    let hardened: Vec<_> = layouts::every().into_iter().map(Shape::hardened).collect();
    on_each("lent_when_handed_out", &hardened, |shape| {
        let pool = shape.pool(pools)?;
        let mut keeper = Keeper::that_wants_loans(&*pool);
        let mut random = Random::new(6);
        for way in Way::ALL.repeat(3) {
            // Looked at by the keeper, and written whole.
            keeper.take_many(way, random.below(shape.capacity() + 1))?;
            while keeper.take(way)? {}
            keeper.give_many(0, random.below(keeper.held()))?;
            while keeper.held() > 0 {
                keeper.give(keeper.held() - 1)?;
            }
        }
        keeper.finish()
    });
}
