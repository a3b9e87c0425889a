//! Threads that come one after another, each on the core of the worker that they stand for. They
//! are real threads that end: what an allocator keeps for a thread is left behind by each of them.
//!
//! The worker waits for each. A birth, an end and the worker's waking take tens of microseconds, and
//! they are part of the measured time.

use std::panic;
use std::thread;

use super::Job;
use crate::fault::Fault;
use crate::workers::Cores;

/// Where a worker's successors work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Succession<'a> {
    thread: usize,
    cores: &'a Cores,
}

impl<'a> Succession<'a> {
    pub(super) fn of(job: &Job<'a>) -> Self {
        Self { thread: job.thread, cores: job.cores }
    }

    /// Starts the next thread, and waits until it has ended.
    ///
    /// The life is a trait object: one call a thread, and the starting is compiled once.
    pub(super) fn next(
        &self,
        life: &mut (dyn FnMut() -> Result<(), Fault> + Send),
    ) -> Result<(), Fault> {
        let Self { thread, cores } = *self;
        thread::scope(|scope| {
            // Named as the worker is: it does the worker's work.
            let named = thread::Builder::new().name(format!("worker-{thread}"));
            let successor = named.spawn_scoped(scope, move || {
                // A core that refuses was noted when it refused the worker.
                cores.pin(thread);
                life()
            });
            let successor = successor.map_err(|_| Fault::NoThread)?;
            successor.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_life_is_a_thread_of_its_own_that_has_ended() {
        let cores = Cores::usable();
        let succession = Succession { thread: 3, cores: &cores };
        let mut lives = Vec::new();
        for _ in 0..3 {
            let mut live = || {
                lives.push((thread::current().id(), thread::current().name().map(str::to_owned)));
                Ok(())
            };
            assert_eq!(succession.next(&mut live), Ok(()));
        }
        assert!(lives.iter().all(|(_, name)| name.as_deref() == Some("worker-3")), "{lives:?}");
        let own = thread::current().id();
        assert!(lives.iter().all(|&(id, _)| id != own));
        assert!(lives.windows(2).all(|two| two[0].0 != two[1].0), "{lives:?}");
        assert_eq!(succession.next(&mut || Err(Fault::NoBlock)), Err(Fault::NoBlock));
    }
}
