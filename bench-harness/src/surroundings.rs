//! What else may have been in the figures: other programs, shared cores, a coarse clock, a slow build, runs
//! that do not agree.

use std::collections::HashSet;
use std::fs;
use std::time::{Duration, Instant};

use crate::latency::least_step;
use crate::median::quartiles;
use crate::numbers::plural;
use crate::record::Cell;
use crate::sampler::SHORTEST;

/// Others may have so much of the machine's processor time before it is said.
const BUSY: f64 = 0.05;
/// The clock's step may be such a part of the shortest sample.
const COARSE: f64 = 0.01;
/// The quartiles of a cell may lie such a part of its median apart.
const SPREAD: f64 = 0.25;

/// The processor time that was spent until a moment.
#[derive(Debug)]
pub struct Surroundings {
    at: Instant,
    /// The system's numbers of the cores.
    cores: Vec<usize>,
    spent: Option<Spent>,
}

/// Seconds of processor time since the system or the process began, on the cores that threads are
/// pinned to.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spent {
    all: f64,
    own: f64,
    /// Of all, what a hypervisor gave to other machines.
    stolen: f64,
}

impl Surroundings {
    /// Asks the system about these of its cores.
    #[must_use]
    pub fn now(cores: Vec<usize>) -> Self {
        let spent = Spent::until_now(&cores);
        Self { at: Instant::now(), cores, spent }
    }

    /// Returns how long ago that was.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.at.elapsed()
    }

    /// Returns what other programs and other machines use of the cores since then, in short, or
    /// `None` if it is little.
    #[must_use]
    pub fn others(&self) -> Option<String> {
        let (before, now) = self.spent.zip(Spent::until_now(&self.cores))?;
        let there_was = self.age().as_secs_f64() * self.cores.len() as f64;
        let part = |of: fn(Spent) -> f64| ((of(now) - of(before)) / there_was).clamp(0.0, 1.0);
        let (others, stolen) = (part(|spent| spent.all - spent.own), part(|spent| spent.stolen));
        (others > BUSY).then(|| {
            let of_it = format!("others use {:.0} % of it", 100.0 * others);
            if stolen > BUSY / 2.0 {
                format!("{of_it} ({:.0} % stolen)", 100.0 * stolen)
            } else {
                of_it
            }
        })
    }

    /// A warning if others had a part of the cores since then.
    #[must_use]
    pub fn busy(&self) -> Option<String> {
        let spent = self.spent.zip(Spent::until_now(&self.cores));
        spent.and_then(|(before, now)| busy(before, now, self.at.elapsed(), self.cores.len()))
    }
}

fn busy(before: Spent, now: Spent, elapsed: Duration, cores: usize) -> Option<String> {
    let there_was = elapsed.as_secs_f64() * cores as f64;
    let part = |of: fn(Spent) -> f64| ((of(now) - of(before)) / there_was).max(0.0);
    let (others, stolen) = (part(|spent| spent.all - spent.own), part(|spent| spent.stolen));
    (others > BUSY).then(|| {
        let stolen = if stolen > BUSY / 2.0 {
            format!(", {:.0} % of it other virtual machines", 100.0 * stolen)
        } else {
            String::new()
        };
        format!(
            "the machine was not idle: others had {:.0} % of its processor time during the run{stolen}",
            100.0 * others
        )
    })
}

impl Spent {
    #[cfg(unix)]
    fn until_now(cores: &[usize]) -> Option<Self> {
        // SAFETY: `sysconf` has no preconditions.
        let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64;
        let mut own = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `clock_gettime` writes a `timespec` through a pointer that is valid for one.
        if unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut own) } != 0 {
            return None;
        }
        let (all, stolen) = ticks_of(&fs::read_to_string("/proc/stat").ok()?, cores)?;
        let own = own.tv_sec as f64 + own.tv_nsec as f64 / 1e9;
        Some(Self { all: all / ticks, own, stolen: stolen / ticks })
    }

    #[cfg(not(unix))]
    fn until_now(_cores: &[usize]) -> Option<Self> {
        None
    }
}

/// Ticks in which these cores were not idle, and those of them that were stolen, out of
/// `/proc/stat`: for each core user, nice, system, idle, iowait, irq, softirq, steal; what follows is
/// part of user.
fn ticks_of(stat: &str, cores: &[usize]) -> Option<(f64, f64)> {
    let of_core = |core: &usize| {
        let line = stat.lines().find_map(|line| line.strip_prefix(&format!("cpu{core} ")))?;
        let ticks = line.split_whitespace().map_while(|ticks| ticks.parse().ok()).take(8);
        let ticks: Vec<f64> = ticks.collect();
        let [user, nice, system, _idle, _iowait, irq, softirq, stolen] = ticks[..] else {
            return None;
        };
        Some((user + nice + system + irq + softirq + stolen, stolen))
    };
    let each: Option<Vec<_>> = cores.iter().map(of_core).collect();
    let each = each.filter(|each| !each.is_empty())?;
    Some(each.iter().fold((0.0, 0.0), |all, core| (all.0 + core.0, all.1 + core.1)))
}

/// A warning if some of the cores are two threads of one: they share its caches and its units, so
/// two of them are less than two cores.
#[must_use]
pub fn siblings(cores: &[usize]) -> Option<String> {
    let list = |core: &usize| {
        let path = format!("/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list");
        fs::read_to_string(path).ok().map(|list| list.trim().to_owned())
    };
    sharing(&cores.iter().filter_map(list).collect::<Vec<_>>())
}

