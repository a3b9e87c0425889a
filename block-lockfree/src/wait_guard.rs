//! When a thread that waits must give up: it was interrupted inside a call on another pool, and
//! somebody waits for that call.
//!
//! A thread that reclaims is inside no operation (invariant 8), with one exception. A signal handler
//! that interrupted an operation on one pool may exhaust another and reclaim there. Two such
//! handlers, each on the other's pool, would wait for each other for ever.
//!
//! So whoever waits for a thread's magazine counts, for that thread, how often it looked and saw the
//! magazine active. The thread, if it waits itself, watches its count. That it moves once proves
//! nothing: the look may have been made a moment before the thread left the magazine. But of
//! [`ENOUGH`] moves two were made by one waiting thread (unless more than that wait at once), and
//! the later look of that one came after the earlier count, so after this thread began to wait.
//! It found the magazine active: this is a handler, and must not wait.
//!
//! The watch begins with a read-modify-write, as every move is one: whoever moves the count later
//! sees what this thread did before it, that it left its magazines most of all.

use core::sync::atomic::Ordering;

use crate::magazine::Magazine;
use crate::sync::StaticU32;
use crate::thread::{self, LIMIT};

/// Moves that prove something; about a millisecond of waiting.
const ENOUGH: u32 = 1 << 16;

/// Looks of one round of waiting.
const LOOKS: usize = if cfg!(any(block_loom, block_shuttle)) { 1 } else { 256 };

/// How often a waiting thread saw a magazine active, by the number of the magazine's owner.
static AWAITED: [StaticU32; LIMIT] = [const { StaticU32::new(0) }; LIMIT];

/// Looks some times whether the owner of this number is out of its magazine, and lets it know that the
/// caller waits.
pub(crate) fn is_active_still(number: usize, magazine: &Magazine) -> bool {
    (0..LOOKS).all(|_| {
        let active = magazine.is_active();
        if active {
            // AcqRel: pairs with itself and with `WaitGuard::new`, through the chain of these.
            AWAITED[number].fetch_add(1, Ordering::AcqRel);
        }
        active
    })
}

/// The watch of a thread that waits.
#[derive(Debug)]
pub(crate) struct WaitGuard {
    /// The own count, and what it was; none for a thread without magazines.
    watch: Option<(&'static StaticU32, u32)>,
}

impl WaitGuard {
    pub(crate) fn new() -> Self {
        let count = thread::number().map(|number| &AWAITED[number]);
        // AcqRel: pairs with `is_active_still`.
        Self { watch: count.map(|count| (count, count.fetch_add(0, Ordering::AcqRel))) }
    }

    /// Whether the caller must not wait any longer.
    pub(crate) fn must_stop(&self) -> bool {
        self.watch.is_some_and(|(count, before)| {
            count.load(Ordering::Relaxed).wrapping_sub(before) > ENOUGH
        })
    }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;
    use crate::sync::AtomicUsize;
    use block_core::SideTable;

    #[test]
    fn it_ends_only_when_one_thread_must_have_looked_twice() {
        thread::watch();
        thread::assign();
        let number = thread::number().unwrap();
        let magazines = SideTable::<Magazine>::zeroed(1).unwrap();
        let patience = WaitGuard::new();
        assert!(!is_active_still(number, &magazines[0]));
        magazines[0].enter(&AtomicUsize::new(0)).unwrap();
        (0..ENOUGH as usize / LOOKS).for_each(|_| assert!(is_active_still(number, &magazines[0])));
        assert!(!patience.must_stop());
        is_active_still(number, &magazines[0]);
        assert!(patience.must_stop());
        assert!(!WaitGuard::new().must_stop(), "the next one begins anew");
    }
}
