//! The registry: every contender by name, and how to build it.

use block_core::BuildError;

use crate::grid::Case;
use crate::peers::{
    array_queue, bytes_mut, control, cycle, lockfree_object_pool, mimalloc, object_pool, opool,
    owned, paths, seg_queue, sharded_slab, system, vec, waiting, zeropool,
};
#[cfg(bench_harness_allocators)]
use crate::peers::{jemalloc, snmalloc};
use crate::subject::Subject;
use crate::workload::Workload;

/// The name of the contender that is no allocator: it shows the loop's own cost, and is neither
/// judged nor summed up.
pub const LOOP: &str = "loop";

/// The name of the contender that is another one once more: it shows what is chance, and is not judged
/// either.
pub const CONTROL: &str = "control";

/// The name of the contender that this workspace is about.
pub const OURS: &str = paths::LOCK_FREE.name;

/// The contender and the path that figures are compared with: the safe path of [`OURS`].
pub const SAFE: (&str, &str) = (OURS, paths::NAMES[0]);

/// The name of the pool behind a mutex.
pub const MUTEX: &str = paths::MUTEX.name;

/// Every contender, in the order in which they are shown.
pub const ALL: &[Entry] = &[
    paths::LOCK_FREE,
    owned::ENTRY,
    paths::PLAIN_STACK,
    paths::MUTEX,
    waiting::ENTRY,
    array_queue::ENTRY,
    seg_queue::ENTRY,
    object_pool::ENTRY,
    opool::ENTRY,
    lockfree_object_pool::ENTRY,
    sharded_slab::ENTRY,
    zeropool::ENTRY,
    bytes_mut::ENTRY,
    vec::ENTRY,
    system::ENTRY,
    mimalloc::ENTRY,
    #[cfg(bench_harness_allocators)]
    jemalloc::ENTRY,
    #[cfg(bench_harness_allocators)]
    snmalloc::ENTRY,
    control::ENTRY,
    cycle::ENTRY,
];

/// What is not in this build, and what it needs: a line for `--list`.
pub const ABSENT: Option<&str> = if cfg!(bench_harness_allocators) {
    None
} else {
    Some(
        "jemalloc (needs make) and snmalloc (needs a C++20 compiler) are in builds with\n  \
         RUSTFLAGS=\"--cfg bench_harness_allocators\"",
    )
};

/// A contender's subjects, one for each of its paths.
pub type Subjects = Vec<Box<dyn Subject>>;

/// A subject and what it is called.
pub type Named = (Name, Box<dyn Subject>);

/// One pool or allocator, and the paths through it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// As it is called on the command line and in every record.
    pub name: &'static str,
    /// What sort of contender it is.
    pub kind: Kind,
    /// Whether it is measured if no contender is asked for.
    pub usual: bool,
    /// Whether it touches each of its blocks, asked for or not: such contenders share the memory.
    pub touches_all: bool,
    /// The paths through it, in the order in which `build` makes them.
    pub paths: &'static [&'static str],
    /// One line for `--list`.
    pub description: &'static str,
    /// Makes one subject for each path, over one pool.
    pub build: fn(&Case) -> Result<Subjects, BuildError>,
}

/// A sort of contender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A pool: blocks of one size, and an end to them.
    Pool,
    /// A pool that grows when it is empty, or what is done in place of a pool: without a bound, but
    /// not what pools are compared with.
    Growing,
    /// A pool that grows, and looks for a free block among all that are held.
    Linear,
    /// An allocator of any size, without a bound.
    General,
    /// No allocator.
    Loop,
}

impl Kind {
    /// Why no contender of the kind can do the workload, if so.
    #[must_use]
    pub fn cannot(self, workload: Workload) -> Option<&'static str> {
        match (self, workload) {
            (Self::Growing | Self::Linear | Self::General, Workload::Exhausted) => {
                Some("has no bound")
            }
            (Self::Linear, Workload::NearFull(_)) => Some("to fill it takes the arena squared"),
            _ => None,
        }
    }
}

/// One path through one contender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// The contender.
    pub contender: &'static str,
    /// The path through it.
    pub path: &'static str,
}

impl Name {
    /// Whether this is an allocator, to be judged, and for the first time.
    #[must_use]
    pub fn is_judged(self) -> bool {
        is_judged(self.contender)
    }

    /// What sort of contender it is; a name that is not in the registry is a pool's.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.entry().map_or(Kind::Pool, |entry| entry.kind)
    }

    fn entry(self) -> Option<&'static Entry> {
        ALL.iter().find(|entry| entry.name == self.contender)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{}/{}", self.contender, self.path))
    }
}

/// Whether the contender of that name is an allocator, and for the first time.
#[must_use]
pub fn is_judged(contender: &str) -> bool {
    ![LOOP, CONTROL].contains(&contender)
}

/// Returns what sort of contender has that name, or that of a pool if none in this build has it.
#[must_use]
pub fn kind_of(contender: &str) -> Kind {
    ALL.iter().find(|entry| entry.name == contender).map_or(Kind::Pool, |entry| entry.kind)
}

/// Every path through every contender.
pub fn names() -> impl Iterator<Item = Name> {
    ALL.iter().flat_map(|entry| entry.paths.iter().map(|path| Name { contender: entry.name, path }))
}

/// Every path through the usual contenders.
pub fn usual() -> impl Iterator<Item = Name> {
    names().filter(|name| name.entry().is_none_or(|entry| entry.usual))
}

/// The filter that names every path through every contender.
pub const EVERY: &str = "all";

