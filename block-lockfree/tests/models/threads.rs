//! The ends of threads: numbers that are claimed, given back and claimed again, and the magazines that go with
//! them.

use block_core::models::Bound::{self, Exhaustive, Within};
use block_core::models::sync::Arc;
use block_core::models::{UnsafeCell, check, fail_next_swap, thread};

use crate::bitmap::{allocate, free};
use crate::pool::Pool;
use crate::sync::StaticUsize;

/// Numbers, and plain memory that goes with each, as a slot does.
struct Numbers {
    taken: [StaticUsize; 1],
    slots: Vec<UnsafeCell<usize>>,
}

impl Numbers {
    fn new() -> Arc<Self> {
        let slots = (0..4).map(|_| UnsafeCell::new(0)).collect();
        Arc::new(Self { taken: [StaticUsize::new(0)], slots })
    }

    fn touch(&self, number: usize) {
        // SAFETY: the caller has the number; the cell reports it if somebody else has it, too.
        self.slots[number].with_mut(|times| unsafe { *times += 1 });
    }

    /// A thread's life, from its first call to its end. One weak compare-and-swap of its claim fails.
    fn live(&self, calls: impl FnOnce(usize)) {
        fail_next_swap();
        let number = allocate(&self.taken).expect("fewer threads than numbers");
        self.touch(number);
        calls(number);
        self.touch(number);
        free(&self.taken, number);
    }

    /// At rest: so many lives were lived, and every number is free.
    fn assert_lived(&self, lives: usize) {
        // SAFETY: at rest.
        let touched = |slot: &UnsafeCell<usize>| slot.with(|times| unsafe { *times });
        assert_eq!(self.slots.iter().map(touched).sum::<usize>(), 2 * lives);
        assert_eq!(allocate(&self.taken), Some(0), "the lowest number is free again");
    }
}

/// So many threads of one life each, beside one of so many lives.
fn a_number_has_one_owner_at_a_time(others: usize, lives: usize, bound: Bound) {
    check(bound, move || {
        let numbers = Numbers::new();
        let threads = (0..others).map(|_| {
            let numbers = Arc::clone(&numbers);
            thread::spawn(move || numbers.live(|_| {}))
        });
        let threads: Vec<_> = threads.collect();
        (0..lives).for_each(|_| numbers.live(|_| {}));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        numbers.assert_lived(others + lives);
    });
}

/// Two threads, one of two lives and one of one, exhaustive.
#[test]
fn a_number_has_one_owner_at_a_time_and_passes_on_what_is_in_its_slot() {
    a_number_has_one_owner_at_a_time(1, 2, Exhaustive);
}

/// Three threads, within two preemptions: of a return by one and a claim by the next the third one's claim
/// may be in the middle.
#[test]
fn a_claim_between_a_return_and_the_next_claim_hides_neither() {
    a_number_has_one_owner_at_a_time(2, 1, Within(2));
}

/// Threads that end one after another, and the blocks that they leave in their magazines.
struct World {
    pool: Arc<Pool>,
    numbers: Arc<Numbers>,
}

impl World {
    fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self { pool: Pool::new(capacity), numbers: Numbers::new() })
    }

    /// A life in which one block is taken and given back, which invariant 3 grants.
    fn live(&self) {
        self.numbers.live(|number| self.pool.acquire_and_release(number));
    }
}

/// Two threads, two blocks: each of one life, in which a block is taken and given back. The one that comes
/// late may get the other's number, with its magazine and the blocks there, or call them in. Within two
/// preemptions.
#[test]
fn who_comes_after_a_thread_inherits_its_magazine_or_calls_it_in() {
    check(Within(2), || {
        let world = World::new(2);
        let other = Arc::clone(&world);
        let other = thread::spawn(move || other.live());
        world.live();
        other.join().unwrap();
        world.live();
        world.pool.assert_left(2);
        world.numbers.assert_lived(3);
    });
}

/// Two threads, two blocks, both in the magazine of a thread that has ended: one thread inherits it, the other
/// one reclaims, or inherits it in turn; which of them is which shows as they claim. Within two preemptions.
#[test]
fn reclaim_against_the_end_of_the_thread_that_inherited() {
    check(Within(2), || {
        let world = World::new(2);
        world.numbers.live(|number| world.pool.cache_all(number));
        let other = Arc::clone(&world);
        let other = thread::spawn(move || other.live());
        world.live();
        other.join().unwrap();
        world.pool.assert_left(2);
        world.numbers.assert_lived(3);
    });
}

/// Three families of three lives each, two blocks each, all of the pool: every life takes and gives back in random
/// order, and leaves what it cached to whoever gets its number. A fourth thread counts.
#[test]
#[cfg(block_shuttle)]
fn families_inherit_numbers_and_what_lies_in_their_magazines() {
    use block_core::models::Bound::Random;
    use shuttle::rand::{Rng, thread_rng};

    check(Random, || {
        let world = World::new(6);
        let families = [(); 3].map(|()| {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                for _ in 0..3 {
                    let world = Arc::clone(&world);
                    let life = thread::spawn(move || {
                        world.numbers.live(|number| {
                            let mut held = Vec::new();
                            for _ in 0..5 {
                                if held.len() < 2 && thread_rng().r#gen() {
                                    held.push(world.pool.acquire_own(number));
                                } else if let Some(block) = held.pop() {
                                    world.pool.release(number, block);
                                }
                            }
                            held.into_iter().for_each(|it| world.pool.release(number, it));
                        });
                    });
                    life.join().unwrap();
                }
            })
        });
        let counted = world.pool.available();
        assert!(counted <= 6, "never more than the capacity");
        families.into_iter().for_each(|family| family.join().unwrap());
        world.pool.assert_left(6);
        world.numbers.assert_lived(9);
    });
}
