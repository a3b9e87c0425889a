//! What a block costs that somebody waits for, beside what programs wait by otherwise.
//!
//! `cargo bench -p bench-harness --bench waiting`
//!
//! Two threads, or two tasks of one thread, pass one block back and forth: each takes it, writes to it,
//! gives it back, and waits for it again. A figure is the time for one of them to have it once. `Waiting`
//! gives it to the other one each time, which has to be woken; who waits at a condition variable may be
//! overtaken by the one that has just given the block back, again and again, so its figure is of fewer
//! wakeups. A semaphore of tokio's is as fair, and has no blocks: its holder writes to its own.

use std::sync::{Barrier, Condvar, Mutex};
use std::time::{Duration, Instant};

use block_core::wait::Waiting;
use block_lockfree::LockFreeAlloc;
use criterion::{Criterion, SamplingMode};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;

const SIZE: usize = 256;
const SIDES: u64 = 2;

/// The time that each of two threads takes for its half of the turns.
fn on_threads(turns: u64, take_and_give: impl Fn() + Sync) -> Duration {
    let start = Barrier::new(SIDES as usize);
    std::thread::scope(|scope| {
        let sides = [(); SIDES as usize].map(|()| {
            scope.spawn(|| {
                start.wait();
                let begun = Instant::now();
                (0..turns.div_ceil(SIDES)).for_each(|_| take_and_give());
                begun.elapsed()
            })
        });
        let spans = sides.map(|side| side.join().expect("no side panics"));
        spans.into_iter().max().expect("two sides")
    })
}

/// The time that two tasks of this thread take together. What is taken is kept while the other task runs.
fn in_tasks(turns: u64, take_and_give: impl AsyncFn()) -> Duration {
    let runtime = Builder::new_current_thread().build().expect("a runtime without drivers");
    runtime.block_on(async {
        let side = async || {
            for _ in 0..turns.div_ceil(SIDES) {
                take_and_give().await;
            }
        };
        let begun = Instant::now();
        tokio::join!(side(), side());
        begun.elapsed()
    })
}

fn waiting(criterion: &mut Criterion) {
    let pool = Waiting::new(LockFreeAlloc::new(SIZE, 1).expect("a block"));
    let queue = (Mutex::new(vec![[0_u8; SIZE]]), Condvar::new());
    let semaphore = Semaphore::new(1);

    let mut threads = criterion.benchmark_group("two threads, one block");
    threads.sampling_mode(SamplingMode::Flat);
    threads.bench_function("Waiting", |bencher| {
        bencher.iter_custom(|turns| on_threads(turns, || pool.alloc_wait().unwrap()[0] = 1));
    });
    threads.bench_function("Mutex<Vec>, Condvar", |bencher| {
        bencher.iter_custom(|turns| {
            on_threads(turns, || {
                let free = queue.0.lock().expect("nobody panics");
                let mut free = queue.1.wait_while(free, |free| free.is_empty()).expect("as before");
                let mut block = free.pop().expect("looked just now");
                drop(free);
                block[0] = 1;
                queue.0.lock().expect("as before").push(block);
                queue.1.notify_one();
            })
        });
    });
    threads.finish();

    let mut tasks = criterion.benchmark_group("two tasks, one block");
    tasks.sampling_mode(SamplingMode::Flat);
    tasks.bench_function("Waiting", |bencher| {
        bencher.iter_custom(|turns| {
            in_tasks(turns, async || {
                let mut block = pool.alloc_async().await.unwrap();
                block[0] = 1;
                tokio::task::yield_now().await;
            })
        });
    });
    tasks.bench_function("Semaphore", |bencher| {
        bencher.iter_custom(|turns| {
            in_tasks(turns, async || {
                let _permit = semaphore.acquire().await.expect("never closed");
                let mut block = [0_u8; SIZE];
                std::hint::black_box(&mut block)[0] = 1;
                tokio::task::yield_now().await;
            })
        });
    });
    tasks.finish();
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(1000))
        .without_plots()
        .configure_from_args();
    waiting(&mut criterion);
    criterion.final_summary();
}
