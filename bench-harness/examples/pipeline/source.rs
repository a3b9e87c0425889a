//! Where packets come from, and where they go back to: a pool, or a general allocator.

use std::alloc::Layout;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};
use allocator_api2::vec::Vec;
use bench_harness::peers::general::Heap;
use block_core::{Block, BlockAllocExt};
use block_lockfree::LockFreeAlloc;

use super::packet::HEADER;

/// Packets that are taken and given back at once.
pub const BURST: usize = 32;

/// A burst of packets on its way. Where there is none it was dropped.
pub type Burst<'a, S> = [Option<<S as Source>::Packet<'a>>; BURST];

/// Memory for packets.
pub trait Source: Sync {
    /// The memory of one, which goes back when it is dropped.
    type Packet<'a>: Packet
    where
        Self: 'a;

    /// Fills all entries, or none: then it tells so by false.
    fn take<'a>(&'a self, packets: &mut [Option<Self::Packet<'a>>]) -> bool;

    /// Takes back what is there, and leaves none.
    fn give<'a>(&'a self, packets: &mut [Option<Self::Packet<'a>>]);
}

/// The memory of one packet.
pub trait Packet: Send {
    /// Writes the packet. Both fit.
    fn write(&mut self, header: &[u8; HEADER], payload: &[u8]);

    /// The packet, and perhaps more behind it.
    fn bytes(&mut self) -> &mut [u8];
}

/// Bulk calls of handles: one transfer for a burst, and nothing unsafe here.
impl Source for LockFreeAlloc {
    type Packet<'a> = Block<&'a Self>;

    fn take<'a>(&'a self, packets: &mut [Option<Block<&'a Self>>]) -> bool {
        self.alloc_bulk(packets).is_ok()
    }

    fn give<'a>(&'a self, packets: &mut [Option<Block<&'a Self>>]) {
        self.free_bulk(packets);
    }
}

impl Packet for Block<&LockFreeAlloc> {
    fn write(&mut self, header: &[u8; HEADER], payload: &[u8]) {
        let (head, rest) = self.split_at_mut(HEADER);
        head.copy_from_slice(header);
        rest[..payload.len()].copy_from_slice(payload);
    }

    fn bytes(&mut self) -> &mut [u8] {
        self
    }
}

/// One `malloc` a packet, of one size, and one `free`: these allocators have no bulk calls. No bound
/// either; what bounds them are the rings.
#[derive(Debug)]
pub struct Malloc<H> {
    size: usize,
    heap: Memory<H>,
}

impl<H: Heap> Malloc<H> {
    /// Packets of so many bytes.
    pub fn new(size: usize) -> Self {
        Self { size, heap: Memory(PhantomData) }
    }
}

impl<H: Heap> Source for Malloc<H> {
    type Packet<'a> = Vec<u8, Memory<H>>;

    fn take(&self, packets: &mut [Option<Vec<u8, Memory<H>>>]) -> bool {
        for entry in &mut *packets {
            let mut packet = Vec::new_in(self.heap);
            if packet.try_reserve_exact(self.size).is_err() {
                self.give(packets);
                return false;
            }
            *entry = Some(packet);
        }
        true
    }

    fn give(&self, packets: &mut [Option<Vec<u8, Memory<H>>>]) {
        packets.fill_with(|| None);
    }
}

impl<H: Heap> Packet for Vec<u8, Memory<H>> {
    fn write(&mut self, header: &[u8; HEADER], payload: &[u8]) {
        self.clear();
        self.extend_from_slice(header);
        self.extend_from_slice(payload);
    }

    fn bytes(&mut self) -> &mut [u8] {
        self
    }
}

/// A general allocator as the memory of vectors of bytes. What asks for a greater alignment than a word's,
/// which `malloc` need not give, or for no bytes, is refused.
#[derive(Debug)]
pub struct Memory<H>(PhantomData<H>);

impl<H> Clone for Memory<H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H> Copy for Memory<H> {}

// SAFETY: what `malloc` returns is valid for `size` bytes until `free`, on any thread, and aligned to a word.
// All copies are the same allocator; growing and shrinking are the trait's own.
unsafe impl<H: Heap> Allocator for Memory<H> {
    #[inline]
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if layout.size() == 0 || layout.align() > align_of::<usize>() {
            return Err(AllocError);
        }
        let start = NonNull::new(H::malloc(layout.size()).cast()).ok_or(AllocError)?;
        Ok(NonNull::slice_from_raw_parts(start, layout.size()))
    }

    #[inline]
    unsafe fn deallocate(&self, start: NonNull<u8>, _layout: Layout) {
        // SAFETY: by the caller's promise it is of an `allocate`, so of `malloc`, and not used again.
        unsafe { H::free(start.as_ptr().cast()) };
    }
}
