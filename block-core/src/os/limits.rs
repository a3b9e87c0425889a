//! Finds the resource limit that made the system refuse memory.

use core::fmt;

/// A limit that made the system refuse memory.
///
/// # Examples
///
/// ```
/// use block_core::ResourceLimit;
///
/// let text = ResourceLimit::AddressSpace(1 << 30).to_string();
/// assert!(text.contains("RLIMIT_AS"));
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceLimit {
    /// The address space of the process in bytes, `RLIMIT_AS`.
    AddressSpace(u64),
    /// The private writable memory of the process in bytes, `RLIMIT_DATA`.
    Data(u64),
    /// The locked memory of the process in bytes, `RLIMIT_MEMLOCK`.
    LockedMemory(u64),
    /// The number of mappings of the process, `vm.max_map_count`.
    Mappings(u64),
}

impl fmt::Display for ResourceLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressSpace(bytes) => write!(
                f,
                "this process may use {bytes} bytes of address space (RLIMIT_AS): raise the limit \
                 with `ulimit -v`, or ask for less"
            ),
            Self::Data(bytes) => write!(
                f,
                "this process may use {bytes} bytes of writable memory (RLIMIT_DATA): raise the \
                 limit with `ulimit -d`, or ask for less"
            ),
            Self::LockedMemory(bytes) => write!(
                f,
                "this process may lock {bytes} bytes (RLIMIT_MEMLOCK): raise the limit with \
                 `ulimit -l`, or lock less"
            ),
            Self::Mappings(number) => write!(
                f,
                "this process may have {number} mappings (vm.max_map_count): raise the limit with \
                 `sysctl vm.max_map_count`, or drop pools"
            ),
        }
    }
}

/// Returns the limit that a request for this many bytes exceeds, if it can be found. Uses no heap.
#[cfg(all(feature = "std", target_os = "linux", not(miri)))]
pub(crate) fn exceeded_by(bytes: usize, os_error: Option<i32>) -> Option<ResourceLimit> {
    // The system locks new mappings after `mlockall(MCL_FUTURE)`.
    if os_error == Some(libc::EAGAIN) {
        return locked_memory().map(ResourceLimit::LockedMemory);
    }
    let pages = linux::used_pages();
    let exceeds = |used: u64, limit: &u64| {
        (used * super::page::page_size() as u64).saturating_add(bytes as u64) > *limit
    };
    let address_space = linux::address_space();
    let data = linux::data();
    let address_space = address_space.filter(|limit| exceeds(pages[0], limit));
    let data = data.filter(|limit| exceeds(pages[5], limit));
    // Two less: a region takes up to three mappings, and the last one may be missing.
    let mappings = linux::largest_map_count().filter(|most| linux::map_count() + 2 >= *most);
    address_space
        .map(ResourceLimit::AddressSpace)
        .or(data.map(ResourceLimit::Data))
        .or(mappings.map(ResourceLimit::Mappings))
}

#[cfg(not(all(feature = "std", target_os = "linux", not(miri))))]
#[cfg_attr(not(feature = "alloc"), allow(dead_code, reason = "without memory to ask for"))]
pub(crate) fn exceeded_by(_bytes: usize, _os_error: Option<i32>) -> Option<ResourceLimit> {
    None
}

/// Returns the soft limit `RLIMIT_MEMLOCK` in bytes, if it is finite.
#[cfg(all(
    feature = "std",
    unix,
    not(any(target_os = "fuchsia", target_os = "illumos", target_os = "solaris"))
))]
pub(crate) fn locked_memory() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `getrlimit` writes one `rlimit` through a pointer to one.
    let answer = unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &mut limit) };
    finite(answer, limit.rlim_cur)
}

/// Returns `None`: these systems have no such limit.
#[cfg(all(
    feature = "std",
    any(target_os = "fuchsia", target_os = "illumos", target_os = "solaris")
))]
pub(crate) fn locked_memory() -> Option<u64> {
    None
}

/// Returns the value of a limit if `getrlimit` succeeded and the limit is finite.
#[cfg(all(
    feature = "std",
    unix,
    not(any(target_os = "fuchsia", target_os = "illumos", target_os = "solaris"))
))]
fn finite(answer: libc::c_int, limit: libc::rlim_t) -> Option<u64> {
    #[allow(
        clippy::useless_conversion,
        clippy::unnecessary_fallible_conversions,
        reason = "`rlim_t` is an unsigned or a signed integer of 32 or 64 bits, by system"
    )]
    let bytes = u64::try_from(limit).ok()?;
    (answer == 0 && limit != libc::RLIM_INFINITY).then_some(bytes)
}

/// Reads `/proc` into buffers on the stack: near a limit the heap may have no memory either.
#[cfg(all(feature = "std", target_os = "linux", not(miri)))]
mod linux {
    use std::fs::File;
    use std::io::Read;

    /// Returns the soft limit `RLIMIT_AS` in bytes, if it is finite.
    pub(super) fn address_space() -> Option<u64> {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: `getrlimit` writes one `rlimit` through a pointer to one.
        let answer = unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) };
        super::finite(answer, limit.rlim_cur)
    }

    /// Returns the soft limit `RLIMIT_DATA` in bytes, if it is finite.
    pub(super) fn data() -> Option<u64> {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: `getrlimit` writes one `rlimit` through a pointer to one.
        let answer = unsafe { libc::getrlimit(libc::RLIMIT_DATA, &mut limit) };
        super::finite(answer, limit.rlim_cur)
    }

    /// Reads the numbers at the start of a file; 0 for those that it does not have.
    fn numbers<const N: usize>(path: &str) -> [u64; N] {
        let mut text = [0; 256];
        let len = File::open(path).and_then(|mut file| file.read(&mut text)).unwrap_or(0);
        let mut numbers = [0; N];
        let words = text[..len].split(|byte| byte.is_ascii_whitespace());
        for (number, word) in numbers.iter_mut().zip(words) {
            *number = word.iter().fold(0, |sum, digit| {
                u64::from(digit.wrapping_sub(b'0')).saturating_add(10_u64.saturating_mul(sum))
            });
        }
        numbers
    }

    /// Returns the fields of `/proc/self/statm`, in pages. The first is the address space, the
    /// sixth the private writable memory.
    pub(super) fn used_pages() -> [u64; 6] {
        numbers("/proc/self/statm")
    }

    pub(super) fn largest_map_count() -> Option<u64> {
        let [most] = numbers("/proc/sys/vm/max_map_count");
        (most > 0).then_some(most)
    }

    /// Returns the number of mappings of this process.
    pub(super) fn map_count() -> u64 {
        let Ok(mut file) = File::open("/proc/self/maps") else { return 0 };
        let (mut count, mut text) = (0, [0; 1024]);
        while let Ok(len @ 1..) = file.read(&mut text) {
            count += text[..len].iter().filter(|byte| **byte == b'\n').count() as u64;
        }
        count
    }
}
