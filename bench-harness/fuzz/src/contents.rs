//! What lies in a block: written, and seen again.

/// The bytes at either end that are written and looked at; of a block of fewer than two such ends, all.
const END: usize = 64;

/// Every byte by its number, and again from the first one on.
static BYTES: [u8; 256 + 2 * END] = {
    let mut bytes = [0; 256 + 2 * END];
    let mut position = 0;
    while position < bytes.len() {
        bytes[position] = position as u8;
        position += 1;
    }
    bytes
};
static ZEROS: [u8; 2 * END] = [0; 2 * END];

/// What a block's bytes must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Contents {
    #[default]
    Zero,
    /// From this byte on, and at the other end the same.
    Stamp(u8),
    /// Whatever a buffer or a container left.
    Any,
}

impl Contents {
    fn bytes(self, len: usize) -> Option<&'static [u8]> {
        match self {
            Self::Zero => Some(&ZEROS[..len]),
            Self::Stamp(first) => Some(&BYTES[first.into()..][..len]),
            Self::Any => None,
        }
    }

    /// Writes them, into the ends of a large block.
    pub(crate) fn write(self, bytes: &mut [u8]) {
        let (front, back) = bytes.split_at_mut(front(bytes.len()));
        let tail = tail(back.len());
        for part in [front, &mut back[tail..]] {
            if let Some(expected) = self.bytes(part.len()) {
                part.copy_from_slice(expected);
            }
        }
    }

    /// Whether they are not these.
    pub(crate) fn differs(self, bytes: &[u8]) -> bool {
        let (front, back) = bytes.split_at(front(bytes.len()));
        [front, &back[tail(back.len())..]]
            .into_iter()
            .any(|part| self.bytes(part.len()).is_some_and(|expected| expected != part))
    }
}

/// The bytes at the front that are looked at.
fn front(len: usize) -> usize {
    if len <= 2 * END { len } else { END }
}

/// Where the bytes at the back begin that are.
fn tail(len: usize) -> usize {
    len.saturating_sub(END)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_at_either_end_that_is_another_one_is_seen() {
        for len in [1, 2, 63, 64, 65, 127, 128, 129, 1000] {
            for contents in [Contents::Zero, Contents::Stamp(0), Contents::Stamp(255)] {
                let mut bytes = vec![0xa5; len];
                contents.write(&mut bytes);
                assert!(!contents.differs(&bytes));
                for position in (0..len.min(END)).chain(len.saturating_sub(END)..len) {
                    bytes[position] ^= 1;
                    assert!(contents.differs(&bytes), "byte {position} of {len}");
                    assert!(!Contents::Any.differs(&bytes));
                    bytes[position] ^= 1;
                }
            }
        }
    }
}
