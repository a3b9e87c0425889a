//! The lock-free pool again, wrapped so that its blocks can be waited for: what that costs who does not
//! wait.

use std::sync::Arc;

use block_core::wait::Waiting;

use super::paths;
use crate::lineup::{Entry, Kind};

/// The line in the registry.
pub const ENTRY: Entry = Entry {
    name: "waiting",
    kind: Kind::Pool,
    usual: false,
    touches_all: false,
    paths: &paths::NAMES,
    description: "lock-free, wrapped so that its blocks can be waited for; nobody does",
    build: |case| Ok(paths::all(Arc::new(Waiting::new(paths::lock_free(&case.shape)?)))),
};
