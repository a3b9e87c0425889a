//! For programs that read into `BytesMut` and hand on `Bytes`, and want a bound on the memory that this
//! takes.
//!
//! The counterparts are `BlockBuf` and `BlockBytes`, in `block_core::buffer`, with the feature `bytes` of
//! `block-core`.
//!
//! # Before
//!
//! Frames with their length in front, two bytes, read from anything, and handed on without a copy:
//!
//! ```
//! use bytes::{Buf, Bytes, BytesMut};
//! use std::io::{self, Read};
//!
//! /// Bytes of the frame that begins so, or of its length if that is not there yet.
//! fn bytes_of_frame(begun: &[u8]) -> usize {
//!     begun.first_chunk().map_or(2, |&length| 2 + usize::from(u16::from_be_bytes(length)))
//! }
//!
//! struct Frames<R> {
//!     from: R,
//!     buffer: BytesMut,
//! }
//!
//! impl<R: Read> Frames<R> {
//!     /// The next frame, or `None` at the end.
//!     fn next(&mut self) -> io::Result<Option<Bytes>> {
//!         loop {
//!             let (filled, frame) = (self.buffer.len(), bytes_of_frame(&self.buffer));
//!             if filled >= frame {
//!                 self.buffer.advance(2);
//!                 return Ok(Some(self.buffer.split_to(frame - 2).freeze()));
//!             }
//!             self.buffer.resize(filled.max(frame) + 1024, 0); // may go to the heap
//!             let count = self.from.read(&mut self.buffer[filled..])?;
//!             self.buffer.truncate(filled + count);
//!             match (count, filled) {
//!                 (0, 0) => return Ok(None),
//!                 (0, _) => return Err(io::ErrorKind::UnexpectedEof.into()),
//!                 _ => {}
//!             }
//!         }
//!     }
//! }
//!
//! let input = b"\0\x05hello\0\x05world\0\0\0\x04last";
//! let from = Read::chain(&input[..4], &input[4..]); // two reads or more
//! let mut frames = Frames { from, buffer: BytesMut::new() };
//! let (hello, world) = (frames.next()?.unwrap(), frames.next()?.unwrap());
//! assert_eq!((&hello[..], &world[..]), (&b"hello"[..], &b"world"[..]));
//! drop((hello, world));
//! assert!(frames.next()?.unwrap().is_empty());
//! assert_eq!(frames.next()?.unwrap(), b"last"[..]);
//! assert!(frames.next()?.is_none());
//! # Ok::<(), io::Error>(())
//! ```
//!
//! # After
//!
//! What is new is that `try_reserve` can fail, at the place where `BytesMut` would have gone to the heap:
//!
//! ```
//! use block_core::BlockAlloc;
//! use block_core::buffer::{BlockBuf, BlockBytes};
//! use block_lockfree::LockFreeAlloc;
//! use bytes::Buf;
//! use std::io::{self, Read};
//! # fn bytes_of_frame(begun: &[u8]) -> usize {
//! #     begun.first_chunk().map_or(2, |&length| 2 + usize::from(u16::from_be_bytes(length)))
//! # }
//!
//! struct Frames<'a, R> {
//!     from: R,
//!     buffer: BlockBuf<&'a LockFreeAlloc>,
//! }
//!
//! impl<'a, R: Read> Frames<'a, R> {
//!     /// The next frame, or `None` at the end. `OutOfMemory` if every block is held: nothing is lost,
//!     /// call again when frames were dropped. `InvalidInput` if no block has room for the frame.
//!     fn next(&mut self) -> io::Result<Option<BlockBytes<&'a LockFreeAlloc>>> {
//!         loop {
//!             let (filled, frame) = (self.buffer.len(), bytes_of_frame(&self.buffer));
//!             if filled >= frame {
//!                 self.buffer.advance(2);
//!                 return Ok(Some(self.buffer.freeze_to(frame - 2)));
//!             }
//!             self.buffer.try_reserve(frame - filled)?; // another block, if this one has parts
//!             let count = self.buffer.read_from(&mut self.from)?; // no zeros first
//!             match (count, filled) {
//!                 (0, 0) => return Ok(None),
//!                 (0, _) => return Err(io::ErrorKind::UnexpectedEof.into()),
//!                 _ => {}
//!             }
//!         }
//!     }
//! }
//!
//! let pool = LockFreeAlloc::new(14, 1)?;
//! let input = b"\0\x05hello\0\x05world\0\0\0\x04last";
//! let from = Read::chain(&input[..4], &input[4..]); // two reads or more
//! let mut frames = Frames { from, buffer: BlockBuf::alloc_in(&pool)? };
//! let (hello, world) = (frames.next()?.unwrap(), frames.next()?.unwrap());
//! assert_eq!((&hello[..], &world[..]), (&b"hello"[..], &b"world"[..]));
//! assert_eq!(frames.next().unwrap_err().kind(), io::ErrorKind::OutOfMemory); // the one new line
//! drop((hello, world));
//! assert!(frames.next()?.unwrap().is_empty());
//! assert_eq!(frames.next()?.unwrap(), b"last"[..]);
//! assert!(frames.next()?.is_none());
//! # frames.from = Read::chain(&b"\0\x0d"[..], &[]);
//! # assert_eq!(frames.next().unwrap_err().kind(), io::ErrorKind::InvalidInput);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Call for call
//!
//! What is not in the table has the same name and does the same: `advance`, `split`, `split_to`,
//! `split_off`, `freeze`, `slice`, `clone`, `truncate`, `clear`, `is_unique`, `try_into_mut`.
//!
//! | `bytes` | `block_core::buffer` |
//! |---|---|
//! | `BytesMut::with_capacity(n)` | `BlockBuf::alloc_in(&pool)?`: all of a block |
//! | `extend_from_slice`, grows | `try_extend_from_slice(bytes)?`; the same name panics without room |
//! | `put_u16` and the like, grow | the same, panic without room: ask `remaining_mut()` first |
//! | `resize(n, 0)`, a read, `truncate` | `read_from(reader)?`, or `spare_capacity_mut()`: `&mut [u8]`, initialised |
//! | `unsafe set_len(n)` | `set_len(n)`, safe: panics beyond the capacity |
//! | `split_to(n).freeze()` | `freeze_to(n)`: one step |
//! | `try_reclaim(n)` | the same |
//! | `reserve(n)` | `try_reserve(n)?`: in this block, or in another one |
//! | `unsplit`, `extend_from_within`, `slice_ref` | none |
//! | `BytesMut::new()`, `Bytes::new()` | none: a new buffer has a block. `Option` |
//! | empty parts, split off, sliced or cleared | the same: they keep no block, so `pool()` is `None` |
//! | `Bytes::from_static`, `copy_from_slice`, `from(vec)` | none: fill a block and freeze it, or leave it `Bytes` |
//! | `Bytes` in a signature | `BlockBytes<P>`, where `P` is the pointer to the pool |
//!
//! # What bites
//!
//! - **Blocks are finite.** A part keeps its whole block, as with `Bytes`, but here the pool runs out for
//!   it. Copy out what is small and stays long:
//!
//!   ```
//!   # use block_core::{AllocError, BlockAlloc, buffer::BlockBuf};
//!   # let pool = block_lockfree::LockFreeAlloc::new(1500, 2)?;
//!   # let mut buffer = BlockBuf::alloc_in(&pool)?;
//!   # buffer.extend_from_slice(b"name=value");
//!   # let frame = buffer.freeze();
//!   let name: Box<[u8]> = frame[..4].into(); // frame.slice(..4) would keep 1,500 bytes
//!   drop(frame);
//!   assert_eq!((&name[..], pool.available()), (&b"name"[..], 2));
//!   # Ok::<(), Box<dyn std::error::Error>>(())
//!   ```
//! - **`Exhausted` is back-pressure.** Stop reading until parts were dropped. Give a connection that must
//!   go on a pool of its own, or blocks that others cannot take. A task or a thread can wait for the block of
//!   its next buffer, in the order in which they came, if the pool is wrapped for it (feature `wait`); not in
//!   the middle of a frame whose parts it holds itself:
//!
//!   ```
//!   use block_core::buffer::BlockBuf;
//!   use block_core::wait::Waiting;
//!   use block_lockfree::LockFreeAlloc;
//!
//!   async fn next_buffer(pool: &Waiting<LockFreeAlloc>) -> BlockBuf<&Waiting<LockFreeAlloc>> {
//!       pool.alloc_async().await.unwrap().into()
//!   }
//!   # let pool = Waiting::new(LockFreeAlloc::new(1500, 1)?);
//!   # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
//!   # assert!(std::pin::pin!(next_buffer(&pool)).poll(&mut context).is_ready());
//!   # Ok::<(), block_lockfree::BuildError>(())
//!   ```
//! - **A read into a full buffer answers 0**, as at the end of the input: make room first. `read_from` and
//!   `read_vectored` refuse to; other calls that read into a `BufMut`, such as tokio's `read_buf`, do not.
//! - **`Buf::copy_to_bytes` copies to the heap**, where that of `Bytes` shares: use `split_to`.
//! - **The block's old bytes are behind the filled ones.** `spare_capacity_mut` shows them; a `set_len`
//!   without a write before it publishes them.
//!
//! # Pointers to the pool
//!
//! | `P` | costs | becomes `Bytes` |
//! |---|---|---|
//! | `&'a LockFreeAlloc` | nothing, but `'a` in the types | no |
//! | `&'static LockFreeAlloc`, of [`static_pool!`](crate::static_pool), a `LazyLock` or `Box::leak` | nothing, but the pool is never freed | yes |
//! | `Lease<LockFreeAlloc>`, of a `SharedPool` | nothing | yes |
//! | `Arc<LockFreeAlloc>` | two atomic operations per block, on a count that all threads share | yes |
//!
//! Where an API takes `Bytes` and nothing else, the conversion allocates once, and there is a way back:
//!
//! ```
//! use block_core::buffer::BlockBuf;
//! use block_lockfree::{LockFreeAlloc, SharedPool};
//! use bytes::Bytes;
//!
//! let pool = SharedPool::new(LockFreeAlloc::new(1500, 8)?);
//! let mut buffer = BlockBuf::alloc_in(&pool)?;
//! buffer.extend_from_slice(b"body");
//! let body = Bytes::from(buffer.freeze());
//! let again = pool.from_bytes(body).expect("from this pool");
//! assert_eq!(again, b"body");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is better
//!
//! - The memory has a bound, and the moment at which it is reached is a line of the program.
//! - No heap at all between the socket and the last reader: blocks are taken from the thread's cache, and
//!   the count of a block's parts lies beside the blocks.
//! - Reads go into initialised memory: no zeros, no `unsafe`.
//! - A block can be registered for io_uring, aligned for direct input and output, or lie on huge pages.
