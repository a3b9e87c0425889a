//! What is done with buffers: the measured loops, each compiled for each contender.

use std::hint::black_box;

use bytes::BufMut;

use super::SIZE;
use super::contenders::Buffers;
use crate::clock::Span;
use crate::fault::Fault;
use crate::workers::Crew;

/// Something that is done with a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `take`: a buffer, something written into it, dropped.
    Take,
    /// `freeze`: the same, but frozen before it is dropped.
    Freeze,
    /// `clone`: one more handle of the thread's own bytes, dropped.
    Clone,
    /// `shared`: one more handle of bytes that all threads have.
    Shared,
    /// `slice`: a part of the thread's own bytes, dropped.
    Slice,
    /// `split`: the next frame of a buffer, frozen and dropped, while the buffer goes on.
    Split,
}

/// What is written into a buffer: ones, so that the first byte of each part is 1.
const HEAD: [u8; 16] = [1; 16];

/// Bytes of a frame, so many of which are a buffer.
const FRAME: usize = 64;

impl Operation {
    /// Every operation, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Take, Self::Freeze, Self::Clone, Self::Shared, Self::Slice, Self::Split];

    /// As it is called in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Freeze => "freeze",
            Self::Clone => "clone",
            Self::Shared => "shared",
            Self::Slice => "slice",
            Self::Split => "split",
        }
    }

    /// One line.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Take => "a buffer of 2 KiB is taken, 16 bytes are written, it is dropped",
            Self::Freeze => "the same, but frozen before it is dropped",
            Self::Clone => "a frozen buffer of the thread's own is cloned, the clone dropped",
            Self::Shared => "one frozen buffer that all threads have is cloned, the clone dropped",
            Self::Slice => "8 bytes of a frozen buffer of the thread's own are sliced, and dropped",
            Self::Split => "the next 64 bytes of a full buffer are split off, frozen and dropped",
        }
    }
}

/// A contender behind one dyn call per run.
pub(super) trait Loops {
    /// Does it so often on each thread.
    fn run(
        &self,
        crew: &Crew<'_>,
        operation: Operation,
        repetitions: u64,
    ) -> Result<Vec<Span>, Fault>;
}

impl<B: Buffers> Loops for B {
    fn run(
        &self,
        crew: &Crew<'_>,
        operation: Operation,
        repetitions: u64,
    ) -> Result<Vec<Span>, Fault> {
        let shared = frozen(self)?;
        crew.all(|_, mut clock| {
            let own = frozen(self)?;
            let mut sum = 0;
            let span = clock.time(|| {
                sum = match operation {
                    Operation::Take => take(self, repetitions)?,
                    Operation::Freeze => freeze(self, repetitions)?,
                    Operation::Clone => clone::<B>(&own, repetitions),
                    Operation::Shared => clone::<B>(&shared, repetitions),
                    Operation::Slice => slice::<B>(&own, repetitions),
                    Operation::Split => split(self, repetitions)?,
                };
                Ok(())
            })?;
            assert_eq!(sum, repetitions, "a buffer had other bytes than were written");
            assert_eq!((&own[..], &shared[..]), (&HEAD[..], &HEAD[..]));
            Ok(span)
        })
    }
}

fn frozen<B: Buffers>(buffers: &B) -> Result<B::Reads, Fault> {
    let mut buffer = buffers.take().ok_or(Fault::NoBlock)?;
    buffer.put_slice(&HEAD);
    Ok(B::freeze(buffer))
}

/// What each loop adds up.
#[inline(always)]
fn first(bytes: &[u8]) -> u64 {
    bytes[0].into()
}

#[inline(never)]
fn take<B: Buffers>(buffers: &B, repetitions: u64) -> Result<u64, Fault> {
    let mut sum = 0;
    for _ in 0..repetitions {
        let mut buffer = buffers.take().ok_or(Fault::NoBlock)?;
        buffer.put_slice(black_box(&HEAD));
        sum += black_box((SIZE - buffer.chunk_mut().len()) / HEAD.len()) as u64;
    }
    Ok(sum)
}

#[inline(never)]
fn freeze<B: Buffers>(buffers: &B, repetitions: u64) -> Result<u64, Fault> {
    let mut sum = 0;
    for _ in 0..repetitions {
        let mut buffer = buffers.take().ok_or(Fault::NoBlock)?;
        buffer.put_slice(black_box(&HEAD));
        sum += first(&black_box(B::freeze(buffer)));
    }
    Ok(sum)
}

#[inline(never)]
fn clone<B: Buffers>(bytes: &B::Reads, repetitions: u64) -> u64 {
    (0..repetitions).map(|_| first(&black_box(bytes.clone()))).sum()
}

#[inline(never)]
fn slice<B: Buffers>(bytes: &B::Reads, repetitions: u64) -> u64 {
    let (from, to) = black_box((8, 16));
    (0..repetitions).map(|_| first(&black_box(B::slice(bytes, from, to)))).sum()
}

#[inline(never)]
fn split<B: Buffers>(buffers: &B, repetitions: u64) -> Result<u64, Fault> {
    let full = || {
        let mut buffer = buffers.take().ok_or(Fault::NoBlock)?;
        buffer.put_bytes(1, SIZE);
        Ok::<_, Fault>(buffer)
    };
    let (mut sum, mut left) = (0, repetitions);
    while left > 0 {
        let mut buffer = full()?;
        let frames = left.min((SIZE / FRAME) as u64);
        for _ in 0..frames {
            sum += first(&black_box(B::freeze_to(&mut buffer, black_box(FRAME))));
        }
        left -= frames;
    }
    Ok(sum)
}
