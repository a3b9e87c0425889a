//! Conservation: while all stands still, every block is there, once.

use std::ptr::NonNull;

use block_core::{BlockAlloc, Stats};

/// Counts blocks. What it needs for that it has from the start, so that counting takes no memory.
#[derive(Debug)]
pub(crate) struct Audit {
    /// Which blocks were seen, by their index.
    seen: Vec<bool>,
    taken: Vec<NonNull<u8>>,
}

impl Audit {
    /// For pools of up to so many blocks.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { seen: vec![false; capacity], taken: Vec::with_capacity(capacity) }
    }

    /// Invariants 1 to 4, while no other thread is in a call and only the blocks of `kept` are held:
    /// the pool's count and its statistics are right, then it is drained, and with the kept ones that
    /// makes every block once.
    ///
    /// # Errors
    ///
    /// What does not hold.
    pub(crate) fn look(
        &mut self,
        pool: &dyn BlockAlloc,
        kept: impl Iterator<Item = NonNull<u8>>,
    ) -> Result<(), String> {
        self.seen.fill(false);
        let mut held = 0;
        for block in kept {
            self.see(pool, block)?;
            held += 1;
        }
        counts(pool, held)?;
        self.taken.clear();
        let drained = self.drain(pool);
        let (got, free) = (self.taken.len(), pool.capacity() - held);
        let checked = drained.and_then(|()| {
            if got != free {
                return Err(format!(
                    "{got} blocks could be taken, {held} are kept: of {} in all",
                    pool.capacity()
                ));
            }
            counts(pool, pool.capacity())
        });
        for block in self.taken.drain(..).rev() {
            // SAFETY: acquired below, not used since, and given up here.
            unsafe { pool.release(block) };
        }
        checked?;
        counts(pool, held)
    }

    /// Takes all that there is; at most as many as there may be and one more, if the pool knows no end.
    fn drain(&mut self, pool: &dyn BlockAlloc) -> Result<(), String> {
        while let Some(block) = pool.acquire() {
            self.see(pool, block)?;
            self.taken.push(block);
        }
        Ok(())
    }

    fn see(&mut self, pool: &dyn BlockAlloc, block: NonNull<u8>) -> Result<(), String> {
        let index = pool.region().locate(block).map_err(|wrong| format!("{block:p}: {wrong}"))?;
        if std::mem::replace(&mut self.seen[index.get()], true) {
            return Err(format!("block {block:p} is there twice"));
        }
        Ok(())
    }
}

/// What the pool says of itself with so many blocks held.
fn counts(pool: &dyn BlockAlloc, held: usize) -> Result<(), String> {
    let (capacity, available) = (pool.capacity(), pool.available());
    if available + held != capacity {
        return Err(format!("{available} blocks are free and {held} held: of {capacity} in all"));
    }
    let stats = pool.stats();
    let Stats { cached, never_used, .. } = stats;
    if stats.in_use != held || held + cached + never_used + stats.returned() != capacity {
        return Err(format!("{held} blocks are held, but the statistics are {stats}"));
    }
    Ok(())
}