/// The paths that the filters name: each names a contender, a path or a `contender/path` exactly, or
/// else a part of such a name, or is [`EVERY`]. No filter: the [`usual`] ones.
///
/// # Errors
///
/// A filter that names none.
pub fn select(filters: &[String]) -> Result<Vec<Name>, String> {
    if filters.is_empty() {
        return Ok(usual().collect());
    }
    let exactly = |name: &Name, filter: &str| {
        filter == EVERY
            || name.contender == filter
            || name.path == filter
            || name.to_string() == filter
    };
    let mut chosen = Vec::new();
    for filter in filters {
        let mut found: Vec<_> = names().filter(|name| exactly(name, filter)).collect();
        if found.is_empty() && !filter.is_empty() {
            found = names().filter(|name| name.to_string().contains(filter.as_str())).collect();
        }
        if found.is_empty() {
            let known: Vec<_> = names().map(|name| name.to_string()).collect();
            return Err(format!(
                "unknown contender '{filter}'; allowed is {EVERY}, a name or a part of one: {}",
                known.join(", ")
            ));
        }
        chosen.extend(found);
    }
    Ok(names().filter(|name| chosen.contains(name)).collect())
}

/// How many contenders are named, each by one path or more.
#[must_use]
pub fn count(names: &[Name]) -> usize {
    named(names).count()
}

/// How many of the named contenders touch all of an arena.
#[must_use]
pub fn touching_all(names: &[Name]) -> usize {
    named(names).filter(|entry| entry.touches_all).count()
}

fn named(names: &[Name]) -> impl Iterator<Item = &'static Entry> {
    ALL.iter().filter(|entry| names.iter().any(|name| name.contender == entry.name))
}

/// Builds the named contenders, one pool for each entry that any of them goes through. Those that
/// [cannot](Kind::cannot) do the case's workload are left out.
///
/// # Errors
///
/// The first pool that cannot be built.
pub fn build(names: &[Name], case: &Case) -> Result<Vec<Named>, (Name, BuildError)> {
    let mut built = Vec::new();
    for entry in ALL {
        let name_of = |path| Name { contender: entry.name, path };
        if entry.kind.cannot(case.workload).is_some()
            || !names.iter().any(|name| name.contender == entry.name)
        {
            continue;
        }
        let subjects = (entry.build)(case).map_err(|error| (name_of(entry.paths[0]), error))?;
        let named = entry.paths.iter().map(|path| name_of(path)).zip(subjects);
        built.extend(named.filter(|(name, _)| names.contains(name)));
    }
    Ok(built)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Occupancy;

    fn selected(filters: &[&str]) -> Result<Vec<String>, String> {
        let filters: Vec<_> = filters.iter().map(ToString::to_string).collect();
        Ok(select(&filters)?.iter().map(Name::to_string).collect())
    }

    #[test]
    fn without_a_filter_the_usual_contenders_are_chosen() {
        let chosen = select(&[]).unwrap();
        let of = |contender| chosen.iter().filter(|name| name.contender == contender).count();
        let usual = ["lock-free", "plain-stack", "mutex", "array-queue", "system", "mimalloc"];
        assert_eq!(usual.map(of), [3, 3, 3, 3, 1, 1]);
        assert_eq!((of(LOOP), of(CONTROL)), (1, 1));
        let more = if cfg!(bench_harness_allocators) { 2 } else { 0 };
        assert_eq!(chosen.len(), 16 + more);
    }

    #[test]
    fn all_chooses_every_contender_once() {
        let every = names().collect::<Vec<_>>();
        assert_eq!(select(&[EVERY.to_owned()]).unwrap(), every);
        assert_eq!(selected(&["all", "vec"]).unwrap().len(), every.len());
        assert!(every.len() > usual().count());
    }

    #[test]
    fn contenders_that_are_not_usual_are_chosen_by_name_path_or_part() {
        let paths = ["vec/with-capacity", "vec/zeroed"];
        assert_eq!(selected(&["vec"]).unwrap(), paths);
        assert_eq!(selected(&["zeroed"]).unwrap(), ["zeropool/zeroed", "vec/zeroed"]);
        let pools = ["object-pool/try-pull", "lockfree-object-pool/pull"];
        assert_eq!(selected(&["object-p"]).unwrap(), pools);
        assert_eq!(selected(&["object-pool"]).unwrap(), pools[..1], "exactly, before in part");
    }

    /// Else a filter would choose more, or others, than it says.
    #[test]
    fn no_two_contenders_share_a_name() {
        for (index, entry) in ALL.iter().enumerate() {
            assert_ne!(entry.name, EVERY);
            assert!(ALL[..index].iter().all(|other| other.name != entry.name), "{}", entry.name);
        }
    }

    #[test]
    fn what_a_contender_cannot_do_has_a_reason() {
        let cannot = |contender, workload| {
            let name = names().find(|name| name.contender == contender).unwrap();
            name.kind().cannot(workload)
        };
        assert_eq!(cannot("object-pool", Workload::Exhausted), None);
        assert_eq!(cannot("opool", Workload::Exhausted), None);
        for contender in
            ["lockfree-object-pool", "sharded-slab", "zeropool", "bytes-mut", "vec", "system"]
        {
            assert_eq!(cannot(contender, Workload::Exhausted), Some("has no bound"), "{contender}");
        }
        assert!(cannot("lockfree-object-pool", Workload::NearFull(Occupancy::USUAL)).is_some());
    }
}
