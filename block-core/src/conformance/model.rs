//! Random sequences of every call, on a pool and on the model of one.

use core::ops::Deref;
use std::format;
use std::string::String;
use std::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::bad::{Bad, Call, Elsewhere, refused};
use super::factory::Factory;
use super::held::Way;
use super::keeper::Keeper;
use super::layouts::{self, Shape, fail, on_each};
use super::random;
use super::verdict::Check;
use crate::{BlockAlloc, Region};

/// One call. Positions and numbers are taken modulo what there is when it is made.
#[derive(Clone, Copy, Debug)]
enum Step {
    Take(Way),
    TakeMany(Way, usize),
    TakeAll(Way),
    Give(usize),
    GiveMany(usize, usize),
    Convert { position: usize, by_slice: bool },
    BadFree(Bad, Call, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let way = || select(Way::ALL.to_vec());
    let number = || 0..1000_usize;
    prop_oneof![
        5 => way().prop_map(Step::Take),
        2 => (way(), prop_oneof![0..6_usize, number()]).prop_map(|(w, n)| Step::TakeMany(w, n)),
        1 => way().prop_map(Step::TakeAll),
        5 => number().prop_map(Step::Give),
        2 => (number(), number()).prop_map(|(position, n)| Step::GiveMany(position, n)),
        3 => (number(), any::<bool>())
            .prop_map(|(position, by_slice)| Step::Convert { position, by_slice }),
        4 => (select(Bad::ALL.to_vec()), select(Call::ALL.to_vec()), prop_oneof![Just(0), number()])
            .prop_map(|(bad, call, pick)| Step::BadFree(bad, call, pick)),
    ]
}

/// Makes the call on the pool and on the model, which say what must come of it.
fn make_step<A: BlockAlloc + ?Sized>(
    step: Step,
    keeper: &mut Keeper<'_, A>,
    elsewhere: &Elsewhere,
) -> Check {
    let (held, capacity) = (keeper.held(), keeper.pool.capacity());
    match step {
        Step::Take(way) => keeper.take(way).map(drop),
        Step::TakeMany(way, count) => keeper.take_many(way, count % (capacity + 2)).map(drop),
        Step::TakeAll(way) => keeper.take_many(way, keeper.free()).map(drop),
        Step::BadFree(bad, call, pick) => refused(keeper, elsewhere, (bad, call, pick)),
        _ if held == 0 => Ok(()),
        Step::Give(position) => keeper.give(position % held),
        Step::GiveMany(position, count) => {
            let position = position % held;
            keeper.give_many(position, count % (held - position) + 1)
        }
        Step::Convert { position, by_slice } => keeper.convert(position % held, by_slice),
    }
}

/// Invariants 1 to 6 after every step of random sequences: allocations and frees one by one and in
/// bulk, raw, unchecked and by handle, handles made of raw blocks and back, and bad frees of every
/// kind. A failing sequence is made as short as it goes before it is shown.
///
/// # Panics
///
/// If one does not hold.
///
/// # Examples
///
/// ```
/// # mod pool { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pool.rs")); } use pool::Pool;
/// use block_core::conformance::Factory;
///
/// // SAFETY: the closure keeps no part of the pool.
/// let pools = unsafe { Factory::new(|region| Box::new(Pool::over(region))) };
/// block_core::conformance::agrees_with_the_model(&pools);
/// ```
pub fn agrees_with_the_model<P>(pools: &Factory<impl Fn(Region) -> P>)
where
    P: Deref<Target: BlockAlloc> + Send + Sync,
{
    on_each("agrees_with_the_model", &layouts::few(), |shape| {
        if let Err(TestError::Fail(reason, steps)) = search(pools, shape) {
            let listed: String = steps.iter().map(|step| format!("\n      {step:?}")).collect();
            fail("agrees_with_the_model", shape, &format!("{reason}\n    after:{listed}"));
        }
        Ok(())
    });
}

/// Looks for a sequence that shows a violation.
fn search<P: Deref<Target: BlockAlloc>>(
    pools: &Factory<impl Fn(Region) -> P>,
    shape: &Shape,
) -> Result<(), TestError<Vec<Step>>> {
    let config = Config {
        cases: 200,
        failure_persistence: None,
        max_shrink_iters: 5000,
        ..Config::default()
    };
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&random::seed().to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    TestRunner::new_with_rng(config, random).run(&vec(step(), 1..60), |steps| {
        let run = || {
            let pool = shape.pool(pools)?;
            let elsewhere = Elsewhere::new(shape);
            let mut keeper = Keeper::new(&*pool);
            for step in steps {
                make_step(step, &mut keeper, &elsewhere)?;
                keeper.account()?;
            }
            keeper.finish()
        };
        run().map_err(|violation| TestCaseError::fail(format!("{violation}")))
    })
}
