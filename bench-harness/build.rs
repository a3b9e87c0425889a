//! Leaves the compiler's version and the checkout's commit in the binary, for the record.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = said(Command::new(rustc).arg("--version"));
    let version = version.unwrap_or_else(|| "rustc, version unknown".to_owned());
    println!("cargo::rustc-env=BENCH_HARNESS_RUSTC={version}");
    let commit = commit().unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=BENCH_HARNESS_COMMIT={commit}");
}

/// The commit that is checked out, with `-dirty` if a tracked file differs from it; nothing outside
/// a checkout of this very package.
fn commit() -> Option<String> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
    git(&here, &["ls-files", "--error-unmatch", "build.rs"])?;
    let top = PathBuf::from(git(&here, &["rev-parse", "--show-toplevel"])?);
    watch(&top);
    let commit = git(&top, &["rev-parse", "--short", "HEAD"])?;
    let changed = git(&top, &["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changed.is_empty() { commit } else { commit + "-dirty" })
}

/// Has the commit asked for anew when it may have changed: with the checkout's place in the history,
/// with what is staged, and with each tracked file. What is not there is left out: cargo would take
/// it for changed at every build.
fn watch(top: &Path) {
    let states = ["HEAD", "logs/HEAD", "index"];
    let states = states.iter().filter_map(|state| git(top, &["rev-parse", "--git-path", state]));
    let tracked = git(top, &["ls-files", "-z"]).unwrap_or_default();
    let tracked = tracked.split('\0').filter(|file| !file.is_empty()).map(str::to_owned);
    for file in states.chain(tracked).map(|file| top.join(file)).filter(|file| file.exists()) {
        println!("cargo::rerun-if-changed={}", file.display());
    }
}

/// What git says of the repository that the folder lies in, whatever other repository a hook that
/// started this build belongs to.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        git.env_remove(variable);
    }
    // The build may not lock, nor refresh, what the user works in.
    said(git.arg("--no-optional-locks").arg("-C").arg(folder).args(arguments))
}

/// What the command writes, if it succeeds.
fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
