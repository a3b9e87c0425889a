//! The handler and the main loop as two threads, which also interrupt each other anywhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::vec::Vec;

use block_core::BlockAlloc;

use super::*;

/// Held by each test, because the tests share the pool and the mailbox.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn a_frame_goes_from_the_handler_to_the_main_loop_and_back_to_the_pool() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(main_loop(), -1, "nothing was received");
    receive(&[1, 2, 3]);
    assert_eq!(FRAMES.available(), 7, "in the mailbox");
    assert_eq!(main_loop(), 6);
    assert_eq!((main_loop(), FRAMES.available()), (-1, 8));
}

#[test]
fn a_late_main_loop_gets_the_newest_frame_and_the_others_go_back() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let before = lost();
    (0..100_u8).for_each(|number| receive(&[number; 200]));
    let frame = received().expect("a hundred were received");
    assert_eq!(payload(&frame), [99; PAYLOAD], "cut off at what a frame holds");
    assert_eq!((lost() - before, FRAMES.available()), (99, 7));
    drop(frame);
    assert_eq!(FRAMES.available(), 8, "invariant 2");
}

#[test]
fn a_handler_without_frames_loses_them_and_goes_on() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let held: Vec<_> = (0..8).map(|_| FRAMES.alloc().unwrap()).collect();
    let before = lost();
    receive(&[1]);
    assert_eq!((lost() - before, main_loop()), (1, -1));
    drop(held);
    receive(&[2]);
    assert_eq!(main_loop(), 2);
}

#[test]
fn no_frame_is_lost_twice_torn_or_kept() {
    const SENT: usize = if cfg!(miri) { 100 } else { 100_000 };
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (done, before) = (AtomicBool::new(false), lost() as usize);
    let mut seen = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            (0..SENT).for_each(|number| receive(&[number as u8; 100]));
            done.store(true, Ordering::Release);
        });
        loop {
            let over = done.load(Ordering::Acquire);
            match received() {
                Some(frame) => {
                    let bytes = payload(&frame);
                    assert!(bytes.len() == 100 && bytes.iter().all(|byte| *byte == bytes[0]));
                    seen += 1;
                }
                None if over => break,
                None => std::thread::yield_now(),
            }
        }
    });
    assert_eq!(seen + (lost() as usize - before), SENT);
    assert_eq!(FRAMES.available(), 8, "invariant 2");
}

#[test]
#[should_panic(expected = "a block of another pool")]
fn a_mailbox_refuses_the_blocks_of_another_pool() {
    static_pool! {
        static OURS: [[u8; 8]; 1];
        static THEIRS: [[u8; 8]; 1];
    }
    Mailbox::new(&OURS).put(THEIRS.alloc().unwrap());
}
