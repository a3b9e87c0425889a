//! Repeatable random numbers: one seed for a run, printed with every failure.

/// The seed of this run: the environment's `CONFORMANCE_SEED`, or always the same.
pub(super) fn seed() -> u64 {
    let given = std::env::var("CONFORMANCE_SEED").ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(2015)
}

/// A generator of the xorshift family (Marsaglia 2003): fast in builds without optimisation.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    /// A stream of its own for each `stream`, from the seed of the run.
    pub(super) fn new(stream: usize) -> Self {
        let mixed = (seed() ^ (stream as u64) << 32).wrapping_add(1);
        let mut random = Self(mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..4 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `limit`, which is not 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        ((self.next() >> 16) % limit as u64) as usize
    }

    /// One of the choices.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}
