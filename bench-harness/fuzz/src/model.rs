//! What must be true of a pool after the calls so far.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use block_core::Stats;

use crate::contents::Contents;

/// Which blocks are out, what lies in them, and who waits.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) capacity: usize,
    pub(crate) free: usize,
    /// Those of which somebody knows the number. A block that waits for its waiter is not among them.
    out: BTreeSet<usize>,
    /// What the last holders left; nobody ever held the others.
    left: BTreeMap<usize, Contents>,
    zeroes: bool,
    stamps: u8,
    most_held: usize,
    refusals: u64,
    /// Names of those who wait, the oldest first, and of those who were given a block since.
    waiting: VecDeque<usize>,
    given: BTreeSet<usize>,
}

impl Model {
    pub(crate) fn new(capacity: usize, zeroes: bool) -> Self {
        Self {
            capacity,
            free: capacity,
            out: BTreeSet::new(),
            left: BTreeMap::new(),
            zeroes,
            stamps: 0,
            most_held: 0,
            refusals: 0,
            waiting: VecDeque::new(),
            given: BTreeSet::new(),
        }
    }

    /// So many blocks leave the free ones.
    pub(crate) fn take(&mut self, count: usize) {
        assert!(count <= self.free, "invariant 1: {count} blocks of {} free ones", self.free);
        self.free -= count;
        self.most_held = self.most_held.max(self.capacity - self.free);
    }

    /// A call for so many found too few, as it must.
    pub(crate) fn refuse(&mut self, count: usize) {
        assert!(count > self.free, "invariant 3: {count} refused while {} are free", self.free);
        self.refusals += 1;
    }

    /// A block comes to its holder. What must lie in it.
    pub(crate) fn comes(&mut self, index: usize) -> Contents {
        assert!(self.out.insert(index), "invariant 1: block {index} is held already");
        self.left.get(&index).copied().unwrap_or_default()
    }

    /// What its holder writes into it.
    pub(crate) fn next_stamp(&mut self) -> Contents {
        self.stamps = self.stamps.wrapping_add(41);
        Contents::Stamp(self.stamps)
    }

    /// A block goes: to the oldest who waits, or to the free ones.
    pub(crate) fn goes(&mut self, index: usize, contents: Contents) {
        assert!(self.out.remove(&index), "block {index} is given back by nobody");
        self.left.insert(index, if self.zeroes { Contents::Zero } else { contents });
        self.comes_back();
    }

    fn comes_back(&mut self) {
        match self.waiting.pop_front() {
            Some(oldest) => _ = self.given.insert(oldest),
            None => self.free += 1,
        }
    }

    /// Whether a poll of the wish of this name must be answered with a block.
    pub(crate) fn poll(&mut self, name: usize) -> bool {
        if self.given.remove(&name) {
            return true;
        }
        if self.waiting.contains(&name) {
            return false;
        }
        if self.free == 0 {
            self.waiting.push_back(name);
            return false;
        }
        self.take(1);
        true
    }

    /// The wish is no more.
    pub(crate) fn cancel(&mut self, name: usize) {
        self.waiting.retain(|&other| other != name);
        if self.given.remove(&name) {
            self.comes_back();
        }
    }

    pub(crate) fn is_given(&self, name: usize) -> bool {
        self.given.contains(&name)
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// That the numbers a pool tells of itself are true. Which counts are exact depends on the pool: with
    /// magazines more blocks than were held count as such, and who waits looks more often than once.
    pub(crate) fn believe(&self, stats: &Stats, has_magazines: bool, is_waited_for: bool) {
        let held = self.capacity - self.free;
        assert_eq!((stats.capacity, stats.in_use), (self.capacity, held), "invariant 2: {stats:?}");
        assert!(stats.never_used.saturating_add(stats.cached) <= self.free, "{stats:?}");
        assert!((self.most_held..=self.capacity).contains(&stats.high_water), "{stats:?}");
        assert!(has_magazines || stats.cached == 0, "{stats:?}");
        assert!(has_magazines || stats.high_water == self.most_held, "{stats:?}");
        assert!(is_waited_for || stats.exhaustions == self.refusals, "{} {stats:?}", self.refusals);
    }
}
