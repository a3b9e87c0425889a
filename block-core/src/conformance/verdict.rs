//! The result of a property: the broken invariant, and the evidence.

use core::fmt;
use std::string::String;

/// The invariants of the crate's list, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invariant {
    Exclusive = 1,
    Conserved = 2,
    ExactExhaustion = 3,
    BoundedAndAligned = 4,
    CheckedFree = 5,
    Initialised = 6,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Exclusive => "exclusive",
            Self::Conserved => "conserved",
            Self::ExactExhaustion => "exact exhaustion",
            Self::BoundedAndAligned => "bounded and aligned",
            Self::CheckedFree => "checked free",
            Self::Initialised => "initialised",
        };
        write!(f, "invariant {} ({name})", *self as u8)
    }
}

/// A broken invariant, with the expected and the actual value.
#[derive(Debug)]
pub(super) struct Violation {
    pub(super) invariant: Invariant,
    pub(super) found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is broken: {}", self.invariant, self.found)
    }
}

/// The result of a step of a property.
pub(super) type Check<T = ()> = Result<T, Violation>;

/// A [`Violation`] of the invariant.
macro_rules! violation {
    ($invariant:ident, $($found:tt)+) => {
        $crate::conformance::verdict::Violation {
            invariant: $crate::conformance::verdict::Invariant::$invariant,
            found: std::format!($($found)+),
        }
    };
}
pub(super) use violation;

/// Returns a [`Violation`] of the invariant unless the condition holds.
macro_rules! ensure {
    ($invariant:ident, $condition:expr, $($found:tt)+) => {
        if !$condition {
            return Err($crate::conformance::verdict::violation!($invariant, $($found)+));
        }
    };
}
pub(super) use ensure;
