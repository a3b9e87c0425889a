//! Bad inputs and events that every backend must survive, one function for each.
//!
//! The properties of the parent module mix all calls. A function here tries one bad input, or one
//! event in the life of a pool, so a failed test names what went wrong.
//! [`conformance_tests!`](crate::conformance_tests) creates a test for each.
//!
//! | bad pointers to `free_raw`, `free_bulk_raw` and `Block::from_raw`: invariant 5 | rejects a pool with |
//! |---|---|
//! | [`double_free_at_once`], [`double_free_delayed`], [`double_free_after_other_frees`], [`double_free_across_threads`], [`never_allocated_block`], [`block_owned_by_a_live_handle`], [`block_held_without_a_mark`] | a double free accepted |
//! | [`foreign_pointer_on_the_stack`], [`foreign_pointer_on_the_heap`], [`foreign_pointer_of_another_pool`], [`foreign_pointer_near`], [`foreign_pointer_far`], [`one_past_the_end`], [`before_the_base`] | one past the end accepted |
//! | [`interior_pointer`], [`misaligned_pointer`] | an interior pointer accepted |
//!
//! For two threads that free one block at the same time, see the property
//! [`one_of_two_racing_frees_succeeds`](super::one_of_two_racing_frees_succeeds).
//!
//! | events in the life of a pool: invariants 2 and 3 | rejects a pool with |
//! |---|---|
//! | [`capacity_of_1`], [`capacity_of_2`], [`capacity_of_63`], [`capacity_of_64`], [`capacity_of_65`] | a reserve |
//! | [`capacity_beyond_16_bits`] | numbers of 16 bits |
//! | [`exhaustion_then_recovery_to_the_exact_count`], [`panic_while_a_thread_holds_handles`] | a lost block |
//! | [`handle_that_is_forgotten`] | a count of one too many |
//! | [`thread_ends_with_cached_blocks`], [`thread_ends_while_others_are_at_exhaustion`], [`frees_from_a_thread_local_destructor`], [`producer_is_not_starved_by_its_consumer`] | blocks stranded with their thread |
//!
//! # Examples
//!
//! Call a single event to find out what breaks it:
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

