//! Whether the memory is there: what the contenders of a case touch must fit into half of it, all of
//! them together, since they are there at once.

use super::Case;
use crate::contender::Shape;
use crate::lineup::{self, Name};
use crate::machine;
use crate::numbers::{bytes, plural};
use crate::payload::Payload;

/// The most bytes of address space for an arena.
const LARGEST_REGION: u64 = 1 << 40;

/// Whether the machine has the memory for a case; if not, why.
pub(super) fn check(case: &Case, names: &[Name]) -> Result<(), String> {
    fits(case.shape, touched(case, names))
}

fn fits(shape: Shape, touched: u64) -> Result<(), String> {
    let (block, arena) = (shape.block_size as u64, shape.arena as u64);
    let what =
        || format!("an arena of {} of {}", plural(shape.arena, "block"), bytes(shape.block_size));
    if block * arena > LARGEST_REGION {
        return Err(format!("{} is too large; allowed is 1 TiB in all", what()));
    }
    match machine::memory() {
        Some(memory) if touched > memory / 2 => Err(format!(
            "{} would commit {} MiB; allowed here is half of the memory, {} MiB",
            what(),
            touched >> 20,
            memory >> 21,
        )),
        _ => Ok(()),
    }
}

/// Bytes that the contenders touch: some of them all of the arena, at least one of them by this
/// count, the others what the threads hold at once.
fn touched(case: &Case, names: &[Name]) -> u64 {
    let Shape { block_size, arena, threads, held } = case.shape;
    let each = match case.payload {
        Payload::Block => block_size as u64,
        Payload::None | Payload::Line => (block_size as u64).min(machine::committed_at_once()),
    };
    let all = lineup::touching_all(names).max(1);
    let others = lineup::count(names).saturating_sub(all);
    each * (all * arena + others * arena.min(threads * held)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Workload;

    #[test]
    fn contenders_share_the_memory() {
        let shape = Case::new(Workload::Pair, 1, 64, 10).shape;
        if let Some(memory) = machine::memory() {
            assert_eq!(fits(shape, memory / 2), Ok(()));
            assert!(fits(shape, memory / 2 + 1).is_err());
        }
        let (usual, every): (Vec<_>, Vec<_>) =
            (lineup::usual().collect(), lineup::names().collect());
        assert_eq!(lineup::touching_all(&every), 4);
        assert_eq!(lineup::touching_all(&usual), 1);
        let others = lineup::count(&usual) as u64 - 1;
        let case = Case::new(Workload::Burst, 2, 4 << 20, 1_000);
        let once = machine::committed_at_once();
        assert_eq!(touched(&case, &usual), once * (1_000 + others * 64));
        let whole = case.writing(Payload::Block);
        assert_eq!(touched(&whole, &usual), (4 << 20) * (1_000 + others * 64));
    }
}
