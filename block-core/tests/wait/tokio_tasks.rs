//! Tasks, in a runtime and without one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use block_core::wait::Waiting;
use block_core::{Block, BlockAlloc};
use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::tasks::{block_on, must_end};
use crate::{assert_whole, pool, support::Pool};

const TASKS: usize = 20;
const ROUNDS: usize = 200;

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(3).enable_time().build().unwrap()
}

async fn works(pool: Arc<Waiting<Pool>>) {
    for _ in 0..ROUNDS {
        let mut block = Block::alloc_async_in(Arc::clone(&pool)).await.unwrap();
        block[0] = 1;
        yield_now().await;
        block[0] = 2;
    }
}

/// A lost wakeup would leave a task waiting.
#[test]
fn tasks_of_either_runtime_that_share_few_blocks_all_end() {
    let _end = must_end("tasks that share few blocks");
    for runtime in [current_thread(), multi_thread()] {
        let pool = Arc::new(pool(3));
        runtime.block_on(async {
            let tasks = [(); TASKS].map(|()| tokio::spawn(works(Arc::clone(&pool))));
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_whole(&*pool);
    }
}

#[test]
fn tasks_without_a_runtime_wait_beside_threads() {
    let _end = must_end("tasks without a runtime");
    let pool = pool(2);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                block_on(async {
                    for _ in 0..1_000 {
                        pool.alloc_async().await.unwrap()[0] = 1;
                    }
                });
            });
            scope.spawn(|| (0..1_000).for_each(|_| pool.alloc_wait().unwrap()[0] = 2));
        }
    });
    assert_whole(&pool);
}

/// What a task does in each round: how long it waits at most, in microseconds, and whether it is
/// another branch of a `select` that ends the waiting.
type Patience = (u64, bool);

/// How many blocks were had.
async fn is_impatient(pool: Arc<Waiting<Pool>>, rounds: Vec<Patience>) -> usize {
    let mut had = 0;
    for (limit, is_select) in rounds {
        let limit = Duration::from_micros(limit);
        let block = if is_select {
            tokio::select! {
                biased;
                () = tokio::time::sleep(limit) => None,
                block = pool.alloc_async() => Some(block),
            }
        } else {
            timeout(limit, pool.alloc_async()).await.ok()
        };
        if block.is_some() {
            had += 1;
            yield_now().await;
        }
    }
    had
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tasks_that_give_up_at_random_moments_lose_nothing(
        capacity in 1..4_usize,
        is_multi in any::<bool>(),
        patience in prop::collection::vec(prop::collection::vec((0..1500_u64, any::<bool>()), 1..30), 2..12),
    ) {
        let _end = must_end("tasks that give up");
        let pool = Arc::new(pool(capacity));
        let (had, runtime) =
            (AtomicUsize::new(0), if is_multi { multi_thread() } else { current_thread() });
        runtime.block_on(async {
            let tasks: Vec<_> = patience
                .into_iter()
                .map(|rounds| tokio::spawn(is_impatient(Arc::clone(&pool), rounds)))
                .collect();
            // One that never gives up, and must come through.
            works(Arc::clone(&pool)).await;
            for task in tasks {
                had.fetch_add(task.await.unwrap(), Ordering::Relaxed);
            }
        });
        assert_eq!(pool.available(), capacity, "after {} blocks were had", had.into_inner());
        assert_whole(&*pool);
    }
}

/// Tasks that are cut off by the end of their runtime, some of them woken already.
#[test]
fn a_runtime_that_ends_gives_all_blocks_back() {
    let _end = must_end("a runtime that ends");
    for runtime in [current_thread(), multi_thread()] {
        let pool = Arc::new(pool(2));
        runtime.block_on(async {
            for _ in 0..TASKS {
                tokio::spawn(works(Arc::clone(&pool)));
            }
            (0..10).for_each(|_| drop(pool.alloc_timeout(Duration::ZERO)));
            yield_now().await;
        });
        drop(runtime);
        assert_whole(&*pool);
    }
}