/// Defines one public function for each event, from its documentation, its name, its layouts, and a
/// function of a new pool, another pool and their layout.
macro_rules! events {
    ($($(#[doc = $doc:literal])+ $name:ident { $shapes:expr, $scene:expr })+) => {$(
        $(#[doc = $doc])+
        ///
        /// # Panics
        ///
        /// Panics if this does not hold.
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

/// Layouts for tests with threads: pools that fit one thread's cache, and larger ones.
fn shared() -> [Shape; 5] {
    [
        Shape::new(64, 1),
        Shape::new(64, 3),
        Shape::new(24, 65).zeroed(),
        Shape::new(1, 300),
        Shape::new(24, 65).hardened(),
    ]
}

/// Returns the layouts of a capacity, dense and with padding.
fn of(capacity: usize) -> [Shape; 3] {
    let spread = Shape::new(100, capacity);
    [Shape::new(1, capacity), spread.zeroed(), spread.hardened()]
}

events! {
    /// Frees a block twice in a row. The second free must fail.
    double_free_at_once { few(), |pool, _, _| frees::double_free_at_once(pool) }
    /// Frees a block again after it was allocated as a handle. The free must fail.
    double_free_delayed { few(), |pool, _, _| frees::double_free_delayed(pool) }
    /// Frees a block again after each of the others was freed. Every second free must fail.
    double_free_after_other_frees { few(), |pool, _, _| frees::double_free_after_other_frees(pool) }
    /// Frees a block on another thread than the one that allocated it, and then on both again. Only
    /// the first free may succeed.
    double_free_across_threads { few(), |pool, _, _| frees::double_free_across_threads(pool) }
    /// Frees a pointer to the stack. The error must be `Foreign`.
    foreign_pointer_on_the_stack { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::OnTheStack])
    } }
    /// Frees a pointer to the heap. The error must be `Foreign`.
    foreign_pointer_on_the_heap { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::OnTheHeap])
    } }
    /// Frees a raw block of another pool of the same layout. The error must be `Foreign`, and the
    /// other pool can still free the block.
    foreign_pointer_of_another_pool { few(), frees::block_of_another_pool }
    /// Frees pointers to bytes and blocks next to the region. The error must be `Foreign`.
    foreign_pointer_near { few(), |pool, _, shape| {
        let near = [
            Bad::OneByteBeforeTheBase,
            Bad::OneBlockBeforeTheBase,
            Bad::OnePastTheEnd,
            Bad::OneBlockPastTheEnd,
        ];
        frees::never_accepted(pool, shape, &near)
    } }
    /// Frees a pointer half the address space away, and one to the last address. The error must be
    /// `Foreign`.
    foreign_pointer_far { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::HalfTheAddressSpaceAway, Bad::AtTheLastAddress])
    } }
    /// Frees a pointer to the middle or the last byte of a block. The error must be
    /// `NotBlockStart`.
    interior_pointer { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::InteriorMiddle, Bad::InteriorLast])
    } }
    /// Frees a pointer one byte after the start of a block. The error must be `NotBlockStart`.
    misaligned_pointer { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::InteriorFirst])
    } }
    /// Frees a pointer to the end of the region. The error must be `Foreign`.
    one_past_the_end { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::OnePastTheEnd])
    } }
    /// Frees pointers one byte and one block before the first block. The error must be `Foreign`.
    before_the_base { few(), |pool, _, shape| {
        let before = [Bad::OneByteBeforeTheBase, Bad::OneBlockBeforeTheBase];
        frees::never_accepted(pool, shape, &before)
    } }
    /// Frees a block that was never allocated. The error must be `NotAllocated`.
    never_allocated_block { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::OfAFreeBlock])
    } }
    /// Frees a block that a handle owns. The error must be `NotAllocated`, and the block keeps its
    /// bytes.
    block_owned_by_a_live_handle { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::OfAHandle])
    } }
    /// Frees a block from `acquire`. The error must be `NotAllocated`, and the block keeps its
    /// bytes.
    block_held_without_a_mark { few(), |pool, _, shape| {
        frees::never_accepted(pool, shape, &[Bad::HeldUnchecked])
    } }

    /// Allocates the block of a pool of one block, and again after it was freed.
    capacity_of_1 { of(1), |pool, _, _| lives::each_block_once(pool) }
    /// Allocates both blocks of a pool of two blocks, and again after they were freed.
    capacity_of_2 { of(2), |pool, _, _| lives::each_block_once(pool) }
    /// Allocates every block of a pool of 63 blocks, and again after they were freed.
    capacity_of_63 { of(63), |pool, _, _| lives::each_block_once(pool) }
    /// Allocates every block of a pool of 64 blocks, and again after they were freed.
    capacity_of_64 { of(64), |pool, _, _| lives::each_block_once(pool) }
    /// Allocates every block of a pool of 65 blocks, and again after they were freed.
    capacity_of_65 { of(65), |pool, _, _| lives::each_block_once(pool) }
    /// Allocates every block of pools of 65,535, 65,536 and 65,537 blocks, and again after they
    /// were freed. (A backend that supports fewer blocks does not pass this test.)
    capacity_beyond_16_bits { [65_535, 65_536, 65_537].map(|capacity| Shape::new(1, capacity)), |pool, _, _| {
        lives::every_block_twice(pool)
    } }
    /// Frees blocks of an exhausted pool. Exactly as many can be allocated afterwards.
    exhaustion_then_recovery_to_the_exact_count { few(), |pool, _, _| lives::recovery(pool) }
    /// Ends threads that have freed every block. The next thread must get every block.
    thread_ends_with_cached_blocks { shared(), |pool, _, _| {
        lives::thread_ends_with_cached_blocks(pool)
    } }
    /// Ends a thread that has freed every block, while another thread keeps allocating. That thread
    /// must get every block.
    thread_ends_while_others_are_at_exhaustion { shared(), |pool, _, _| {
        lives::thread_ends_at_exhaustion(pool)
    } }
    /// Allocates and frees blocks in destructors of a thread, before and after those of the pool
    /// for that thread. Afterwards every block must be free.
    frees_from_a_thread_local_destructor { shared(), |pool, _, _| {
        lives::frees_from_a_thread_local_destructor(pool)
    } }
    /// Unwinds a thread that has every block in handles. Afterwards every block must be free.
    panic_while_a_thread_holds_handles { few(), |pool, _, _| {
        lives::panic_while_holding_handles(pool)
    } }
    /// Forgets a handle. Its block counts as allocated forever, and all others must be free.
    handle_that_is_forgotten { few(), |pool, _, _| lives::forgotten_handle(pool) }
    /// Allocates on one thread and frees on another. The first must get a block for each that the
    /// second has freed.
    producer_is_not_starved_by_its_consumer { shared(), |pool, _, _| {
        lives::producer_is_not_starved(pool)
    } }
}
