//! What it takes to move a cache line from the core that wrote it last to the next one: measured.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rayon::ThreadPoolBuildError;

use crate::median::median;
use crate::workers::{Workers, wall};

/// Samples, each of which takes a fraction of a millisecond: few of them meet an interruption.
const SAMPLES: usize = 201;
/// No further one is begun after so long, on a machine where the two threads hardly ever run at once.
const LONGEST: Duration = Duration::from_millis(300);
/// Times that the line changes hands in a sample.
const HANDOVERS: u64 = 2_000;

/// Looks at the line before a thread gives way, in case it shares a core with the other after all.
const LOOKS: u32 = 1 << 14;

/// The price of one transfer, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transfer {
    /// The median of the samples.
    pub median_ns: f64,
    /// The least of them.
    pub min_ns: f64,
}

/// A line that nothing else is on, nor on the one that the processor fetches along with it.
#[repr(align(128))]
struct Line(AtomicU64);

impl Transfer {
    /// Measures it between the first two cores, in some tens of milliseconds.
    ///
    /// # Errors
    ///
    /// If the system refuses a thread.
    pub fn measure(workers: &mut Workers) -> Result<Self, ThreadPoolBuildError> {
        workers.start(2)?;
        let start = Instant::now();
        let mut samples = vec![sample(workers)];
        while samples.len() < SAMPLES && start.elapsed() < LONGEST {
            samples.push(sample(workers));
        }
        let min_ns = samples.iter().copied().fold(f64::INFINITY, f64::min);
        Ok(Self { median_ns: median(&samples), min_ns })
    }
}

/// Two threads increment one word in turn. Each waits by reading, as a pool's call begins by
/// reading the word that it will swap.
fn sample(workers: &Workers) -> f64 {
    let line = Line(AtomicU64::new(0));
    let spans = workers.crew(2).all(|thread, mut clock| {
        clock.time(|| {
            for turn in (thread as u64..HANDOVERS).step_by(2) {
                let mut looks = 0;
                // Acquire: pairs with the other thread's Release below, as a pool's load of its head
                // does with another one's swap.
                while line.0.load(Ordering::Acquire) != turn {
                    looks += 1;
                    if looks == LOOKS {
                        looks = 0;
                        thread::yield_now();
                    }
                }
                line.0.fetch_add(1, Ordering::Release);
            }
            Ok(())
        })
    });
    let spans = spans.unwrap_or_else(|_| unreachable!("nothing in it fails"));
    wall(&spans).as_nanos() as f64 / HANDOVERS as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workers::Cores;

    #[test]
    fn the_line_goes_back_and_forth_and_the_median_is_no_less_than_the_least() {
        let transfer = Transfer::measure(&mut Workers::new(Cores::usable())).unwrap();
        assert!(0.0 < transfer.min_ns && transfer.min_ns <= transfer.median_ns, "{transfer:?}");
    }
}
