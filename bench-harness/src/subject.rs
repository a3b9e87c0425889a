//! A contender behind one dyn call per run: inside it, everything is compiled for the contender.

use std::fmt::Debug;

use crate::clock::Span;
use crate::contender::Contender;
use crate::fault::Fault;
use crate::grid::Case;
use crate::latency::{Calls, Timed, Timing};
use crate::payload::Payload;
use crate::probe::{EveryByte, FirstByte, Probe, Stamp, Touch, Untouched};
use crate::stock;
use crate::workers::Crew;
use crate::workload::Job;

/// A contender of any type. Every [`Contender`] is one.
pub trait Subject: Debug + Send + Sync {
    /// Runs the case as it is measured, `pairs` pairs of take and give on each thread.
    ///
    /// # Errors
    ///
    /// What the contender was caught at.
    fn measure(&self, crew: &Crew<'_>, case: Case, pairs: u64) -> Result<Vec<Span>, Fault>;

    /// Runs the case with each call timed by itself, where calls are made singly. Whatever the
    /// payload is, the first byte of each block is written.
    ///
    /// # Errors
    ///
    /// What the contender was caught at.
    fn time_calls(&self, crew: &Crew<'_>, case: Case, pairs: u64) -> Result<Calls, Fault>;

    /// Runs the case with every block stamped while it is held.
    ///
    /// # Errors
    ///
    /// What the contender was caught at.
    fn verify(&self, crew: &Crew<'_>, case: Case, pairs: u64) -> Result<(), Fault>;

    /// As [`Contender::moves_in_bulk`].
    fn moves_in_bulk(&self) -> bool;

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
    fn measure(&self, crew: &Crew<'_>, case: Case, pairs: u64) -> Result<Vec<Span>, Fault> {
        match case.payload {
            Payload::None => work(self, crew, case, pairs, |_| Touch(Untouched)),
            Payload::Line => work(self, crew, case, pairs, |_| Touch(FirstByte)),
            Payload::Block => {
                work(self, crew, case, pairs, |_| Touch(EveryByte(case.shape.block_size)))
            }
        }
    }

    fn time_calls(
        &self,
        crew: &Crew<'_>,
        Case { workload, shape, .. }: Case,
        pairs: u64,
    ) -> Result<Calls, Fault> {
        let timings: Vec<_> = (0..shape.threads).map(|_| Timing::default()).collect();
        let between = workload.between::<Timed<'_, C::Hand<'_>>, Touch<FirstByte>>(shape.threads);
        crew.all(|thread, clock| {
            let timing = &timings[thread];
            let hands = || Timed::new(self.hand(thread), timing);
            let clock = clock.telling(&timing.running);
            let job = Job { thread, pairs, shape, clock, cores: crew.cores() };
            workload.run(&hands, &mut Touch(FirstByte), job, &between)
        })?;
        let mut all = Calls::default();
        timings.into_iter().for_each(|timing| all.add(&timing.into_calls()));
        Ok(all)
    }

    fn verify(&self, crew: &Crew<'_>, case: Case, pairs: u64) -> Result<(), Fault> {
        let stamp = |thread| Stamp::new(thread, case.shape.block_size);
        work(self, crew, case, pairs, stamp).map(drop)
    }

    fn moves_in_bulk(&self) -> bool {
        Contender::moves_in_bulk(self)
    }

    fn take_stock(&self, block_size: usize) -> Result<(), Fault> {
        stock::take(self, block_size, stock::Look::Only)
    }

    fn settle(&self, block_size: usize) -> Result<(), Fault> {
        let look = if self.rotates() { stock::Look::AndWrite } else { stock::Look::Only };
        stock::take(self, block_size, look)
    }
}

/// A run: on each thread a hand, a probe and a share of the work.
fn work<C: Contender, P: Probe>(
    contender: &C,
    crew: &Crew<'_>,
    Case { workload, shape, .. }: Case,
    pairs: u64,
    probe: impl Fn(usize) -> P + Sync,
) -> Result<Vec<Span>, Fault> {
    let between = workload.between::<C::Hand<'_>, P>(shape.threads);
    crew.all(|thread, clock| {
        let hands = || contender.hand(thread);
        let job = Job { thread, pairs, shape, clock, cores: crew.cores() };
        workload.run(&hands, &mut probe(thread), job, &between)
    })
}
