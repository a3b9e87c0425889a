//! What the containers of these tests hold.

use std::cell::Cell;
use std::fmt::Debug;
use std::num::Wrapping;

/// A value made from a number.
pub trait Element: Clone + Eq + Debug {
    fn new(seed: u32) -> Self;

    /// How many there are on this thread, of a type that counts.
    fn alive() -> Option<usize> {
        None
    }
}

impl Element for u8 {
    fn new(seed: u32) -> Self {
        seed as u8
    }
}

impl Element for u64 {
    fn new(seed: u32) -> Self {
        u64::from(seed) << 32 | u64::from(!seed)
    }
}

impl Element for () {
    fn new(_seed: u32) {}
}

/// An odd size, at an alignment of 1.
pub type Odd = [u8; 13];

impl Element for Odd {
    fn new(seed: u32) -> Self {
        [seed as u8; 13]
    }
}

/// Bytes between and after its fields are never written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Padded {
    head: u8,
    body: u64,
    tail: u16,
}

impl Element for Padded {
    fn new(seed: u32) -> Self {
        Self { head: seed as u8, body: u64::new(seed), tail: seed as u16 }
    }
}

/// As aligned as a block.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub struct Aligned(u32);

impl Element for Aligned {
    fn new(seed: u32) -> Self {
        let new = Self(seed);
        assert_eq!((&raw const new).addr() % 64, 0);
        new
    }
}

thread_local! {
    static ALIVE: Cell<Wrapping<usize>> = const { Cell::new(Wrapping(0)) };
}

/// Owns memory, and is counted: one dropped twice or never shows.
#[derive(Debug, PartialEq, Eq)]
pub struct Counted(String);

impl Element for Counted {
    fn new(seed: u32) -> Self {
        ALIVE.set(ALIVE.get() + Wrapping(1));
        Self(seed.to_string())
    }

    fn alive() -> Option<usize> {
        Some(ALIVE.get().0)
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        ALIVE.set(ALIVE.get() + Wrapping(1));
        Self(self.0.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - Wrapping(1));
    }
}
