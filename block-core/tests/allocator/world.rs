//! Boxes, vectors and maps in one pool, each beside its twin of the standard library.

use std::collections::{HashMap as StdMap, HashSet};

use allocator_api2::boxed::Box as PoolBox;
use allocator_api2::vec::Vec as PoolVec;
use block_core::PoolAllocator;
use hashbrown::{DefaultHashBuilder, HashMap};

use crate::Watched;
use crate::element::Element;
use crate::support::Pool;

type Alloc<'p> = &'p PoolAllocator<Pool>;
type PoolMap<'p, T> = HashMap<u8, T, DefaultHashBuilder, Alloc<'p>>;

/// Declares the actions, and the list of all of them.
macro_rules! actions {
    ($($action:ident)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action { $($action),* }

        impl Action {
            pub const ALL: &[Self] = &[$(Self::$action),*];
        }
    };
}

actions! {
    NewBox ReplaceInBox DropBox
    NewVec Push Pop Insert Remove Truncate Reserve ReserveExact ShrinkVec ThroughBox CloneVec DropVec
    NewMap MapInsert MapRemove MapReserve ShrinkMap DropMap
}

/// One call. `which` picks a container of the kind, `amount` is a length, a place or a key.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub action: Action,
    pub which: usize,
    pub amount: usize,
    pub seed: u32,
}

