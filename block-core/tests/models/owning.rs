//! The owners of a pool: the last one frees it, after all that the others did.
//!
//! Two threads, exhaustive.

use block_core::models::Bound::Exhaustive;
use block_core::models::sync::Arc;
use block_core::models::{UnsafeCell, check};

use crate::on_another_thread;
use crate::owners::Owners;

struct Shared {
    owners: Owners,
    pool: UnsafeCell<u8>,
    freed: UnsafeCell<u8>,
}

/// Uses the pool and gives up an owner; the last one frees the pool.
fn use_and_leave(shared: &Shared) {
    shared.pool.with(|_| ());
    if shared.owners.remove(1) {
        shared.pool.with_mut(|_| ());
        // SAFETY: the last owner has the pool to itself; the cell reports it if not.
        shared.freed.with_mut(|freed| unsafe { *freed += 1 });
    }
}

#[test]
fn the_last_of_two_owners_frees_the_pool_after_both_have_used_it() {
    check(Exhaustive, || {
        let [pool, freed] = [0, 0].map(UnsafeCell::new);
        let shared = Arc::new(Shared { owners: Owners::new(), pool, freed });
        shared.owners.add(1);
        let other = on_another_thread(&shared, use_and_leave);
        use_and_leave(&shared);
        other.join().unwrap();
        // SAFETY: the other thread has ended.
        shared.freed.with(|freed| assert_eq!(unsafe { *freed }, 1));
    });
}
