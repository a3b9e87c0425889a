//! Calls that wait, polled by hand.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::holding::Holding;
use super::{Answer, MOST_HELD, SKIPPED, World};
use crate::subject::Subject;

/// How many wishes there are at most.
const MOST_WISHES: usize = 64;

/// Whether somebody was woken.
#[derive(Debug, Default)]
struct Alarm(AtomicBool);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        // Relaxed: whoever looks does so after the call that wakes, ordered by what hands the calls on.
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(super) struct Wished<'a, S: Subject + 'a> {
    name: usize,
    wish: S::Wish<'a>,
    alarm: Arc<Alarm>,
}

impl<S: Subject> World<'_, S> {
    pub(super) fn wish(&mut self) -> Answer {
        if self.wishes.len() >= MOST_WISHES {
            return SKIPPED;
        }
        let Some(wish) = self.pool.wish() else { return SKIPPED };
        self.wishes.push(Wished { name: self.names, wish, alarm: Arc::default() });
        self.names += 1;
        Ok(self.wishes.len())
    }

    pub(super) fn poll(&mut self, which: u8) -> Answer {
        if self.held.len() >= MOST_HELD {
            return SKIPPED;
        }
        let Some(position) = Self::pick(self.wishes.len(), which) else { return SKIPPED };
        let Wished { name, wish, alarm } = &mut self.wishes[position];
        let waker = Waker::from(Arc::clone(alarm));
        let polled = Pin::new(wish).poll(&mut Context::from_waker(&waker));
        let is_served = self.model.poll(*name);
        assert_eq!(polled.is_ready(), is_served, "served, of those who wait");
        if let Poll::Ready(block) = polled {
            drop(self.wishes.swap_remove(position));
            self.admit(Holding::Handle(block.expect("the pool is never closed")));
        }
        Ok(is_served.into())
    }

    pub(super) fn cancel(&mut self, which: u8) -> Answer {
        let Some(position) = Self::pick(self.wishes.len(), which) else { return SKIPPED };
        let Wished { name, wish, .. } = self.wishes.swap_remove(position);
        drop(wish);
        self.model.cancel(name);
        Ok(self.wishes.len())
    }

    pub(super) fn end_wishes(&mut self) {
        while !self.wishes.is_empty() {
            let _ = self.cancel(0);
        }
    }

    pub(super) fn at_once(&mut self) -> Answer {
        if self.held.len() >= MOST_HELD {
            return SKIPPED;
        }
        match self.pool.at_once() {
            None => SKIPPED,
            Some(Ok(block)) => {
                self.model.take(1);
                self.admit(Holding::Handle(block));
                Ok(1)
            }
            Some(Err(_)) => self.refused(1),
        }
    }

    /// Who was given a block was woken, and nobody waits beside a free one.
    pub(super) fn check_waiters(&self) {
        assert_eq!(self.pool.waiters(), self.model.waiting(), "those who wait");
        assert!(self.model.waiting() == 0 || self.model.free == 0, "a wakeup was lost");
        for Wished { name, alarm, .. } in &self.wishes {
            let woken = alarm.0.load(Ordering::Relaxed);
            assert_eq!(woken, self.model.is_given(*name), "woken, of those who were given a block");
        }
    }
}
