//! The property of a few blocks that are allocated and freed again while another thread is stopped in the
//! middle of a call.
//!
//! It looks for the ABA fault. A pop that reads the top of a list and the block below it, and is stopped
//! there, must fail if the list has changed by the time it goes on, even if the same block is at the top
//! again. One thread, the popper, allocates a block and is stopped after its first instruction, the next
//! time after its second, and so on to the end of the call, see [`stepping`](super::stepping). Each time
//! the other thread, the mover, leaves the same block at the top, above another one than before, and keeps
//! the one that was below it:
//!
//! ```text
//! before:  top -> below -> ...      after:  top -> kept -> ...      kept: below
//! ```
//!
//! A stopped pop that goes on as if nothing had happened makes the kept block the top of the list, and
//! the next pop finds it there. Where a thread cannot be stopped in this way, both work at the same time,
//! and the fault is found by chance.

use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::thread;
use std::time::Instant;
use std::vec::Vec;

use super::bag::all_are_back;
use super::factory::Factory;
use super::layouts::{Shape, on_each};
use super::stepping::Stepping;
use super::threads::{Team, together};
use super::verdict::{Check, violation};
use crate::{BlockAlloc, Region};

/// How often each instruction is stopped at: if the machine is busy, the mover may come too late.
const ROUNDS: usize = 3;
/// A call of more instructions is not looked at to its end: one that waits has no end.
const MOST_STEPS: usize = 5000;
/// How far to the next stop, if the mover's work did not end at this one: the popper has a lock, and most
/// probably has it for some more instructions.
const IN_A_LOCK: usize = 10;
/// How long all of it takes at most.
const TIME: Duration = Duration::from_secs(2);
/// The same for the first round.
const FIRST_TIME: Duration = Duration::from_secs(60);
/// The calls of the popper where it cannot be stopped.
const CALLS: usize = if cfg!(miri) { 20 } else { 200_000 };

/// Invariant 1, with a thread that is stopped in the middle of a call while another one changes the order
/// of the free blocks: no block has two holders, and none is lost. A list that compares only the number of
/// the block at its top (the ABA fault) does not keep this.
///
/// On x86 with Linux each instruction of an allocation is stopped at, by `SIGTRAP`, and the fault is
/// always found. Elsewhere it is found by chance.
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
/// block_core::conformance::no_block_is_shared_when_reused(&pools);
/// ```
pub fn no_block_is_shared_when_reused<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("no_block_is_shared_when_reused", &[Shape::new(8, 5)], |shape| {
        let pool = shape.pool(pools)?;
        let pool = &*pool;
        let kept: Vec<_> = (0..shape.capacity()).map(|_| AtomicBool::new(false)).collect();
        let users = Users { pool, kept: &kept, is_over: AtomicBool::new(false) };
        let stepping = Stepping::new();
        let first_stop = stepping.as_ref().map_or(0, Stepping::last_stop);
        together(2, |id, team| {
            if id == 0 {
                let done = users.pop_at_each_step(team, stepping.as_ref());
                // Relaxed: it carries nothing.
                users.is_over.store(true, Ordering::Relaxed);
                done
            } else {
                users.move_blocks(team, stepping.as_ref(), first_stop)
            }
        })?;
        all_are_back(pool)
    });
}

/// The two threads' use of the pool.
struct Users<'a, A: ?Sized> {
    pool: &'a A,
    /// By block: whether the mover keeps it. Relaxed: a pool that gives a block to one holder at a time
    /// also orders the holders.
    kept: &'a [AtomicBool],
    is_over: AtomicBool,
}

impl<A: BlockAlloc + ?Sized> Users<'_, A> {
    /// The popper's work.
    fn pop_at_each_step(&self, team: &Team, stepping: Option<&Stepping>) -> Check {
        let Some(stepping) = stepping else {
            for _ in 0..CALLS {
                self.push(self.checked(self.pool.acquire())?);
            }
            return Ok(());
        };
        let begun = Instant::now();
        for round in 0..ROUNDS {
            // A first round that other programs slow down is finished all the same.
            let limit = if round == 0 { FIRST_TIME } else { TIME };
            let mut stop_at = 1;
            while stop_at < MOST_STEPS {
                if !team.goes_on() || begun.elapsed() > limit {
                    return Ok(());
                }
                let (block, made) = stepping.call(stop_at, || self.pool.acquire());
                self.push(self.checked(block)?);
                if made < stop_at {
                    break;
                }
                stop_at += if stepping.is_done() { 1 } else { IN_A_LOCK };
            }
        }
        Ok(())
    }

    /// The mover's work.
    fn move_blocks(&self, team: &Team, stepping: Option<&Stepping>, mut last: usize) -> Check {
        let (mut kept, mut done) = (None, Ok(()));
        while team.goes_on() && !self.is_over.load(Ordering::Relaxed) && done.is_ok() {
            match stepping {
                Some(stepping) => stepping.work_if_stopped(&mut last, || {
                    done = self.change_what_is_below_the_top(&mut kept);
                }),
                None => done = self.change_what_is_below_the_top(&mut kept),
            }
            thread::yield_now();
        }
        self.push(kept);
        done
    }

    fn change_what_is_below_the_top(&self, kept: &mut Option<NonNull<u8>>) -> Check {
        let top = self.checked(self.pool.acquire())?;
        let below = self.checked(self.pool.acquire())?;
        if let Some(block) = *kept {
            self.is_kept(block)?.store(false, Ordering::Relaxed);
        }
        self.push(kept.take());
        self.push(top);
        if let Some(block) = below {
            self.is_kept(block)?.store(true, Ordering::Relaxed);
        }
        *kept = below;
        Ok(())
    }

    /// A block that was handed out just now: the mover does not keep it.
    fn checked(&self, block: Option<NonNull<u8>>) -> Check<Option<NonNull<u8>>> {
        if let Some(block) = block {
            if self.is_kept(block)?.load(Ordering::Relaxed) {
                return Err(violation!(Exclusive, "{block:?} was handed out while it was held"));
            }
        }
        Ok(block)
    }

    fn push(&self, block: Option<NonNull<u8>>) {
        if let Some(block) = block {
            // SAFETY: acquired by the caller, which holds it and gives it up.
            unsafe { self.pool.release(block) };
        }
    }

    fn is_kept(&self, block: NonNull<u8>) -> Check<&AtomicBool> {
        match self.pool.region().locate(block) {
            Ok(index) => Ok(&self.kept[index.get()]),
            Err(error) => Err(violation!(BoundedAndAligned, "handed out {block:?}: {error}")),
        }
    }
}
