//! The registry: every contender by name, and how to build it.

use block_core::BuildError;

use crate::distinct::distinct;
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

    /// Returns whether it is a pool that no crate of this workspace defines.
    fn is_of_another_crate(self) -> bool {
        let is_pool = matches!(self.kind(), Kind::Pool | Kind::Growing | Kind::Linear);
        let is_ours = self.contender.starts_with("block-")
            || [paths::PLAIN_STACK.name, waiting::ENTRY.name, CONTROL].contains(&self.contender);
        is_pool && !is_ours
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

/// Returns the paths that the filters name, or the [`usual`] ones if there is no filter.
///
/// A filter is [`EVERY`], or names a contender, a path or a `contender/path`, or else is a part of such
/// a name. Hyphens and underscores do not matter, nor does a leading `block-`.
///
/// # Errors
///
/// A filter that names none, or is a part of other crates' pools only: then it must be written in full.
pub fn select(filters: &[String]) -> Result<Vec<Name>, String> {
    if filters.is_empty() {
        return Ok(usual().collect());
    }
    let mut chosen = Vec::new();
    for filter in filters {
        chosen.extend(selected(filter)?);
    }
    Ok(names().filter(|name| chosen.contains(name)).collect())
}

fn selected(filter: &str) -> Result<Vec<Name>, String> {
    let key = key(filter);
    let forms = |name: &Name| [name.contender, name.path, &name.to_string()].map(self::key);
    let exactly = |name: &Name| {
        let forms = forms(name);
        filter == EVERY || forms.iter().any(|form| *form == key || short(form) == key)
    };
    let found: Vec<_> = names().filter(exactly).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let part = |name: &Name| !key.is_empty() && forms(name)[2].contains(&key);
    let found: Vec<_> = names().filter(part).collect();
    if found.is_empty() {
        let near = nearest(&key).map(|name| format!("; did you mean '{name}'?"));
        return Err(format!(
            "unknown contender '{filter}'{}; allowed is {EVERY}, a name or a part of one, see --list",
            near.unwrap_or_default()
        ));
    }
    if found.iter().all(|name| name.is_of_another_crate()) {
        let full = distinct(found.iter().map(|name| name.contender)).join("' or '");
        return Err(format!(
            "'{filter}' is a part of other crates' pools only: write '{full}', or {OURS} or {MUTEX} \
             for this workspace's"
        ));
    }
    Ok(found)
}

/// Returns the letters and digits of a name, in which names are compared.
fn key(name: &str) -> String {
    name.chars().filter(|letter| !"-_".contains(*letter)).collect::<String>().to_lowercase()
}

/// Returns a key without the part that this workspace's crates have in common.
fn short(key: &str) -> &str {
    key.strip_prefix("block").unwrap_or(key)
}

/// Returns the contender whose name takes the fewest changes to be the key, if they are few.
fn nearest(key: &str) -> Option<&'static str> {
    let changes = |entry: &&Entry| {
        let name = self::key(entry.name);
        distance(&name, key).min(distance(short(&name), key))
    };
    let near = ALL.iter().min_by_key(changes)?;
    (changes(&near) <= key.len() / 3).then_some(near.name)
}

/// Returns the edit distance of two words (Levenshtein, 1966).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<_> = (0..=other.len()).collect();
    for (index, letter) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in other.bytes().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

/// Returns the name that a contender of an older record has today.
pub(crate) fn renamed(contender: String) -> String {
    match &*contender {
        "lock-free" | "lock-free-owned" => contender.replacen("lock-free", OURS, 1),
        "mutex" => MUTEX.to_owned(),
        _ => contender,
    }
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
        let usual =
            ["block-lockfree", "plain-stack", "block-mutex", "array-queue", "system", "mimalloc"];
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
        assert_eq!(selected(&["object-pool"]).unwrap(), ["object-pool/try-pull"], "not in part");
    }

    #[test]
    fn hyphens_and_the_common_prefix_do_not_matter() {
        let ours = ["handle", "raw", "unchecked"].map(|path| format!("block-lockfree/{path}"));
        for filter in ["lockfree", "lock-free", "block_lockfree", "block-lockfree"] {
            assert_eq!(selected(&[filter]).unwrap(), ours, "{filter}");
        }
        assert_eq!(selected(&["mutex/raw"]).unwrap(), ["block-mutex/raw"]);
    }

    #[test]
    fn a_part_of_other_pools_only_is_refused_and_a_mistake_gets_a_suggestion() {
        let refused = |filter| selected(&[filter]).unwrap_err();
        for part in ["object-p", "shard", "lockfree-ob"] {
            assert!(refused(part).contains("other crates' pools only: write '"), "{part}");
        }
        for (mistake, meant) in [("lokfree", "block-lockfree"), ("mimaloc", "mimalloc")] {
            assert!(refused(mistake).contains(&format!("did you mean '{meant}'?")), "{mistake}");
        }
        assert!(!refused("xyzzy").contains("did you mean"));
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
