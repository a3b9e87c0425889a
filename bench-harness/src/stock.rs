//! Stock-taking: after every run, is every block there, once, and where it belongs?

use std::ptr::NonNull;

use block_core::BlockAlloc;

use crate::contender::{Contender, Hand};
use crate::fault::Fault;

/// What is done to the blocks meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing: the memory of blocks never used stays uncommitted.
    Only,
    /// The first byte of each is written.
    AndWrite,
}

/// Takes all blocks through the contender's own path, on this thread, checks them and gives them
/// back.
///
/// Invariants 1 to 4 of a bounded pool: no two blocks share a byte, none is missing or too many,
/// each is a block of the region if there is one, and the pool's count of its free blocks, if it
/// has one, is right with all of them held and with none. Of an allocator without a bound: no two of
/// [`Contender::supply`] live blocks share a byte.
pub(crate) fn take<C: Contender>(
    contender: &C,
    block_size: usize,
    look: Look,
) -> Result<(), Fault> {
    let available = |expected: usize| match contender.available() {
        Some(says) if says != expected => Err(Fault::Available { says, expected }),
        _ => Ok(()),
    };
    let bound = contender.bound();
    let expected = bound.unwrap_or_else(|| contender.supply());
    // One more than there should be, to see the pool refuse it.
    let wanted = if bound.is_some() { expected + 1 } else { expected };

    let mut hand = contender.hand(0);
    let mut held = Vec::with_capacity(wanted);
    while held.len() < wanted
        && let Some(mut block) = hand.take()
    {
        held.push((C::Hand::bytes(&mut block), block));
    }
    held.sort_unstable_by_key(|&(address, _)| address);

    let blocks: Vec<_> = held.iter().map(|&(address, _)| address).collect();
    if look == Look::AndWrite {
        for block in &blocks {
            // SAFETY: the block is held, and has at least one byte.
            unsafe { block.write_volatile(1) };
        }
    }
    check_places(&blocks, block_size, contender.pool())?;
    if blocks.len() != expected {
        return Err(Fault::Count { got: blocks.len(), expected });
    }
    if bound.is_some() {
        available(0)?;
    }

    // In order of address, lowest last, as a pool would hand out blocks that were never used. Else
    // every check would leave the blocks of the whole arena in the random order of the run before,
    // and the next run would measure that.
    for (_, block) in held.into_iter().rev() {
        hand.give(block)?;
    }
    if bound.is_some() { available(expected) } else { Ok(()) }
}

/// Of blocks in order of address: whether each is one of the pool's region, and none begins inside another.
fn check_places(
    blocks: &[*mut u8],
    block_size: usize,
    pool: Option<&dyn BlockAlloc>,
) -> Result<(), Fault> {
    if let Some(pool) = pool {
        for &block in blocks {
            let located = NonNull::new(block).map(|block| pool.region().locate(block));
            if let Some(Err(why)) = located {
                return Err(Fault::NotABlock { address: block.addr(), why });
            }
        }
    }
    for two in blocks.windows(2) {
        let (address, distance) = (two[0].addr(), two[1].addr() - two[0].addr());
        if distance < block_size {
            return Err(Fault::Overlap { address, distance });
        }
    }
    Ok(())
}
