//! The registry: every contender by name, and how to build it.

use block_core::BuildError;

use crate::contender::Shape;
use crate::peers::{array_queue, cycle, paths, system};
use crate::subject::Subject;

/// The name of the contender that is no allocator: it shows the loop's own cost, and is neither
/// judged nor summed up.
pub const LOOP: &str = "loop";

/// Every contender, in the order in which they are shown.
pub const ALL: &[Entry] =
    &[paths::LOCK_FREE, paths::MUTEX, array_queue::ENTRY, system::ENTRY, cycle::ENTRY];

/// A contender's subjects, one for each of its paths.
pub type Subjects = Vec<Box<dyn Subject>>;

/// A subject and what it is called.
pub type Named = (Name, Box<dyn Subject>);

/// One pool or allocator, and the paths through it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// As it is called on the command line and in every record.
    pub name: &'static str,
    /// The paths through it, in the order in which `build` makes them.
    pub paths: &'static [&'static str],
    /// One line for `--list`.
    pub description: &'static str,
    /// Makes one subject for each path, over one pool.
    pub build: fn(Shape) -> Result<Subjects, BuildError>,
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
    /// Whether this is an allocator, to be judged.
    #[must_use]
    pub fn is_judged(self) -> bool {
        self.contender != LOOP
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{}/{}", self.contender, self.path))
    }
}

/// Every path through every contender.
pub fn names() -> impl Iterator<Item = Name> {
    ALL.iter().flat_map(|entry| entry.paths.iter().map(|path| Name { contender: entry.name, path }))
}

/// The paths that the filters name: each names a contender or a `contender/path` exactly, or else
/// a part of such a name. No filter: all of them.
///
/// # Errors
///
/// A filter that names none.
pub fn select(filters: &[String]) -> Result<Vec<Name>, String> {
    let exactly = |name: &Name, filter: &str| {
        name.contender == filter || name.path == filter || name.to_string() == filter
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
                "unknown contender '{filter}'; allowed is a name or a part of one: {}",
                known.join(", ")
            ));
        }
        chosen.extend(found);
    }
    Ok(names().filter(|name| filters.is_empty() || chosen.contains(name)).collect())
}

/// Builds the named contenders, one pool for each entry that any of them goes through.
///
/// # Errors
///
/// The first pool that cannot be built.
pub fn build(names: &[Name], shape: Shape) -> Result<Vec<Named>, (Name, BuildError)> {
    let mut built = Vec::new();
    for entry in ALL {
        let name_of = |path| Name { contender: entry.name, path };
        if !names.iter().any(|name| name.contender == entry.name) {
            continue;
        }
        let subjects = (entry.build)(shape).map_err(|error| (name_of(entry.paths[0]), error))?;
        let named = entry.paths.iter().map(|path| name_of(path)).zip(subjects);
        built.extend(named.filter(|(name, _)| names.contains(name)));
    }
    Ok(built)
}
