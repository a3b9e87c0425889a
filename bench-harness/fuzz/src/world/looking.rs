//! Calls that change nothing.

use block_core::{BlockIndex, FixedBuffersError, io_slices, io_slices_mut};

use super::holding::Holding;
use super::{Answer, SKIPPED, World};
use crate::subject::Subject;

impl<S: Subject> World<'_, S> {
    /// Invariant 2, and the numbers that the pool tells of itself.
    pub(super) fn account(&self) {
        assert_eq!(self.pool.available(), self.model.free, "invariant 2");
        let stats = self.pool.stats();
        self.model.believe(&stats, self.nature.has_magazines, self.nature.is_waited_for);
    }

    pub(super) fn look(&mut self) -> Answer {
        self.account();
        let (line, stats) = (self.pool.to_string(), self.pool.stats().to_string());
        assert!(line.starts_with(&stats), "{line}\n{stats}");
        assert!(!format!("{:?}", self.pool).is_empty());
        Ok(self.model.free)
    }

    /// The region as registered buffers: every block lies in one of them, where it is said to.
    pub(super) fn fixed_buffers(&mut self, which: u8) -> Answer {
        let region = self.pool.region();
        let buffers = match region.fixed_buffers() {
            Ok(buffers) => buffers,
            Err(FixedBuffersError::Unaligned { page_size, address }) => {
                assert!(address == self.base() && address % page_size != 0);
                return Ok(0);
            }
            Err(_) => return Ok(0),
        };
        let capacity = region.layout().capacity();
        let index = match self.held.get(usize::from(which)) {
            Some(entry) => entry.index,
            None => usize::from(which) % capacity,
        };
        for index in [0, index, capacity - 1].map(BlockIndex::new) {
            let fixed = buffers.of(index);
            let slice = buffers.iter().nth(fixed.buffer.into()).expect("one of the buffers");
            let start = slice.cast::<u8>().addr().get() + fixed.offset;
            assert_eq!(
                (start, fixed.pointer),
                (region.block(index).addr().get(), region.block(index))
            );
            assert!(
                fixed.offset + region.layout().block_size() <= slice.len(),
                "inside its buffer"
            );
            assert_eq!(buffers.locate(fixed.pointer), Ok(fixed));
        }
        Ok(0)
    }

    /// The bytes of some handles in one call, in their order.
    pub(super) fn slices(&mut self) -> Answer {
        const MOST: usize = 4;
        let mut handles: Vec<&mut [u8]> = Vec::new();
        for entry in &mut self.held {
            if let Holding::Handle(block) = &mut entry.holding {
                handles.push(block);
            }
        }
        handles.truncate(MOST);
        if handles.is_empty() {
            return SKIPPED;
        }
        let (count, size) = (handles.len(), self.pool.block_size());
        let starts: Vec<_> = handles.iter().map(|bytes| bytes.as_ptr()).collect();
        let slices = io_slices::<MOST>(handles.iter().map(|bytes| &**bytes));
        assert!(slices[..count].iter().map(|slice| slice.as_ptr()).eq(starts));
        assert!(slices[..count].iter().all(|slice| slice.len() == size));
        assert!(slices[count..].iter().all(|slice| slice.is_empty()));
        let slices = io_slices_mut::<MOST>(handles);
        assert_eq!(slices.iter().filter(|slice| slice.len() == size).count(), count);
        Ok(count)
    }
}
