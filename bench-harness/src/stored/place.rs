//! Which cell of a record: the same one in another record can be compared with it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::payload::Payload;

/// What is measured in a cell, by fields of [`Cell`](crate::record::Cell): the same place in two records can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub struct Place {
    #[serde(deserialize_with = "super::contender")]
    pub contender: String,
    pub path: String,
    pub workload: String,
    /// Empty in the record of a program that did not know any other than the usual one: that is
    /// filled in when it is read.
    #[serde(default)]
    pub payload: String,
    pub threads: usize,
    pub block_size: usize,
    pub arena: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { contender, path, threads, block_size, arena, .. } = self;
        write!(f, "{contender}/{path}, {}, {threads} x {block_size} B of {arena}", self.work())
    }
}

impl Place {
    /// What the threads did: the workload, and the payload if it is not the usual one.
    #[must_use]
    pub fn work(&self) -> String {
        let Self { workload, payload, .. } = self;
        if payload == Payload::usual(workload).name() {
            workload.clone()
        } else {
            format!("{workload}, payload {payload}")
        }
    }
}
