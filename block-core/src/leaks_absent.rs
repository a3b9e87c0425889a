//! The stand-in for the record of calls, in builds without debug assertions or `std`.

use crate::{BlockIndex, BlockLayout};

/// An empty record.
#[derive(Debug)]
pub(crate) struct Takers;

impl Takers {
    pub(crate) fn new(_layout: &BlockLayout) -> Self {
        Self
    }

    pub(crate) const fn unknown(_layout: &BlockLayout) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn took(&self, _index: BlockIndex) {}

    #[inline]
    pub(crate) fn took_back(&self) {}

    #[inline]
    pub(crate) fn gave(&self) {}
}
