//! A pool that lets a test in between two steps of a call: what other threads may do just then.

use std::ptr::NonNull;
use std::sync::{Arc, Mutex};

use block_core::wait::Waiting;
use block_core::{BlockAlloc, Region};

use crate::{SIZE, support::Pool};

/// Runs once, the next time that the moment comes.
#[derive(Default)]
pub struct Moment(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Moment {
    pub fn run_once(&self, what: impl FnOnce() + Send + 'static) {
        *self.0.lock().unwrap() = Some(Box::new(what));
    }

    pub fn is_over(&self) -> bool {
        self.0.lock().unwrap().is_none()
    }

    fn has_come(&self) {
        let what = self.0.lock().unwrap().take();
        if let Some(what) = what {
            what();
        }
    }
}

#[derive(Default)]
pub struct Moments {
    /// A block is about to become free.
    pub before_release: Moment,
    /// A block is free, and the call that gave it back not over.
    pub after_release: Moment,
    /// A bulk is about to be taken.
    pub before_bulk: Moment,
}

pub struct Hooked {
    inner: Pool,
    moments: Arc<Moments>,
}

// SAFETY: the inner pool keeps the contract; a moment does not unwind, but for a test that fails.
unsafe impl BlockAlloc for Hooked {
    fn region(&self) -> &Region {
        self.inner.region()
    }

    fn acquire(&self) -> Option<NonNull<u8>> {
        self.inner.acquire()
    }

    unsafe fn release(&self, block: NonNull<u8>) {
        self.moments.before_release.has_come();
        // SAFETY: by this function's contract.
        unsafe { self.inner.release(block) };
        self.moments.after_release.has_come();
    }

    fn available(&self) -> usize {
        self.inner.available()
    }

    fn acquire_bulk(&self, blocks: &mut [Option<NonNull<u8>>]) -> bool {
        self.moments.before_bulk.has_come();
        for position in 0..blocks.len() {
            blocks[position] = self.inner.acquire();
            if blocks[position].is_none() {
                for block in blocks.iter_mut().filter_map(Option::take) {
                    // SAFETY: acquired above.
                    unsafe { self.release(block) };
                }
                return false;
            }
        }
        true
    }
}

pub fn hooked(capacity: usize) -> (Arc<Waiting<Hooked>>, Arc<Moments>) {
    let moments = Arc::<Moments>::default();
    let backend = Hooked { inner: Pool::new(SIZE, capacity), moments: Arc::clone(&moments) };
    (Arc::new(Waiting::new(backend)), moments)
}