fn sharing(siblings: &[String]) -> Option<String> {
    let whole = siblings.iter().collect::<HashSet<_>>().len();
    (whole < siblings.len()).then(|| {
        format!(
            "the {} are hardware threads of {}: they share its caches and units",
            plural(siblings.len(), "core"),
            plural(whole, "core")
        )
    })
}

/// A warning if the clock's least step is too great a part of the shortest sample.
#[must_use]
pub fn coarse_clock() -> Option<String> {
    coarse(least_step())
}

fn coarse(step: Duration) -> Option<String> {
    (step.as_secs_f64() > COARSE * SHORTEST.as_secs_f64()).then(|| {
        format!(
            "the clock is coarse: it steps by {step:?}, and the shortest samples last {SHORTEST:?}"
        )
    })
}

/// A warning if so many threads could not be pinned to a core.
#[must_use]
pub fn unpinned(threads: usize) -> Option<String> {
    (threads > 0).then(|| {
        format!(
            "{} could not be pinned to a core: several may have run on one while another idled",
            plural(threads, "thread")
        )
    })
}

/// A warning if this is a build that is not to be measured.
#[must_use]
pub fn unoptimised() -> Option<String> {
    cfg!(debug_assertions)
        .then(|| "built without optimisation: the figures mean nothing".to_owned())
}

/// A warning if the samples of cells do not agree.
#[must_use]
pub fn spread(cells: &[Cell]) -> Option<String> {
    let spreads = cells.iter().map(|cell| {
        let (low, high) = quartiles(&cell.samples_ns);
        (cell, (high - low) / cell.median_ns)
    });
    let wide: Vec<_> = spreads.filter(|&(_, spread)| spread > SPREAD).collect();
    let (worst, most) = wide.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(format!(
        "samples spread: in {} of {} the middle half of them lies over more than {:.0} % of the \
         median; most in {} ({}): {:.0} %",
        wide.len(),
        plural(cells.len(), "cell"),
        100.0 * SPREAD,
        worst.name,
        worst.case,
        100.0 * most
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Case;
    use crate::lineup::Name;
    use crate::workload::Workload;

    #[test]
    fn what_others_had_of_the_machine_is_told() {
        let spent = |all, own, stolen| Spent { all, own, stolen };
        let since = |now| busy(spent(100.0, 10.0, 5.0), now, Duration::from_secs(10), 2);
        assert_eq!(since(spent(115.0, 25.0, 5.0)), None, "all of it was this process");
        assert_eq!(since(spent(115.0, 24.5, 5.5)), None, "a little");
        let half = since(spent(120.0, 20.0, 5.0)).expect("half of it was not");
        assert!(half.contains("50 %") && !half.contains("virtual"), "{half}");
        let stolen = since(spent(120.0, 20.0, 9.0)).expect("half of it was not");
        assert!(stolen.contains("20 % of it other virtual machines"), "{stolen}");
    }

    #[test]
    fn ticks_are_those_of_the_cores_in_use() {
        let stat = "cpu 9 9 9 9 9 9 9 9 9 9\ncpu0 10 1 2 1000 50 3 4 5 7 0\n\
                    cpu1 1 1 1 1 1 1 1 1 0 0\ncpu10 8 8 8 8 8 8 8 8 0 0\nintr 1 2 3\n";
        assert_eq!(ticks_of(stat, &[0]), Some((25.0, 5.0)));
        assert_eq!(ticks_of(stat, &[0, 1]), Some((31.0, 6.0)));
        assert_eq!(ticks_of(stat, &[0, 2]), None, "there is no such core");
        assert_eq!(ticks_of(stat, &[]), None, "the threads are not pinned");
        for wrong in ["", "cpu0", "cpu0 1 2 3", "intr 1 2 3 4 5 6 7 8"] {
            assert_eq!(ticks_of(wrong, &[0]), None, "{wrong}");
        }
    }

    #[test]
    fn hardware_threads_of_one_core_are_told() {
        let siblings =
            |lists: &[&str]| sharing(&lists.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(siblings(&["0", "1"]), None);
        assert_eq!(siblings(&["0,2", "1,3"]), None);
        assert_eq!(siblings(&[]), None, "the system does not tell");
        let two = siblings(&["0-1", "0-1"]).expect("one core");
        assert!(two.contains("2 cores are hardware threads of 1 core"), "{two}");
    }

    #[test]
    fn a_clock_is_coarse_beside_the_shortest_sample() {
        assert_eq!(coarse(Duration::from_nanos(40)), None);
        assert!(coarse(Duration::from_millis(1)).is_some());
    }

    #[test]
    fn cells_whose_samples_spread_are_counted_and_the_worst_is_named() {
        let cell = |arena, samples_ns: [f64; 4]| {
            let name = Name { contender: "block-mutex", path: "handle" };
            Cell::new(name, Case::new(Workload::Pair, 1, 64, arena), samples_ns.to_vec(), 28.0)
        };
        let steady = cell(10, [10.0, 10.1, 10.2, 99.0]);
        assert_eq!(spread(std::slice::from_ref(&steady)), None, "one outlier is none");
        let cells =
            [steady, cell(20, [10.0, 10.0, 14.0, 14.0]), cell(30, [10.0, 10.0, 20.0, 20.0])];
        let spread = spread(&cells).expect("two of them");
        assert!(spread.contains("2 of 3 cells") && spread.contains("capacity 30"), "{spread}");
    }
}
