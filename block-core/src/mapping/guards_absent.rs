//! No guard pages: elsewhere than on unix nothing here can protect a page.

use std::io;

use super::Mapping;

/// No room.
pub(super) const fn room() -> usize {
    0
}

/// Leaves the mapping as it is.
pub(super) const fn put_around(_mapping: &Mapping) -> io::Result<()> {
    Ok(())
}
