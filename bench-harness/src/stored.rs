//! Records read back: as much of them as a comparison needs, and what is wrong with those that
//! cannot be read. Latencies are not read and not compared: a tail differs from run to run by more
//! than any change that is looked for.

mod place;

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::path::Path;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use crate::lineup;
use crate::origin::{FORMAT, FORMAT_VERSION};
use crate::payload::Payload;

pub use place::Place;

/// Reads the name of a contender, whatever it was called when the record was written.
pub(crate) fn contender<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    String::deserialize(from).map(lineup::renamed)
}

/// A record, as a comparison sees it.
#[derive(Clone, Debug, Deserialize)]
pub struct Stored {
    /// When the run began.
    pub date: String,
    /// The commit that was measured.
    pub commit: String,
    /// Whether the run was ended before all samples were taken.
    pub interrupted: bool,
    /// What it was measured on.
    pub machine: StoredMachine,
    /// The figures, each place once.
    pub cells: Vec<StoredCell>,
}

/// What a record says of its machine: fields of [`Machine`](crate::machine::Machine).
#[derive(Clone, Debug, Deserialize)]
pub struct StoredMachine {
    pub cpu: String,
    pub cores: usize,
    pub kernel: String,
    pub rustc: String,
}

/// A cell's place and its samples.
#[derive(Clone, Debug, Deserialize)]
pub struct StoredCell {
    /// What was measured. Its fields are the cell's.
    #[serde(flatten)]
    pub place: Place,
    /// The samples, in nanoseconds: at least one, each above 0.
    pub samples_ns: Vec<f64>,
    /// How many of the samples are of each pass; none if the record does not tell passes apart.
    #[serde(default)]
    pub passes: Vec<usize>,
}

impl StoredCell {
    /// The samples of each pass.
    pub(crate) fn by_pass(&self) -> impl Iterator<Item = &[f64]> {
        let mut rest = &self.samples_ns[..];
        let one = [rest.len()];
        let passes = if self.passes.is_empty() { one.to_vec() } else { self.passes.clone() };
        passes.into_iter().map(move |count| {
            let (pass, after) = rest.split_at(count);
            rest = after;
            pass
        })
    }
}

/// The fields that tell a record from another file. Whatever they are, they are no error here.
#[derive(Deserialize)]
struct Head {
    format: Option<serde_json::Value>,
    format_version: Option<serde_json::Value>,
}

/// Reads the record in a file as something that is to hold more of it than [`Stored`] does, and
/// refuses what that refuses.
pub(crate) fn read_as<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    read(path, |bytes| {
        Stored::parse(bytes)?;
        serde_json::from_slice(bytes).map_err(|error| damaged(&error))
    })
}

fn read<T>(path: &Path, parse: impl FnOnce(&[u8]) -> Result<T, String>) -> Result<T, String> {
    let bytes = fs::read(path)
        .map_err(|error| format!("cannot read the record {}: {error}", path.display()))?;
    parse(&bytes).map_err(|wrong| format!("{}: {wrong}", path.display()))
}

fn damaged(what: &dyn fmt::Display) -> String {
    format!("the record is damaged: {what}")
}

