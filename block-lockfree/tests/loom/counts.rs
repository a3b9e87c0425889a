//! Counts beside those who pop and push: they never say more than was free at once.

use block_core::models::sync::Arc;
use block_core::models::{Bound, check, thread};

use crate::pool::Pool;

/// Against a chain in the making, as above: at no instant are more than two blocks free, but the
/// outdated links of the others lead a count over all four.
///
/// Two threads, four blocks, one count against a pop and a bulk push; exhaustive.
#[test]
fn count_never_over_reports() {
    check(Bound::Exhaustive, || {
        let pool = Pool::new(4);
        let [top, held @ ..] = pool.pop_many::<4>().unwrap();
        pool.push_many(&held);
        assert_eq!(pool.pop_many(), Some(held), "their links are written");
        pool.push(top);
        let other = Arc::clone(&pool);
        let counter = thread::spawn(move || {
            assert!(other.stack.content().count() <= 2, "counters never over-report");
        });
        assert_eq!(pool.pop(), Some(top));
        pool.push_many(&[top, held[0]]);
        counter.join().unwrap();
        pool.assert_left(2);
    });
}

/// Against single pushes: the link of `b`, written anew, leads a count on to `c`, so whoever reads
/// it must also see that `a` and `b` have been popped. Fails when a push's link store is Relaxed.
///
/// Two threads, three blocks, one count against two pops and two pushes; exhaustive.
#[test]
fn count_never_over_reports_after_single_pushes() {
    check(Bound::Exhaustive, || {
        let pool = Pool::new(3);
        let [a, b, c] = pool.pop_many().unwrap();
        pool.push(b);
        pool.push(a);
        let other = Arc::clone(&pool);
        let counter = thread::spawn(move || {
            assert!(other.stack.content().count() <= 2, "counters never over-report");
        });
        assert_eq!((pool.pop(), pool.pop()), (Some(a), Some(b)));
        pool.push(c);
        pool.push(b);
        counter.join().unwrap();
        pool.assert_left(2);
    });
}

/// Beside a thread that takes blocks from returned ones down into the frontier: what is held for sure was
/// off the stack at once, so the mark is not below it, in the same look.
///
/// Two threads, four blocks, one count against a bulk pop of three; exhaustive.
#[test]
fn no_more_are_held_than_the_mark_of_the_same_look_says() {
    check(Bound::Exhaustive, || {
        let pool = Pool::new(4);
        let first = pool.pop().unwrap();
        pool.push(first);
        let other = Arc::clone(&pool);
        let counter = thread::spawn(move || {
            let content = other.stack.content();
            let (held, most) = (4 - content.count(), other.stack.most_off());
            assert!(held <= most, "{held} of 4 are held, and at most {most} ever were");
            assert_eq!(content.frontier + most, 4, "one look, one frontier");
        });
        assert!(pool.pop_many::<3>().is_some());
        counter.join().unwrap();
        pool.assert_left(1);
    });
}

/// Against a bulk pop that takes more than the count has passed: fails when the tag moves by one
/// for all of its blocks.
///
/// Two threads, five blocks, one count against a bulk pop and push of three; exhaustive.
#[test]
fn count_never_over_reports_after_a_bulk_pop() {
    check(Bound::Exhaustive, || {
        let pool = Pool::new(5);
        let [a, b, c, d, e] = pool.pop_many().unwrap();
        pool.push_many(&[a, b, c]);
        let other = Arc::clone(&pool);
        let counter = thread::spawn(move || {
            assert!(other.stack.content().count() <= 3, "counters never over-report");
        });
        assert_eq!(pool.pop_many(), Some([a, b, c]));
        pool.push_many(&[c, d, e]);
        counter.join().unwrap();
        pool.assert_left(3);
    });
}
