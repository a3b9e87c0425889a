//! What the figures were measured on.

use std::fs;

use serde::Serialize;

use crate::numbers::plural;
use crate::workers::Cores;

/// The machine and the toolchain.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The processor's model, as it names itself.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Kernel and release.
    pub kernel: String,
    /// The compiler's version.
    pub rustc: String,
    /// The system's load over the last minute when the run began, where it tells.
    pub load: Option<f64>,
}

impl Machine {
    /// Asks the system.
    #[must_use]
    pub fn this(cores: &Cores) -> Self {
        Self {
            cpu: cpu(),
            cores: cores.count(),
            kernel: kernel(),
            rustc: env!("BENCH_HARNESS_RUSTC").to_owned(),
            load: load(),
        }
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cpu, cores, kernel, rustc, .. } = self;
        write!(f, "{cpu}, {}, {kernel}, {rustc}", plural(*cores, "core"))
    }
}

fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.split_whitespace().collect::<Vec<_>>().join(" "))
    });
    model.unwrap_or_else(|| format!("{} processor of unknown model", std::env::consts::ARCH))
}

fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

#[cfg(unix)]
fn kernel() -> String {
    use std::ffi::CStr;
    use std::mem::MaybeUninit;

    let mut name = MaybeUninit::<libc::utsname>::zeroed();
    // SAFETY: `uname` writes a `utsname` through a pointer that is valid for one.
    if unsafe { libc::uname(name.as_mut_ptr()) } != 0 {
        return std::env::consts::OS.to_owned();
    }
    // SAFETY: all zeros is a valid `utsname`, and what `uname` wrote is one.
    let name = unsafe { name.assume_init() };
    let text = |field: &[libc::c_char]| {
        // SAFETY: the system ends each field with a zero within its length.
        unsafe { CStr::from_ptr(field.as_ptr()) }.to_string_lossy().into_owned()
    };
    format!("{} {}", text(&name.sysname), text(&name.release))
}

#[cfg(not(unix))]
fn kernel() -> String {
    std::env::consts::OS.to_owned()
}

/// Bytes of memory that this process may use, where the system tells: all there is, or what a
/// container leaves of it.
pub(crate) fn memory() -> Option<u64> {
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let limit = limit.and_then(|limit| limit.trim().parse().ok());
    physical_memory().into_iter().chain(limit).min()
}

#[cfg(unix)]
fn physical_memory() -> Option<u64> {
    // SAFETY: `sysconf` has no preconditions.
    let (pages, page) =
        unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    u64::try_from(pages).ok()?.checked_mul(u64::try_from(page).ok()?)
}

#[cfg(not(unix))]
fn physical_memory() -> Option<u64> {
    None
}

/// Bytes that the system commits at the first touch of a mapping.
pub(crate) fn committed_at_once() -> u64 {
    let huge = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled");
    if huge.is_ok_and(|modes| modes.contains("[always]")) { 2 << 20 } else { 4 << 10 }
}
