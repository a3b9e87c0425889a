//! Why a pool with magazines is never exhausted while a block is free.
//!
//! This page is the argument; the code cites its steps. The parts: every thread has a *slot* in
//! the pool, its magazine, and is its *owner*. A *reclaimer* is a thread that holds the pool's
//! lock. The *state* is one word, written by reclaimers only. Each revocation has a number of its own
//! in it, so no two quiesced states are equal (on 32 bits: until the number comes round, after 2^28
//! revocations). The *stack* holds the free blocks that no magazine holds; the *depot* batches on
//! their way from one magazine to another.
//!
//! ```text
//!             owner, at every call                     reclaimer, once in a long while
//!
//!             active = my mark                          state = revoked
//!             (fence)          <-- one of the two -->   fence, also in every owner's thread
//!             is the state open?   sees the other       is any owner active? wait for it
//!             yes: pop or push, plainly                 move all blocks to the stack
//!             no:  use the stack                        state = quiesced
//!             active = 0
//! ```
//!
//! # No two threads use a magazine at once
//!
//! **Step 1. A reclaimer knows of every slot that may hold a block.** Before its first operation on
//! a pool an owner raises `used` above its number; the fence of step 2 stands between that and its
//! look at the state. The reclaimer revokes, passes a fence, then reads `used`. So either it sees the
//! slot among the used ones, or the owner sees the state revoked and puts no block there. Until this
//! was done the slot's limit is 0 and its length is 0, so the short path finds neither a block nor
//! room. The same holds where `used` had been raised already, by a thread with a higher number: the
//! owner read that before its fence, so a reclaimer that comes later reads no less.
//!
//! **Step 2. An owner and a reclaimer see each other.** The owner stores `active`, then loads the
//! state; the reclaimer stores the state, then loads `active`. With a full fence between the two on
//! both sides at least one sees the other's store. The owner's fence orders only the compiler: the
//! reclaimer calls `membarrier`, which returns after every thread of the process has passed a full
//! fence since the call began, those that are not running by being switched out. If that fence of
//! the owner's falls behind its store of `active`, the reclaimer sees the store; if it falls before,
//! the owner's load of the state comes after the call began, and sees the state revoked. Where there
//! is no such call the state says so, and the owner executes a real fence and looks at the state a
//! second time. If the call worked at first and is refused later, the reclaimer that finds out waits
//! ten milliseconds in its place, and sets the state so that owners use a real fence from then on:
//! the one step of this page that rests on time.
//!
//! **Step 3. When the reclaimer has seen every owner inactive, each is out of its magazine until the
//! state is opened.** What the owner did before is seen: `active = 0` is a Release, the reclaimer's
//! load an Acquire. Whatever it begins afterwards finds the state revoked, by step 2.
//!
//! **Step 4. When an owner sees the state open, it sees the magazine as the reclaimer left it.** The
//! state is stored with Release and loaded with Acquire. From 2 to 4: the plain memory of a slot,
//! and the cells of the depot, have one user at a time, and each sees what the one before did.
//!
//! # A failed call proves exhaustion
//!
//! **Step 5. While the state is quiesced, every free block is on the stack.** The reclaimer moved
//! all that was in magazines and depot there before it stored this state, and blocks enter them in
//! an owner's operation under an open state only. A block that a call is giving back is free when
//! that call is over; by then it is on the stack.
//!
//! **Step 6. A thread that reads one quiesced state, finds the stack empty, and reads the same state
//! again, has seen a moment at which no block was free.** The moment is its load of the stack's head.
//! Suppose a magazine had received a block before it: then an owner had popped that block off the
//! stack, or pushed it, after it had seen the state opened. If it was popped: a successful pop is a
//! Release, and the head that was found empty is that pop's or comes later in the same chain of
//! read-modify-writes, so the Acquire load of the head makes the opening visible to the second load
//! of the state, which then cannot be the same. If it was not popped since then, a holder gave it
//! back into its magazine. Had that call ended before the failing one began, the first load would
//! have found the state opened; so the two overlap, and the failing one came first. For calls of
//! several blocks read "fewer than asked for" for "empty".
//!
//! So [`acquire`](block_core::BlockAlloc::acquire) fails only if all blocks were held, or in the
//! middle of being taken or given back, at one moment during the call.
//!
//! # Who waits for whom
//!
//! An owner waits only in a call that finds the stack empty while the state is not quiesced. `available()`
//! and `stats()` (`Display` and `Debug` ask for those) read a word of each slot and wait for no thread. A call
//! for more blocks than the capacity fails before it looks at anything. A call that waits takes the lock, or waits for the thread that has it; the holder waits for owners that are inside
//! an operation, and those take no lock there (invariant 8), so nobody waits in a circle. An owner
//! that the system has stopped inside an operation holds reclaimers up until it runs again, and
//! nobody else. After a reclaim the pool works on the stack alone, lock-free, until 1,024 blocks have
//! been popped: a pool at its limit does not reclaim at every call. Each reclaim halves the batches,
//! and each further 1,024 blocks let them grow by one, so a pool that is always near its limit keeps
//! little in its magazines.
//!
//! A call that interrupts another one of its thread, from a signal handler, finds its own slot
//! active, or its thread at the lock. It uses the stack, and does not reclaim: waiting for its own
//! thread would never end. If it interrupted a call on another pool it may reclaim, and holds up who
//! reclaims there. Two such handlers, each on the other's pool, would wait for each other: so whoever
//! waits for a slot counts its looks at it, for the slot's owner, and an owner that waits itself
//! watches its count. Of 65,537 looks two were made by one thread, so the later one came after this
//! thread began to wait, and found its slot active: then it is a handler, and gives up. Calls from
//! handlers are the only ones that may find a pool exhausted that is not.
//!
//! # Threads that end inside a call
//!
//! `active` is the mark of the owner that is inside: its number, and which of the number's owners it is.
//! A thread may end there (`pthread_exit` in a signal handler, a cancellation). At its end it clears
//! its mark from the table of owners, with Release. A reclaimer that finds `active` with a mark that
//! is not in the table takes the slot as inactive. It loads the table with Acquire, so it sees all that the
//! ended owner did (step 3). The next owner of the number finds a mark that is not its own, and
//! begins its operation as if it had found 0. Steps 2 and 4 hold for it unchanged.
//!
//! What an operation leaves half done: blocks are first taken out of where they lay and then put where they
//! go, and a length is published after the addresses below it. So the blocks that were moved may be
//! lost, at most a magazine and a batch, and none is found twice. A cell of the depot that stays
//! busy is empty again after the next reclaim. The lock has its holder's mark, and is free if
//! that is not in the table. If its holder had revoked the magazines, the next call that passes by opens
//! them.
//!
//! # After a fork
//!
//! The child has one thread. The marks of all others are cleared, as if they had ended inside their calls
//! when the fork came. So the child may miss the blocks that they moved, at most a magazine and a
//! batch for each thread.
//!
//! # Examples
//!
//! Where each of T threads holds at most k blocks of a pool of T times k, no call fails, wherever the
//! blocks were given back:
//!
//! ```
//! use block_core::BlockAllocExt;
//! use block_lockfree::LockFreeAlloc;
//!
//! const EACH: usize = 25;
//! let pool = LockFreeAlloc::new(64, 4 * EACH)?;
//! std::thread::scope(|scope| {
//!     for _ in 0..4 {
//!         scope.spawn(|| {
//!             for _ in 0..100 {
//!                 let held = std::array::from_fn::<_, EACH, _>(|_| pool.alloc());
//!                 assert!(held.iter().all(Result::is_ok));
//!             }
//!         });
//!     }
//! });
//! # Ok::<(), block_lockfree::BuildError>(())
//! ```
