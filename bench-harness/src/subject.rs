//! A contender behind one dyn call per thread and run: inside it, everything is compiled for the
//! contender.

use std::fmt::Debug;
use std::time::Instant;

use crate::barrier::Barrier;
use crate::contender::{Contender, Shape};
use crate::fault::Fault;
use crate::probe::{Probe, Stamp, Touch};
use crate::stock;
use crate::workload::Workload;

/// What one thread is to do.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The loop.
    pub workload: Workload,
    /// The thread's number.
    pub thread: usize,
    /// How many pairs of take and give, [`Workload::whole`] repetitions.
    pub pairs: u64,
    /// Where all threads start together.
    pub barrier: &'a Barrier,
}

/// When one thread left the barrier, and when it was done.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The start.
    pub start: Instant,
    /// The end.
    pub end: Instant,
}

/// A contender of any type. Every [`Contender`] is one.
pub trait Subject: Debug + Send + Sync {
    /// Does the task as it is measured.
    ///
    /// # Errors
    ///
    /// What the contender was caught at.
    fn measure(&self, task: Task<'_>) -> Result<Span, Fault>;

    /// Does the task with every block stamped while it is held.
    ///
    /// # Errors
    ///
    /// What the contender was caught at.
    fn verify(&self, task: Task<'_>, shape: Shape) -> Result<(), Fault>;

    /// Takes every block, looks whether each is there once, and gives all of them back. No other
    /// thread may hold a block or be inside a call.
    ///
    /// # Errors
    ///
    /// What the contender was caught at.
    fn take_stock(&self, block_size: usize) -> Result<(), Fault>;

    /// Commits the memory that the contender will touch, where it will touch all of it. The same
    /// checks as [`take_stock`](Self::take_stock).
    ///
    /// # Errors
    ///
    /// What the contender was caught at.
    fn settle(&self, block_size: usize) -> Result<(), Fault>;
}

impl<C: Contender> Subject for C {
    fn measure(&self, task: Task<'_>) -> Result<Span, Fault> {
        work(self, task, &mut Touch)
    }

    fn verify(&self, task: Task<'_>, shape: Shape) -> Result<(), Fault> {
        work(self, task, &mut Stamp::new(task.thread, shape.block_size)).map(drop)
    }

    fn take_stock(&self, block_size: usize) -> Result<(), Fault> {
        stock::take(self, block_size, stock::Look::Only)
    }

    fn settle(&self, block_size: usize) -> Result<(), Fault> {
        let look = if self.rotates() { stock::Look::AndWrite } else { stock::Look::Only };
        stock::take(self, block_size, look)
    }
}

/// The thread's share of a run, from the barrier to its last give.
fn work<C: Contender, P: Probe>(
    contender: &C,
    task: Task<'_>,
    probe: &mut P,
) -> Result<Span, Fault> {
    let mut hand = contender.hand(task.thread);
    task.barrier.wait();
    let start = Instant::now();
    let done = task.workload.run(&mut hand, probe, task.pairs);
    let end = Instant::now();
    done.map(|()| Span { start, end })
}
