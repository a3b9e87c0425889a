//! The memory that the process has.

use std::fs;

/// Bytes that the process has in memory, as they were seen at moments of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// The most that was seen until the program was warm.
    pub warm: Option<u64>,
    /// The most that was seen.
    pub most: Option<u64>,
}

impl Memory {
    /// Looks.
    pub fn look(&mut self) {
        self.most = self.most.max(resident());
    }

    /// The program is warm: what has been seen until now is not growth.
    pub fn is_warm(&mut self) {
        self.warm = self.most;
    }

    /// The most that was seen while the program became warm, and how much more was seen since. Nothing
    /// where the system does not tell.
    pub fn growth(&self) -> Option<(u64, u64)> {
        let (warm, most) = self.warm.zip(self.most)?;
        Some((warm, most - warm))
    }
}

/// Resident bytes, on Linux. It is the figure of `/proc/self/statm`, which has it in pages.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}
