//! Properties of the checked calls: what is not a block out raw is refused and changes nothing.

use core::ops::Deref;

use super::bad::{Bad, Call, Elsewhere, first_is_named, refused, refused_among};
use super::factory::Factory;
use super::held::Way;
use super::keeper::Keeper;
use super::layouts::{self, on_each};
use super::verdict::Check;
use crate::{BlockAlloc, FreeError, Region};

/// Invariant 5: `free_raw`, `free_bulk_raw` and [`Block::from_raw`](crate::Block::from_raw) of a
/// pointer to the stack, the heap or another region, before the base, past the end, into a block,
/// to a block that is free, owned by a handle or held unchecked: each is the error for it, and
/// changes nothing.
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
/// block_core::conformance::checked_free(&pools);
/// ```
pub fn checked_free<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("checked_free", &layouts::every(), |shape| {
        let pool = shape.pool(pools)?;
        let elsewhere = Elsewhere::new(shape);
        let mut keeper = Keeper::new(&*pool);
        // Never handed out; held in every way; given back in every way.
        every_refusal(&keeper, &elsewhere)?;
        for ways in [[Way::Raw, Way::Handle, Way::Unchecked], [Way::Handle, Way::Raw, Way::Raw]] {
            for way in ways {
                keeper.take(way)?;
            }
            every_refusal(&keeper, &elsewhere)?;
            while keeper.held() > 0 {
                keeper.give(0)?;
                every_refusal(&keeper, &elsewhere)?;
            }
        }
        keeper.take(Way::Handle)?;
        for first in Bad::ALL {
            for second in Bad::ALL {
                first_is_named(&keeper, &elsewhere, (first, second))?;
            }
        }
        keeper.give(0)?;
        // A handle made of a raw block, and a raw block made of a handle.
        for way in Way::ALL {
            keeper.take(way)?;
            keeper.convert(0, false)?;
            every_refusal(&keeper, &elsewhere)?;
            keeper.give(0)?;
        }
        keeper.finish()
    });
}

fn every_refusal<A: BlockAlloc + ?Sized>(keeper: &Keeper<'_, A>, elsewhere: &Elsewhere) -> Check {
    for bad in Bad::ALL {
        for call in Call::ALL {
            for pick in [0, 1, keeper.pool.capacity() - 1] {
                refused(keeper, elsewhere, (bad, call, pick))?;
            }
        }
    }
    Ok(())
}

/// Invariant 5, for lists: a list in which one block stands twice, or is free, is refused as a
/// whole wherever that stands in it; the right ones stay out raw, and can be freed after. Empty
/// entries are passed over.
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
/// block_core::conformance::bulk_free_is_all_or_nothing(&pools);
/// ```
pub fn bulk_free_is_all_or_nothing<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("bulk_free_is_all_or_nothing", &layouts::every(), |shape| {
        let pool = shape.pool(pools)?;
        let mut keeper = Keeper::new(&*pool);
        for raws in [1, 2, 9, shape.capacity()] {
            keeper.take_many(Way::Raw, raws.min(shape.capacity()))?;
            let right = keeper.raws();
            for place in [0, 1, right.len() / 2, right.len(), right.len() + 1] {
                let twice = right.get(place.min(right.len() - 1)).copied();
                for wrong in twice.into_iter().chain(keeper.one_free(place)) {
                    refused_among(&keeper, &right, wrong, FreeError::NotAllocated, place)?;
                }
            }
            // Each one can still be freed, and once.
            keeper.give_many(0, keeper.held())?;
            for block in right {
                refused_among(&keeper, &[], block, FreeError::NotAllocated, 0)?;
            }
            keeper.account()?;
        }
        keeper.finish()
    });
}
