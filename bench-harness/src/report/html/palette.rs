//! Colour, mark and dash of each contender: the same in every chart, and told apart in grey as well.

use crate::lineup::{self, LOOP};

/// Colours in the style sheet.
const COLOURS: usize = 8;
/// Colours: solid, dashed, and dashed and dotted.
const SLOTS: usize = 3 * COLOURS;

/// What the points of a line look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
}

const MARKS: [Mark; 5] = [Mark::Circle, Mark::Square, Mark::Triangle, Mark::Diamond, Mark::Cross];

/// The looks of a contender: a class of the style sheet, and a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Looks {
    slot: usize,
}

impl Looks {
    /// By the contender's place in the registry; one that is not in it is placed by its letters.
    pub(super) fn of(contender: &str) -> Self {
        if contender == LOOP {
            return Self { slot: SLOTS };
        }
        let place = lineup::ALL.iter().position(|entry| entry.name == contender);
        let letters = || contender.bytes().map(usize::from).sum();
        Self { slot: place.unwrap_or_else(letters) % SLOTS }
    }

    /// Its number, to be told from all others by.
    pub(super) fn slot(self) -> u8 {
        u8::try_from(self.slot).unwrap_or(u8::MAX)
    }

    pub(super) fn class(self) -> String {
        format!("k{}", self.slot)
    }

    pub(super) fn mark(self) -> Mark {
        MARKS[self.slot % MARKS.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_contenders_of_the_registry_look_the_same() {
        for (place, entry) in lineup::ALL.iter().enumerate() {
            for other in &lineup::ALL[..place] {
                assert_ne!(Looks::of(entry.name), Looks::of(other.name), "{}", entry.name);
            }
        }
    }
}
