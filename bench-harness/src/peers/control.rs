//! The lock-free pool once more, in a pool of its own: what its figures and those of the first one
//! differ by is no difference between pools.

use std::sync::Arc;

use super::paths::{self, Handles, Through};
use crate::lineup::{CONTROL, Entry, Kind, Name};

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: CONTROL,
    kind: Kind::Pool,
    usual: true,
    touches_all: false,
    paths: &["again"],
    description: "block-lockfree/handle once more: what it differs by from that is chance",
    build: |case| {
        let pool = Arc::new(paths::lock_free(&case.shape)?);
        Ok(vec![Box::new(Through::<_, Handles>::new(pool))])
    },
};

/// The contender and the path that are measured twice.
pub const TWIN: Name = Name { contender: paths::LOCK_FREE.name, path: paths::NAMES[0] };
