//! How to add a contender: a page of documentation, with an example that runs.
//!
//! A contender is one file in [`peers`](crate::peers) with a constant `ENTRY`, a line in `peers.rs`
//! and a line in [`lineup::ALL`](crate::lineup::ALL). Verification, stock-taking, the command line
//! and the records know it from there.
//!
//! # Which way?
//!
//! | what it is | what to write | as in |
//! |---|---|---|
//! | a pool over a region, of our interface | a [`BlockAlloc`](block_core::BlockAlloc); [`paths::all`](crate::peers::paths::all) makes its three paths | [`queue`](crate::peers::queue) |
//! | an allocator with `malloc` and `free` | a [`Heap`](crate::peers::general::Heap) | [`mimalloc`](crate::peers::mimalloc) |
//! | a pool whose guards give back when dropped | a [`Guards`](crate::peers::guarded::Guards) | [`object_pool`](crate::peers::object_pool) |
//! | anything else | a [`Contender`](crate::contender::Contender) and its [`Hand`](crate::contender::Hand) | [`bytes_mut`](crate::peers::bytes_mut) |
//!
//! # What must be decided?
//!
//! - *Has it an end?* Then [`bound`](crate::contender::Contender::bound) says how many blocks there
//!   are, the checks hold it to that, and its [`Kind`](crate::lineup::Kind) is `Pool`. It is built
//!   with as many blocks as [`Shape::arena`](crate::contender::Shape::arena) says. If not, it is
//!   `Growing`, and [`supply`](crate::contender::Contender::supply) says how many live blocks are
//!   compared with each other.
//! - *What can't it do?* A workload that a sort of contender cannot do is named, with the reason, by
//!   [`Kind::cannot`](crate::lineup::Kind::cannot): it stands in the cell. A contender without calls
//!   for many blocks needs no more: it goes one by one, and its cells say so. A guard that cannot
//!   be [`Send`] does not compile as [`Held`](crate::contender::Hand::Held): take the one that can
//!   be, and say what that costs.
//! - *How would its users call it?* By the calls that its documentation shows first. What it does
//!   besides, such as to zero a block, is part of it; if a call of its own leaves that out, that is a
//!   second path.
//! - *Do its blocks come round in turn?* Then [`rotates`](crate::contender::Contender::rotates), and
//!   its memory is committed before it is measured. Such a contender, and one that makes all its
//!   blocks at once, [touches all](crate::lineup::Entry::touches_all) of the arena: the cases are
//!   chosen so that what the contenders touch together fits into the memory.
//! - *Is it measured if nobody asks for it?* That is [`Entry::usual`](crate::lineup::Entry::usual).
//!   The usual run lasts a minute, and each contender takes its share of it.
//!
//! # A complete example
//!
//! A stack of boxed blocks behind a mutex: the file that would be `peers/boxes.rs`.
//!
//! ```
//! use std::sync::Mutex;
//!
//! use bench_harness::contender::{Contender, Hand};
//! use bench_harness::grid::Case;
//! use bench_harness::lineup::{Entry, Kind, Subjects};
//! use block_core::{BuildError, FreeError};
//!
//! /// The line in the registry.
//! pub const ENTRY: Entry = Entry {
//!     name: "boxes",
//!     kind: Kind::Pool,
//!     usual: false,
//!     touches_all: true,
//!     paths: &["pop"],
//!     description: "boxed slices on a Vec behind a mutex",
//!     build,
//! };
//!
//! fn build(case: &Case) -> Result<Subjects, BuildError> {
//!     let block = || vec![0; case.shape.block_size].into_boxed_slice();
//!     let free = (0..case.shape.arena).map(|_| block()).collect();
//!     Ok(vec![Box::new(Boxes { free: Mutex::new(free), arena: case.shape.arena })])
//! }
//!
//! #[derive(Debug)]
//! pub struct Boxes {
//!     free: Mutex<Vec<Box<[u8]>>>,
//!     arena: usize,
//! }
//!
//! /// What a thread works through: a reference is enough for a pool that all share.
//! #[derive(Debug)]
//! pub struct BoxesHand<'a>(&'a Boxes);
//!
//! impl Contender for Boxes {
//!     type Hand<'a> = BoxesHand<'a>;
//!
//!     fn hand(&self, _thread: usize) -> BoxesHand<'_> {
//!         BoxesHand(self)
//!     }
//!
//!     fn bound(&self) -> Option<usize> {
//!         Some(self.arena)
//!     }
//!
//!     fn available(&self) -> Option<usize> {
//!         Some(self.free.lock().unwrap().len())
//!     }
//! }
//!
//! impl Hand for BoxesHand<'_> {
//!     type Held = Box<[u8]>;
//!
//!     #[inline(always)]
//!     fn take(&mut self) -> Option<Box<[u8]>> {
//!         self.0.free.lock().unwrap().pop()
//!     }
//!
//!     #[inline(always)]
//!     fn bytes(held: &mut Box<[u8]>) -> *mut u8 {
//!         held.as_mut_ptr()
//!     }
//!
//!     #[inline(always)]
//!     fn give(&mut self, held: Box<[u8]>) -> Result<(), FreeError> {
//!         self.0.free.lock().unwrap().push(held);
//!         Ok(())
//!     }
//! }
//!
//! // What the command and the tests then do with it: every workload that it can do, every block
//! // stamped while it is held, all of them counted before and after.
//! use bench_harness::workers::{Cores, Workers};
//! use bench_harness::workload::Workload;
//!
//! let mut workers = Workers::new(Cores::usable());
//! workers.start(2)?;
//! for &workload in Workload::ALL {
//!     assert_eq!(ENTRY.kind.cannot(workload), None);
//!     let case = Case::tight(workload, 2, 64);
//!     for subject in (ENTRY.build)(&case)? {
//!         workers.verify(&*subject, case, 100)?;
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
