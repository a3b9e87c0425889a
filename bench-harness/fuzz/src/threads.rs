//! Who makes the calls: one thread at a time, while the magazines of the others keep what is in them.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Scope};

use crate::calls::{Call, Thread};
use crate::subject::Subject;
use crate::world::World;

/// How many threads come and go under one pool: to start one takes as long as a hundred calls.
const MOST_PASSING: usize = 2;

/// Makes the calls, each on its thread, in their order.
pub(crate) fn run<'a, S: Subject>(world: World<'a, S>, calls: &'a [Call]) -> World<'a, S> {
    if !calls.iter().any(|call| matches!(call, Call::By(_))) {
        return steps(world, calls);
    }
    thread::scope(|scope| {
        let (mut world, mut by, mut other, mut passed) = (world, Thread::Main, None, 0);
        for part in calls.split_inclusive(|call| matches!(call, Call::By(_))) {
            world = match by {
                Thread::Main => steps(world, part),
                Thread::Passing if passed < MOST_PASSING => {
                    passed += 1;
                    let passing = scope.spawn(move || steps(world, part));
                    passing.join().unwrap_or_else(|panic| resume_unwind(panic))
                }
                Thread::Other | Thread::Passing => {
                    other.get_or_insert_with(|| Lodger::new(scope)).steps(world, part)
                }
            };
            if let Some(Call::By(next)) = part.last() {
                by = *next;
            }
        }
        world
    })
}

fn steps<'a, S: Subject>(mut world: World<'a, S>, calls: &[Call]) -> World<'a, S> {
    calls.iter().for_each(|call| world.step(call));
    world
}

/// A thread that is lent the world for some calls, and then waits for the next ones.
struct Lodger<'a, S: Subject> {
    lend: SyncSender<(World<'a, S>, &'a [Call])>,
    back: Receiver<World<'a, S>>,
}

impl<'a, S: Subject> Lodger<'a, S> {
    fn new<'scope>(scope: &'scope Scope<'scope, '_>) -> Self
    where
        'a: 'scope,
    {
        let (lend, lent) = sync_channel::<(World<'a, S>, &'a [Call])>(1);
        let (give_back, back) = sync_channel(1);
        scope.spawn(move || {
            for (world, calls) in lent {
                if give_back.send(steps(world, calls)).is_err() {
                    return;
                }
            }
        });
        Self { lend, back }
    }

    fn steps(&self, world: World<'a, S>, calls: &'a [Call]) -> World<'a, S> {
        // It fails only if the thread is gone, as the next line says.
        let _ = self.lend.send((world, calls));
        self.back.recv().expect("the other thread panicked, see above")
    }
}
