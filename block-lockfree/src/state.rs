//! The word that every magazine operation reads: whether owners may use their magazines.
//!
//! ```text
//! |    revocation     | RETIRED | QUIESCED | REVOKED | HARDENED | FENCED |
//! ```
//!
//! The word is zero if the magazines are open and no call needs the slow path, so the owner's fast
//! path has one comparison. Only the holder of the reclaimers' lock writes it. Each revocation has
//! its own number, so two equal readings of a quiesced state mean that nothing changed in between.

/// The state of a pool's magazines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State(usize);

impl State {
    /// Owners need a real fence, see [`fence`](crate::fence). Never cleared.
    const FENCED: usize = 1;
    /// The region is hardened: allocations and frees write or check bytes. Constant for a pool.
    const HARDENED: usize = 2;
    /// Owners must not use their magazines.
    const REVOKED: usize = 4;
    /// All magazines are empty: every free block is on the stack.
    const QUIESCED: usize = 8;
    /// The magazines never open again: the pool has no owner any more.
    const RETIRED: usize = 16;
    const REVOCATION: usize = 32;

    pub(crate) const fn new(asymmetric: bool, hardened: bool) -> Self {
        let fenced = if asymmetric { 0 } else { Self::FENCED };
        Self(fenced | if hardened { Self::HARDENED } else { 0 })
    }

    #[inline]
    pub(crate) const fn from_bits(bits: usize) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) const fn bits(self) -> usize {
        self.0
    }

    pub(crate) const fn is_revoked(self) -> bool {
        self.0 & Self::REVOKED != 0
    }

    pub(crate) const fn is_quiesced(self) -> bool {
        self.0 & Self::QUIESCED != 0
    }

    pub(crate) const fn is_retired(self) -> bool {
        self.0 & Self::RETIRED != 0
    }

    pub(crate) const fn is_fenced(self) -> bool {
        self.0 & Self::FENCED != 0
    }

    /// Returns the state in which owners must stop, while magazines may still contain blocks.
    /// `revocation` is the number of this revocation.
    pub(crate) const fn revoked(self, revocation: usize) -> Self {
        let kept = self.open().0 | Self::REVOKED;
        Self(kept | revocation.wrapping_mul(Self::REVOCATION))
    }

    /// Returns the state in which owners need a real fence.
    pub(crate) const fn fenced(self) -> Self {
        Self(self.0 | Self::FENCED)
    }

    /// Returns the state in which owners have stopped and magazines are empty.
    pub(crate) const fn quiesced(self) -> Self {
        Self(self.0 | Self::QUIESCED)
    }

    /// Returns the state of a retired pool.
    pub(crate) const fn retired(self) -> Self {
        Self(self.0 | Self::QUIESCED | Self::RETIRED)
    }

    /// Returns the state in which owners may use their magazines.
    pub(crate) const fn open(self) -> Self {
        Self(self.0 & (Self::FENCED | Self::HARDENED))
    }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn revocations_are_distinct_and_an_opened_state_equals_the_first() {
        for (asymmetric, hardened) in [(false, false), (false, true), (true, false), (true, true)] {
            let first = State::new(asymmetric, hardened);
            assert_eq!(first.bits() == 0, asymmetric && !hardened);
            let mut seen = std::vec![first];
            let mut state = first;
            for revocation in [1, 2, 1000] {
                for next in [state.revoked(revocation), state.revoked(revocation).quiesced()] {
                    assert!(!seen.contains(&next), "{next:?} is not unique");
                    assert!(next.is_revoked());
                    assert_eq!(next.is_fenced(), !asymmetric);
                    seen.push(next);
                    state = next;
                }
                assert!(state.is_quiesced());
                assert_eq!(state.open(), first);
            }
        }
    }

    #[test]
    fn transitions_are_idempotent() {
        for state in [State::new(true, true), State::new(true, false).revoked(3)] {
            assert!(!state.is_fenced() && state.fenced().is_fenced());
            assert_eq!(state.fenced().fenced(), state.fenced());
            assert_eq!(state.quiesced().quiesced(), state.quiesced());
            assert!(state.revoked(1).fenced().open().is_fenced(), "fenced even after it opens");
        }
    }
}
