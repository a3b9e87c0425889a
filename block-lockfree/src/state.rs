//! The word that every magazine operation reads: may owners use their magazines?
//!
//! ```text
//! |    revocation     | RETIRED | QUIESCED | REVOKED | HARDENED | FENCED |
//! ```
//!
//! Open and without a reason to look twice it is all zero: one comparison on the owner's path. Only
//! the holder of the reclaimers' lock writes it. Each revocation has a number of its own, so two
//! equal readings of a quiesced state mean that nothing changed between them.

/// One state of a pool's magazines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State(usize);

impl State {
    /// Owners need a real fence, see [`fence`](crate::fence). Once set it stays.
    const FENCED: usize = 1;
    /// Something is written or checked when blocks are handed out and given back. Constant for a pool.
    const HARDENED: usize = 2;
    /// Owners must leave their magazines alone and use the shared stack.
    const REVOKED: usize = 4;
    /// And all magazines are empty: every free block is on the stack.
    const QUIESCED: usize = 8;
    /// And it stays so: the pool has no owner any more.
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

    /// Owners are to stop; magazines may still hold blocks. `revocation` counts these.
    pub(crate) const fn revoked(self, revocation: usize) -> Self {
        let kept = self.open().0 | Self::REVOKED;
        Self(kept | revocation.wrapping_mul(Self::REVOCATION))
    }

    /// From now on owners need a real fence.
    pub(crate) const fn fenced(self) -> Self {
        Self(self.0 | Self::FENCED)
    }

    /// Owners have stopped, and magazines are empty.
    pub(crate) const fn quiesced(self) -> Self {
        Self(self.0 | Self::QUIESCED)
    }

    /// Owners have stopped for good.
    pub(crate) const fn retired(self) -> Self {
        Self(self.0 | Self::QUIESCED | Self::RETIRED)
    }

    /// Owners may go on.
    pub(crate) const fn open(self) -> Self {
        Self(self.0 & (Self::FENCED | Self::HARDENED))
    }
}

#[cfg(all(test, not(any(block_loom, block_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn no_two_revocations_look_alike_and_an_opened_state_is_the_first_again() {
        for (asymmetric, hardened) in [(false, false), (false, true), (true, false), (true, true)] {
            let first = State::new(asymmetric, hardened);
            assert_eq!(first.bits() == 0, asymmetric && !hardened);
            let mut seen = std::vec![first];
            let mut state = first;
            for revocation in [1, 2, 1000] {
                for next in [state.revoked(revocation), state.revoked(revocation).quiesced()] {
                    assert!(!seen.contains(&next), "{next:?} came twice");
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
    fn what_is_said_twice_is_as_if_said_once() {
        for state in [State::new(true, true), State::new(true, false).revoked(3)] {
            assert!(!state.is_fenced() && state.fenced().is_fenced());
            assert_eq!(state.fenced().fenced(), state.fenced());
            assert_eq!(state.quiesced().quiesced(), state.quiesced());
            assert!(state.revoked(1).fenced().open().is_fenced(), "opened, it stays fenced");
        }
    }
}