/// Every container comes first, its twin second.
pub struct World<'p, T> {
    watched: &'p Watched,
    boxes: Vec<(PoolBox<T, Alloc<'p>>, Box<T>)>,
    vecs: Vec<(PoolVec<T, Alloc<'p>>, Vec<T>)>,
    maps: Vec<(PoolMap<'p, T>, StdMap<u8, T>)>,
}

impl<'p, T: Element> World<'p, T> {
    pub fn new(watched: &'p Watched) -> Self {
        Self { watched, boxes: Vec::new(), vecs: Vec::new(), maps: Vec::new() }
    }

    pub fn take(&mut self, step: &Step) {
        use Action::*;
        match step.action {
            NewBox | ReplaceInBox | DropBox => self.box_step(step),
            NewMap | MapInsert | MapRemove | MapReserve | ShrinkMap | DropMap => {
                self.map_step(step);
            }
            _ => self.vec_step(step),
        }
    }

    fn box_step(&mut self, step: &Step) {
        let pool = &self.watched.pool;
        let which = step.which % self.boxes.len().max(1);
        match (step.action, self.boxes.get_mut(which)) {
            (Action::NewBox, _) => {
                let fits = size_of::<T>() <= pool.block_size() && pool.available() > 0;
                let made = PoolBox::try_new_in(T::new(step.seed), pool);
                assert_eq!(made.is_ok(), fits || size_of::<T>() == 0);
                self.boxes.extend(made.ok().map(|made| (made, Box::new(T::new(step.seed)))));
            }
            (Action::ReplaceInBox, Some((ours, theirs))) => {
                let old = std::mem::replace(&mut **ours, T::new(step.seed));
                assert_eq!(old, std::mem::replace(&mut **theirs, T::new(step.seed)));
            }
            (Action::DropBox, Some(_)) => drop(self.boxes.swap_remove(which)),
            _ => {}
        }
    }

    fn vec_step(&mut self, step: &Step) {
        let pool = &self.watched.pool;
        if step.action == Action::NewVec {
            return self.vecs.push((PoolVec::new_in(pool), Vec::new()));
        }
        let which = step.which % self.vecs.len().max(1);
        let Some((ours, theirs)) = self.vecs.get_mut(which) else { return };
        let (length, amount) = (ours.len(), step.amount);
        match step.action {
            Action::Push if room(ours, pool, 1) => {
                ours.push(T::new(step.seed));
                theirs.push(T::new(step.seed));
            }
            Action::Insert if room(ours, pool, 1) => {
                ours.insert(amount % (length + 1), T::new(step.seed));
                theirs.insert(amount % (length + 1), T::new(step.seed));
            }
            Action::Remove if length > 0 => {
                assert_eq!(ours.remove(amount % length), theirs.remove(amount % length));
            }
            Action::Pop => assert_eq!(ours.pop(), theirs.pop()),
            Action::Truncate => {
                ours.truncate(amount);
                theirs.truncate(amount);
            }
            // The doubling is the vector's business; that a refusal changes nothing is checked after
            // each step.
            Action::Reserve => {
                let enough = ours.capacity() - length >= amount;
                assert!(ours.try_reserve(amount).is_ok() || !enough);
            }
            Action::ReserveExact => {
                room(ours, pool, amount);
            }
            Action::ShrinkVec => {
                ours.shrink_to_fit();
                assert!(ours.capacity() == length || size_of::<T>() == 0);
            }
            Action::ThroughBox => {
                let empty = PoolVec::new_in(pool);
                *ours = std::mem::replace(ours, empty).into_boxed_slice().into_vec();
            }
            Action::CloneVec if pool.available() > 0 => {
                let twins = (ours.clone(), theirs.clone());
                self.vecs.push(twins);
            }
            Action::DropVec => drop(self.vecs.swap_remove(which)),
            _ => {}
        }
    }

    fn map_step(&mut self, step: &Step) {
        let pool = &self.watched.pool;
        if step.action == Action::NewMap {
            let map = HashMap::with_hasher_in(DefaultHashBuilder::default(), pool);
            return self.maps.push((map, StdMap::new()));
        }
        let which = step.which % self.maps.len().max(1);
        let Some((ours, theirs)) = self.maps.get_mut(which) else { return };
        let key = step.amount as u8;
        match step.action {
            Action::MapInsert => {
                let enough = ours.capacity() > ours.len();
                if ours.try_reserve(1).is_ok() {
                    let new = (T::new(step.seed), T::new(step.seed));
                    assert_eq!(ours.insert(key, new.0), theirs.insert(key, new.1));
                } else {
                    assert!(!enough, "refused what needs no allocation");
                }
            }
            Action::MapRemove => assert_eq!(ours.remove(&key), theirs.remove(&key)),
            Action::MapReserve => {
                let enough = ours.capacity() - ours.len() >= step.amount;
                assert!(ours.try_reserve(step.amount).is_ok() || !enough);
            }
            // Needs both tables at once.
            Action::ShrinkMap if pool.available() > 0 => ours.shrink_to_fit(),
            Action::DropMap => drop(self.maps.swap_remove(which)),
            _ => {}
        }
    }

    /// Panics unless all contents are equal, every container has a block of its own, and the rest of
    /// the blocks are free (invariants 1, 2 and 4).
    pub fn check(&self) {
        let bytes = size_of::<T>();
        let mut blocks = Vec::new();
        let mut elements = 0;
        // Tables without entries: their blocks are counted, but cannot be seen.
        let mut unseen = 0;
        for (ours, theirs) in &self.boxes {
            assert_eq!(**ours, **theirs);
            elements += 1;
            blocks.extend((bytes > 0).then(|| self.starts_a_block(&raw const **ours, 1)));
        }
        for (ours, theirs) in &self.vecs {
            assert_eq!(ours[..], theirs[..]);
            elements += ours.len();
            let has_block = bytes > 0 && ours.capacity() > 0;
            blocks.extend(has_block.then(|| self.starts_a_block(ours.as_ptr(), ours.capacity())));
        }
        for (ours, theirs) in &self.maps {
            assert_eq!(ours.len(), theirs.len());
            assert!(theirs.iter().all(|(key, value)| ours.get(key) == Some(value)));
            elements += ours.len();
            assert!(ours.allocation_size() <= self.watched.pool.block_size());
            let holders: HashSet<_> = ours
                .iter()
                .map(|(key, value)| {
                    assert!((&raw const *value).is_aligned());
                    self.watched.block_of((&raw const *key).addr(), 1)
                })
                .collect();
            assert!(holders.len() <= 1, "a table in several blocks");
            unseen += usize::from(holders.is_empty() && ours.allocation_size() > 0);
            blocks.extend(holders);
        }
        let distinct: HashSet<_> = blocks.iter().collect();
        assert_eq!(distinct.len(), blocks.len(), "two containers in one block");
        let held = blocks.len() + unseen;
        let pool = &self.watched.pool;
        assert_eq!(pool.available() + held, pool.capacity(), "blocks, free or held");
        assert!(T::alive().is_none_or(|alive| alive == 2 * elements), "{:?}", T::alive());
    }

    /// The block that starts here and holds so many elements, by its address.
    fn starts_a_block(&self, start: *const T, elements: usize) -> usize {
        assert!(start.is_aligned());
        let block = self.watched.block_of(start.addr(), elements * size_of::<T>());
        assert_eq!(block, start.addr());
        block
    }
}

/// Makes room for so many elements more, or panics if that is refused without need.
fn room<T>(vec: &mut PoolVec<T, Alloc<'_>>, pool: Alloc<'_>, more: usize) -> bool {
    let wanted = vec.len() + more;
    let enough = wanted <= vec.capacity();
    let fits = wanted * size_of::<T>() <= pool.block_size();
    let has_block = vec.capacity() > 0 || pool.available() > 0;
    let made = vec.try_reserve_exact(more).is_ok();
    assert_eq!(made, enough || (fits && has_block), "{wanted} elements");
    made
}
