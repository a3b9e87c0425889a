//! Single events that every backend must survive, one function for each, named for it.
//!
//! The properties beside this module try calls in all their mixtures. The functions here try one bad
//! input, or one thing that happens to a pool, and nothing else: a test that fails says by its name what
//! was not survived. [`conformance_tests!`](crate::conformance_tests) makes a test of each.
//!
//! | bad pointers to `free_raw`, `free_bulk_raw` and `Block::from_raw`: invariant 5 | rejects a pool with |
//! |---|---|
//! | [`double_free_at_once`], [`double_free_delayed`], [`double_free_after_other_frees`], [`double_free_across_threads`], [`never_allocated_block`], [`block_owned_by_a_live_handle`], [`block_held_without_a_mark`] | a double free accepted |
//! | [`foreign_pointer_on_the_stack`], [`foreign_pointer_on_the_heap`], [`foreign_pointer_of_another_pool`], [`foreign_pointer_near`], [`foreign_pointer_far`], [`one_past_the_end`], [`before_the_base`] | one past the end accepted |
//! | [`interior_pointer`], [`misaligned_pointer`] | an interior pointer accepted |
//!
//! Two threads that free one block at once are a property,
//! [`one_of_two_racing_frees_succeeds`](super::one_of_two_racing_frees_succeeds).
//!
//! | what happens to a pool: invariants 2 and 3 | rejects a pool with |
//! |---|---|
//! | [`capacity_of_1`], [`capacity_of_2`], [`capacity_of_63`], [`capacity_of_64`], [`capacity_of_65`] | a reserve |
//! | [`capacity_beyond_16_bits`] | numbers of 16 bits |
//! | [`exhaustion_then_recovery_to_the_exact_count`], [`panic_while_a_thread_holds_handles`] | a lost block |
//! | [`handle_that_is_forgotten`] | a count of one too many |
//! | [`thread_ends_with_cached_blocks`], [`thread_ends_while_others_are_at_exhaustion`], [`frees_from_a_thread_local_destructor`], [`producer_is_not_starved_by_its_consumer`] | blocks stranded with their thread |
//!
//! # Examples
//!
//! One event alone, while looking for what a pool does not survive:
//!
//! ```
//! # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
//! use block_core::conformance::{Factory, events};
//!
//! // SAFETY: the closure keeps no part of the pool.
//! let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
//! events::double_free_at_once(&pools);
//! ```

mod frees;
pub(super) mod lives;

use core::ops::Deref;

use super::bad::Bad;
use super::factory::Factory;
use super::layouts::{Shape, few, on_each};
use crate::{BlockAlloc, Region};

