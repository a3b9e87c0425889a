//! The files of a test program.

use std::fs;
use std::path::Path;

use crate::workspace;

/// The sources of a program of tests: those of one file, or of a folder and those in it. By their paths
/// from the workspace. None if there is no such program.
pub fn sources(program: &str) -> Vec<(String, String)> {
    let mut sources = Vec::new();
    for path in [format!("{program}.rs"), program.to_owned()] {
        add(&workspace().join(&path), &path, &mut sources);
    }
    sources
}

fn add(place: &Path, name: &str, sources: &mut Vec<(String, String)>) {
    if let Ok(entries) = place.read_dir() {
        for entry in entries {
            let entry = entry.expect("an entry of a folder that is there");
            let name = format!("{name}/{}", entry.file_name().to_string_lossy());
            add(&entry.path(), &name, sources);
        }
    } else if name.ends_with(".rs") {
        sources.extend(fs::read_to_string(place).ok().map(|text| (name.to_owned(), text)));
    }
}
