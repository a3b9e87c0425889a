//! What stands in a block: a holder's stamp, or zeros.
//!
//! Stamps are written and read as plain bytes, so that a sanitizer sees two holders of one block
//! as the data race that they are.

use std::format;
use std::string::String;

/// The bytes that a block should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contents {
    Zero,
    /// The stamp with this number: another one for each number, never zero.
    Stamp(u64),
}

impl Contents {
    /// The first bytes, as far as the block has them; the last of them fills the rest.
    fn word(self) -> [u8; 8] {
        match self {
            Self::Zero => [0; 8],
            Self::Stamp(number) => {
                let spread = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                // A block of one byte has the first byte only: it, too, is never zero.
                (spread.rotate_right(56) | 0x0100_0000_0000_0001).to_le_bytes()
            }
        }
    }

    pub(super) fn write(self, bytes: &mut [u8]) {
        let word = self.word();
        let head = bytes.len().min(word.len());
        bytes.fill(word[7]);
        bytes[..head].copy_from_slice(&word[..head]);
    }

    pub(super) fn are_in(self, bytes: &[u8]) -> bool {
        let word = self.word();
        let (head, rest) = bytes.split_at(bytes.len().min(word.len()));
        // Equal to itself one place on: all of it is the same byte.
        let uniform = |rest: &[u8]| rest[0] == word[7] && rest[1..] == rest[..rest.len() - 1];
        *head == word[..head.len()] && (rest.is_empty() || uniform(rest))
    }

    /// The first byte that is not as it should be, in words.
    pub(super) fn difference(self, bytes: &[u8]) -> Option<String> {
        if self.are_in(bytes) {
            return None;
        }
        let word = self.word();
        let expected = |offset: usize| word[offset.min(7)];
        let (offset, &found) =
            bytes.iter().enumerate().find(|&(offset, &byte)| byte != expected(offset))?;
        Some(format!("byte {offset} is {found:#04x}, not {:#04x} ({self:?})", expected(offset)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_byte_is_noticed() {
        let kinds = [Contents::Zero, Contents::Stamp(0), Contents::Stamp(u64::MAX)];
        for len in [1, 3, 8, 9, 64] {
            for contents in kinds {
                let mut bytes = std::vec![0x77; len];
                contents.write(&mut bytes);
                assert_eq!(contents.difference(&bytes), None);
                for changed in 0..len {
                    bytes[changed] ^= 0x10;
                    assert!(contents.difference(&bytes).is_some());
                    bytes[changed] ^= 0x10;
                }
            }
            let mut bytes = std::vec![0; len];
            Contents::Stamp(7).write(&mut bytes);
            assert!(!Contents::Zero.are_in(&bytes));
        }
    }
}