impl Stored {
    /// Reads the record in a file.
    ///
    /// # Errors
    ///
    /// One line that names the file and what is wrong: it cannot be read, is cut short, damaged or
    /// no record, or a newer program wrote it.
    pub fn read(path: &Path) -> Result<Self, String> {
        read(path, Self::parse)
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.trim_ascii().is_empty() {
            return Err("the file is empty".to_owned());
        }
        let foreign = || format!("JSON, but no {FORMAT}");
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(match serde_json::from_slice::<IgnoredAny>(bytes) {
                Ok(_) => foreign(),
                Err(_) => "no record: --format json writes one, but this is no JSON".to_owned(),
            });
        }
        let head: Head = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
            Category::Eof => format!("the record is cut short: {error}"),
            _ => format!("the record is damaged or cut short: {error}"),
        })?;
        if head.format.as_ref().is_none_or(|format| format != FORMAT) {
            return Err(foreign());
        }
        match head.format_version.as_ref().and_then(serde_json::Value::as_u64) {
            None | Some(0) => return Err("the record is damaged: its version is none".to_owned()),
            Some(version) if version > FORMAT_VERSION.into() => {
                return Err(format!(
                    "the record is of a newer program: its format has version {version}, this one \
                     reads up to {FORMAT_VERSION}"
                ));
            }
            Some(_) => {}
        }
        let mut stored: Self = serde_json::from_slice(bytes).map_err(|error| damaged(&error))?;
        for StoredCell { place, .. } in &mut stored.cells {
            if place.payload.is_empty() {
                place.payload = Payload::usual(&place.workload).to_string();
            }
        }
        stored.check().map_err(|what| damaged(&what))?;
        Ok(stored)
    }

    /// What the types do not hold.
    fn check(&self) -> Result<(), String> {
        let mut places = HashSet::new();
        for StoredCell { place, samples_ns, passes } in &self.cells {
            if !places.insert(place) {
                return Err(format!("it has two cells of {place}"));
            }
            if samples_ns.is_empty() {
                return Err(format!("there is no sample of {place}"));
            }
            if let Some(sample) = samples_ns.iter().find(|ns| !(ns.is_finite() && **ns > 0.0)) {
                return Err(format!("a sample of {place} is {sample} ns"));
            }
            let sum = passes.iter().try_fold(0_usize, |sum, &count| sum.checked_add(count));
            if !passes.is_empty() && (passes.contains(&0) || sum != Some(samples_ns.len())) {
                return Err(format!("the passes of {place} are not its samples"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Stored;

    const SOUND: &str = r#"{"format": "bench-harness record", "format_version": 1, "date": "",
        "commit": "", "interrupted": false,
        "machine": {"cpu": "", "cores": 1, "kernel": "", "rustc": "", "load": null},
        "cells": [{"contender": "a", "path": "b", "workload": "c", "threads": 1, "block_size": 2,
        "arena": 3, "samples_ns": [1.5]}]}"#;

    #[test]
    fn a_record_that_was_cut_anywhere_is_refused() {
        assert!(Stored::parse(SOUND.as_bytes()).is_ok());
        for end in 0..SOUND.len() {
            let wrong = Stored::parse(&SOUND.as_bytes()[..end]).expect_err("it lacks its end");
            assert!(wrong.contains("cut short") || wrong.contains("empty"), "{end}: {wrong}");
        }
    }

    /// A record that was written before there was a choice.
    #[test]
    fn a_payload_that_is_not_named_is_the_usual_one() {
        let places = [("pair", "line"), ("bulk", "none"), ("no such workload", "line")];
        for (workload, payload) in places {
            let text = SOUND.replace(r#""c""#, &format!("{workload:?}"));
            let stored = Stored::parse(text.as_bytes()).expect("a sound record");
            let place = &stored.cells[0].place;
            assert_eq!((place.payload.as_str(), place.work()), (payload, workload.to_owned()));
            let named = text.replace(r#""threads""#, r#""payload": "block", "threads""#);
            let stored = Stored::parse(named.as_bytes()).expect("a sound record");
            assert_eq!(stored.cells[0].place.work(), format!("{workload}, payload block"));
        }
    }

    #[test]
    fn passes_share_the_samples_or_are_refused() {
        let read = |passes: &str| {
            let samples = format!(r#""samples_ns": [1, 2, 3]{passes}"#);
            Stored::parse(SOUND.replace(r#""samples_ns": [1.5]"#, &samples).as_bytes())
        };
        let by_pass =
            |stored: &Stored| stored.cells[0].by_pass().map(<[f64]>::to_vec).collect::<Vec<_>>();
        assert_eq!(by_pass(&read("").unwrap()), [vec![1.0, 2.0, 3.0]]);
        let two = read(r#", "passes": [1, 2]"#).unwrap();
        assert_eq!(by_pass(&two), [vec![1.0], vec![2.0, 3.0]]);
        for wrong in ["[1]", "[1, 1]", "[3, 0]", "[2, 2]", "[18446744073709551615, 4]"] {
            let wrong = read(&format!(r#", "passes": {wrong}"#)).expect_err("no such passes");
            assert!(wrong.contains("passes"), "{wrong}");
        }
    }

    #[test]
    fn what_a_sample_cannot_be_is_refused() {
        for (sample, said) in [("", "no sample"), ("0", "is 0 ns"), ("-1.0", "is -1 ns")] {
            let text = SOUND.replace("1.5", sample);
            let wrong = Stored::parse(text.as_bytes()).expect_err("no such sample");
            assert!(wrong.contains(said), "{wrong}");
        }
    }
}
