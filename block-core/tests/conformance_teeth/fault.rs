//! What can be wrong with a pool, one fault at a time.

/// A fault; its comment says how it shows in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Sometimes forgets to take a block off the list as it gives it out.
    GivesTwice,
    /// Looks at the top of the list, and takes the top off in a second step.
    TakesInTwoSteps,
    /// Writes to a block that it gave out before.
    WritesToAHeldBlock,
    /// Sometimes forgets to put a block on the list that is given back.
    LosesABlock,
    /// The same, but counts calls and not blocks.
    LosesABlockButCountsIt,
    /// A refused bulk allocation holds on to the blocks that there were.
    KeepsPartOfARefusedBulk,
    /// A refused bulk allocation leaves pointers in the entries.
    FillsPartOfARefusedBulk,
    CountsOneTooMany,
    /// Adds up one list for each thread while blocks move between them.
    CountsInTwoSteps,
    /// What a thread gives back, only that thread can get again.
    Strands,
    FailsNowAndThen,
    KeepsOneInReserve,
    /// Does not wait for the lock.
    FailsWhenBusy,
    GivesMisaligned,
    GivesOnePastTheEnd,
    AnswersForAnotherRegion,
    /// Swallows the error for a double free.
    AcceptsWhatIsNotAllocated,
    AcceptsForeign,
    /// Takes a pointer into a block for that block.
    RoundsDown,
    CallsEverythingForeign,
    /// A refused bulk free has freed what stood before the bad entry.
    FreesPartOfARefusedBulk,
    /// Looks at the mark, and takes it out in a second step.
    ChecksThenFrees,
    /// Takes the mark out after the block has gone to its next holder.
    ClearsTheMarkLast,
    StartsDirty,
    /// Keeps its links in the free blocks.
    WritesToAFreeBlock,
    ForgetsTheScrub,
    ForgetsTheScrubInBulk,
    /// Hands blocks of a guarded layout out without writing the guard.
    ForgetsTheLoan,
    ForgetsTheLoanInBulk,
    /// Each thread has one cache for all pools together.
    MixesPools,
    /// Reports that it can be freed as soon as its last owner is gone.
    FreesUnderItsBlocks,
    /// Never reports that its last block was freed.
    NeverFrees,
    /// Counts the allocated blocks and begins to count frees in a second step.
    RetiresInTwoSteps,
    /// Keeps the numbers of blocks in 16 bits.
    ShortNumbers,
    /// A stack whose pop compares the number of the top block and nothing else.
    NoTag,
}