/// One public function for each event: its documentation, its name, the layouts that it is tried on, and
/// what is done with a new pool, another one beside it, and their layout.
macro_rules! events {
    ($($(#[doc = $doc:literal])+ $name:ident { $shapes:expr, $scene:expr })+) => {$(
        $(#[doc = $doc])+
        ///
        /// # Panics
        ///
        /// If it is not so.
        ///
        /// # Examples
        ///
        /// ```
        /// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
        /// use block_core::conformance::{Factory, events};
        ///
        /// // SAFETY: the closure keeps no part of the pool.
        /// let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
        #[doc = concat!("events::", stringify!($name), "(&pools);")]
        /// ```
        pub fn $name<P>(pools: &Factory<impl Fn(Region) -> P>)
        where
            P: Deref<Target: BlockAlloc> + Send + Sync,
        {
            on_each(stringify!($name), &$shapes, |shape| {
                let (pool, other) = (shape.pool(pools)?, shape.pool(pools)?);
                $scene(&*pool, &*other, shape)
            });
        }
    )+};
}

/// Layouts that threads meet on, within one cache of a thread and beyond.
fn shared() -> [Shape; 5] {
    [
        Shape::new(64, 1),
        Shape::new(64, 3),
        Shape::new(24, 65).zeroed(),
        Shape::new(1, 300),
        Shape::new(24, 65).hardened(),
    ]
}

/// The layouts of a capacity, dense and spread.
fn of(capacity: usize) -> [Shape; 3] {
    let spread = Shape::new(100, capacity);
    [Shape::new(1, capacity), spread.zeroed(), spread.hardened()]
}

events! {
    /// A block is freed twice in a row: the second free is refused.
    double_free_at_once { few(), |pool, _, _| frees::double_free_at_once(pool) }
    /// A block is freed again after it has gone round, and while somebody else has it by a handle: the
    /// free is refused.
    double_free_delayed { few(), |pool, _, _| frees::double_free_delayed(pool) }
    /// A block is freed again after each of the others was: every one of these frees is refused.
    double_free_after_other_frees { few(), |pool, _, _| frees::double_free_after_other_frees(pool) }
    /// A block is freed by another thread than the one that took it, and then by each again: the first
    /// free is right, all others are refused.
    double_free_across_threads { few(), |pool, _, _| frees::double_free_across_threads(pool) }
    /// A pointer to the stack is refused as foreign.
    foreign_pointer_on_the_stack { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::OnTheStack])
    } }
    /// A pointer to the heap is refused as foreign.
    foreign_pointer_on_the_heap { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::OnTheHeap])
    } }
    /// A block of another pool of the same layout, where it is out raw, is refused as foreign, and can
    /// still be freed there.
    foreign_pointer_of_another_pool { few(), frees::block_of_another_pool }
    /// A pointer to the bytes and the blocks next to the region is refused as foreign.
    foreign_pointer_near { few(), |pool, _, shape| {
        let near = [
            Bad::OneByteBeforeTheBase,
            Bad::OneBlockBeforeTheBase,
            Bad::OnePastTheEnd,
            Bad::OneBlockPastTheEnd,
        ];
        frees::never_accepted(pool, shape, &near)
    } }
    /// A pointer half the address space away, and one to the last address, is refused as foreign.
    foreign_pointer_far { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::HalfTheAddressSpaceAway, Bad::AtTheLastAddress])
    } }
    /// A pointer to the middle or the last byte of a block is refused as misaligned.
    interior_pointer { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::InteriorMiddle, Bad::InteriorLast])
    } }
    /// A pointer one byte behind the start of a block is refused as misaligned.
    misaligned_pointer { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::InteriorFirst])
    } }
    /// The end of the region, where the next block would start, is refused as foreign.
    one_past_the_end { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::OnePastTheEnd])
    } }
    /// One byte and one block before the first block is refused as foreign.
    before_the_base { few(), |pool, _, shape| {
        let before = [Bad::OneByteBeforeTheBase, Bad::OneBlockBeforeTheBase];
        frees::never_accepted(pool, shape, &before)
    } }
    /// A block that the pool has never handed out is refused as not allocated.
    never_allocated_block { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::OfAFreeBlock])
    } }
    /// A block that a living handle owns is refused as not allocated, and keeps its bytes.
    block_owned_by_a_live_handle { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::OfAHandle])
    } }
    /// A block that was acquired unchecked is refused as not allocated, and keeps its bytes.
    block_held_without_a_mark { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::HeldUnchecked])
    } }

    /// A pool of one block hands it out, once, and again when it is back.
    capacity_of_1 { of(1), |pool, _, _| lives::each_block_once(pool) }
    /// A pool of two blocks hands out both, once, and again when they are back.
    capacity_of_2 { of(2), |pool, _, _| lives::each_block_once(pool) }
    /// A pool of 63 blocks, one less than a round number, hands out each, once, and again.
    capacity_of_63 { of(63), |pool, _, _| lives::each_block_once(pool) }
    /// A pool of 64 blocks hands out each, once, and again.
    capacity_of_64 { of(64), |pool, _, _| lives::each_block_once(pool) }
    /// A pool of 65 blocks, one more than a round number, hands out each, once, and again.
    capacity_of_65 { of(65), |pool, _, _| lives::each_block_once(pool) }
    /// Pools of 65,535, 65,536 and 65,537 blocks hand out each, once, and again. (A backend that supports
    /// fewer blocks says so in its constructor, and does not pass this one.)
    capacity_beyond_16_bits { [65_535, 65_536, 65_537].map(|capacity| Shape::new(1, capacity)), |pool, _, _| {
        lives::every_block_twice(pool)
    } }
    /// Of an exhausted pool, as many blocks can be had as are given back, whatever their number.
    exhaustion_then_recovery_to_the_exact_count { few(), |pool, _, _| lives::recovery(pool) }
    /// Threads that had every block and gave all of them back end: the next one gets every block.
    thread_ends_with_cached_blocks { shared(), |pool, _, _| {
        lives::thread_ends_with_cached_blocks(pool)
    } }
    /// A thread that held every block gives them back and ends, while another asks for blocks all the
    /// time: that one gets every block.
    thread_ends_while_others_are_at_exhaustion { shared(), |pool, _, _| {
        lives::thread_ends_at_exhaustion(pool)
    } }
    /// Destructors of a thread's own values take blocks and give them back, before and after those of
    /// the pool for that thread: every block can be had afterwards.
    frees_from_a_thread_local_destructor { shared(), |pool, _, _| {
        lives::frees_from_a_thread_local_destructor(pool)
    } }
    /// A thread unwinds while it holds every block by handles: all of them are back.
    panic_while_a_thread_holds_handles { few(), |pool, _, _| {
        lives::panic_while_holding_handles(pool)
    } }
    /// A handle is forgotten: its block counts as held for ever, and all others can be had.
    handle_that_is_forgotten { few(), |pool, _, _| lives::forgotten_handle(pool) }
    /// One thread only takes blocks, another only gives them back: the first gets one for each that the
    /// second has given back, in every number.
    producer_is_not_starved_by_its_consumer { shared(), |pool, _, _| {
        lives::producer_is_not_starved(pool)
    } }
}
