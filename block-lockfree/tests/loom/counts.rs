//! Looks at the stack beside other threads that pop and push: one that is confirmed equals the number of
//! blocks that were free at an instant.

use block_core::models::sync::Arc;
use block_core::models::{Bound, check, thread};
use block_lockfree::stack::Content;

use crate::pool::Pool;

/// Looks once, on a thread of its own, while `body` runs. A confirmed look must find one of these pairs of
/// returned blocks and blocks of the frontier.
fn one_look_beside(pool: &Arc<Pool>, expected: [(usize, usize); 3], body: impl FnOnce(&Pool)) {
    let other = Arc::clone(pool);
    let looker = thread::spawn(move || {
        if let Ok(content) = other.stack.look() {
            let found = (content.returned, content.frontier);
            assert!(expected.contains(&found), "a confirmed look found {content:?}");
        }
    });
    body(pool);
    looker.join().unwrap();
}

/// The block on top comes back as the lowest one of a chain, where another depth is written beside it.
/// Fails when a look does not load the head again, and when an entry is written without Release.
///
/// Two threads, three blocks, one look against a bulk pop and a bulk push; exhaustive.
#[test]
fn a_look_beside_a_block_that_comes_back_at_another_depth() {
    check(Bound::Exhaustive, || {
        let pool = Pool::new(3);
        let [a, b, c] = pool.pop_bulk().unwrap();
        pool.push_bulk(&[a, b]);
        one_look_beside(&pool, [(2, 0), (0, 0), (3, 0)], |pool| {
            assert_eq!(pool.pop_bulk(), Some([a, b]));
            pool.push_bulk(&[c, b, a]);
        });
        pool.assert_left(3);
    });
}

/// The other thread takes a returned block and the whole frontier, and pushes the block. Fails when
/// `frontier` is raised without Release.
///
/// Two threads, three blocks, one look against a bulk pop and a push; exhaustive.
#[test]
fn a_look_beside_calls_that_empty_the_frontier() {
    check(Bound::Exhaustive, || {
        let pool = Pool::new(3);
        let first = pool.pop().unwrap();
        pool.push(first);
        one_look_beside(&pool, [(1, 2), (0, 0), (1, 0)], |pool| {
            assert!(pool.pop_bulk::<3>().is_some());
            pool.push(first);
        });
        pool.assert_left(1);
    });
}

/// Two threads, four blocks, two looks against single calls from the frontier on: the frontier that
/// they find never grows, confirmed or not, and what is held is no more than has ever left it.
/// Exhaustive.
#[test]
fn looks_beside_calls_that_move_the_frontier() {
    check(Bound::Exhaustive, || {
        let pool = Pool::new(4);
        let other = Arc::clone(&pool);
        let looker = thread::spawn(move || {
            let before = other.stack.content();
            let now = other.stack.content();
            assert!(now.frontier <= before.frontier, "{before:?}, then {now:?}");
            assert!(now.count() <= 4, "{now:?}");
        });
        let (a, _b) = (pool.pop().unwrap(), pool.pop().unwrap());
        pool.push(a);
        looker.join().unwrap();
        assert_eq!(pool.stack.look(), Ok(Content { returned: 1, frontier: 2 }));
        pool.assert_left(3);
    });
}

/// Each push may find the other's block on top, or not: the depths are right in the end. Fails when a
/// push that tries again does not compute the depth again, and when it does not acquire the head.
///
/// Two threads, two blocks, a push each; exhaustive.
#[test]
fn depths_of_two_pushes() {
    check(Bound::Exhaustive, || {
        let pool = Pool::new(2);
        let [a, b] = pool.pop_bulk().unwrap();
        let other = Arc::clone(&pool);
        let pusher = thread::spawn(move || other.push(a));
        pool.push(b);
        pusher.join().unwrap();
        pool.assert_left(2);
    });
}

/// The same with a chain, whose depths are written again, or whose blocks are pushed one by one after
/// two failures.
///
/// Two threads, three or four blocks, a bulk push against two pushes, or a push and a pop; exhaustive.
#[test]
fn depths_of_a_bulk_push_beside_pushes_and_pops() {
    for pops in [false, true] {
        check(Bound::Exhaustive, move || {
            let pool = Pool::new(4);
            let [a, b, c, d] = pool.pop_bulk().unwrap();
            let other = Arc::clone(&pool);
            let pusher = thread::spawn(move || other.push_bulk(&[a, b]));
            pool.push(c);
            if pops {
                let left = pool.pop();
                assert!(left.is_some(), "invariant 3");
            } else {
                pool.push(d);
            }
            pusher.join().unwrap();
            pool.assert_left(if pops { 2 } else { 4 });
        });
    }
}

/// Both blocks of a bulk pop lie on the stack, but another thread comes in between, so that it takes
/// them one by one; or one of them, which it puts back, as the other thread keeps one.
///
/// Two threads, three or two blocks, a bulk pop of two against a pop and a push, and perhaps another pop;
/// exhaustive.
#[test]
fn depths_after_a_bulk_pop_in_parts() {
    for keeps in [false, true] {
        check(Bound::Exhaustive, move || {
            let pool = Pool::new(if keeps { 2 } else { 3 });
            let other = Arc::clone(&pool);
            let popper = thread::spawn(move || {
                let blocks = other.pop_bulk::<2>();
                assert!(keeps || blocks.is_some(), "invariant 3: two are always free");
                blocks.map_or(0, |_| 2)
            });
            if let Some(block) = pool.pop() {
                pool.push(block);
            }
            let kept = if keeps { usize::from(pool.pop().is_some()) } else { 0 };
            let taken = popper.join().unwrap();
            assert!(kept + taken > 0, "of two calls at two blocks one succeeds");
            pool.assert_left(if keeps { 2 } else { 3 } - kept - taken);
        });
    }
}
