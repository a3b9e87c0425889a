//! Exact division by the stride without a divide instruction.
//!
//! Let `divisor = odd * 2^shift` and `inverse = odd^-1 mod 2^BITS`. For a multiple `dividend =
//! divisor * q`, `dividend * inverse = q * 2^shift`, and a rotation to the right by `shift` gives
//! `q`. Any other dividend gives at least `2^BITS / divisor`, because multiplication by an odd
//! number and rotation are bijections, and all smaller results belong to multiples. So one
//! comparison of the result with the capacity shows whether an offset is in range and on a block
//! boundary.
//!
//! Source: T. Granlund and P. L. Montgomery, "Division by Invariant Integers using
//! Multiplication", 1994, section 9.

/// A divisor prepared for exact division.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExactDivisor {
    inverse: usize,
    shift: u32,
}

impl ExactDivisor {
    /// Prepares `divisor`, which is not zero.
    pub(crate) const fn new(divisor: usize) -> Self {
        assert!(divisor != 0);
        let shift = divisor.trailing_zeros();
        let odd = divisor >> shift;
        // Newton's iteration for the inverse modulo a power of two doubles the number of correct
        // bits in each step. `3 * odd ^ 2` has five correct bits.
        let mut inverse = odd.wrapping_mul(3) ^ 2;
        let mut bits = 5;
        while bits < usize::BITS {
            inverse = inverse.wrapping_mul(2_usize.wrapping_sub(odd.wrapping_mul(inverse)));
            bits *= 2;
        }
        Self { inverse, shift }
    }

    /// Returns `dividend / divisor` if the division leaves no remainder, otherwise a value above
    /// `usize::MAX / divisor`, which no multiple has as its quotient.
    #[inline]
    pub(crate) const fn quotient(self, dividend: usize) -> usize {
        dividend.wrapping_mul(self.inverse).rotate_right(self.shift)
    }
}

#[cfg(test)]
mod tests {
    use super::ExactDivisor;
    use proptest::prelude::*;

    /// Strides of every kind: 1, odd, even, powers of two, and up to `usize::MAX`.
    fn divisors() -> impl Strategy<Value = usize> {
        prop_oneof![
            Just(1),
            1..100_usize,
            (0..usize::BITS).prop_map(|shift| 1 << shift),
            any::<usize>().prop_map(|n| n | 1),
            any::<usize>().prop_map(|n| (n & !1).max(2)),
            any::<usize>().prop_map(|n| usize::MAX - (n >> (usize::BITS / 2))),
        ]
    }

    fn agrees_with_division(divisor: usize, dividend: usize) -> Result<(), TestCaseError> {
        let quotient = ExactDivisor::new(divisor).quotient(dividend);
        if dividend % divisor == 0 {
            prop_assert_eq!(quotient, dividend / divisor);
        } else {
            prop_assert!(quotient > usize::MAX / divisor);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn quotient_agrees_with_slash_and_percent(divisor in divisors(), dividend in any::<usize>()) {
            agrees_with_division(divisor, dividend)?;
        }

        #[test]
        fn multiples_and_their_neighbours_agree_with_division(
            divisor in divisors(),
            factor in any::<usize>(),
            off in 0..3_usize,
        ) {
            let multiple = divisor * (factor % (usize::MAX / divisor).max(1));
            agrees_with_division(divisor, multiple.wrapping_add(off).wrapping_sub(1))?;
        }
    }
}
