//! Any sequence of calls: containers in one pool do what those of the standard library do.

use proptest::prelude::*;
use proptest::sample::select;

use crate::Watched;
use crate::element::{Aligned, Counted, Element, Odd, Padded};
use crate::seeds::config;
use crate::world::{Action, Step, World};

/// Odd block sizes and round ones, below and above the cache line; few blocks, so that they run out.
fn shapes() -> impl Strategy<Value = (usize, usize)> {
    let sizes = prop_oneof![64..2000_usize, select(&[64_usize, 128, 256, 1024, 4096][..])];
    (sizes, 1..8_usize)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (select(Action::ALL), any::<usize>(), 0..40_usize, any::<u32>());
    let step = step.prop_map(|(action, which, amount, seed)| Step { action, which, amount, seed });
    prop::collection::vec(step, 1..100)
}

/// Invariants 1, 2 and 4 after each step, and a whole pool when all is dropped.
fn runs_like_the_standard_library<T: Element>(shape: (usize, usize), steps: &[Step]) {
    let watched = Watched::new(shape.0, shape.1);
    let mut world = World::<T>::new(&watched);
    for step in steps {
        world.take(step);
        world.check();
    }
    drop(world);
    watched.assert_whole();
    assert!(matches!(T::alive(), None | Some(0)), "elements left: {:?}", T::alive());
}

macro_rules! elements {
    ($($test:ident: $element:ty;)*) => {
        proptest! {
            #![proptest_config(config())]
            $(
                #[test]
                fn $test(shape in shapes(), steps in steps()) {
                    runs_like_the_standard_library::<$element>(shape, &steps);
                }
            )*
        }
    };
}

elements! {
    containers_of_bytes_run_like_the_standard_librarys: u8;
    containers_of_words_run_like_the_standard_librarys: u64;
    containers_of_odd_sizes_run_like_the_standard_librarys: Odd;
    containers_of_padded_structs_run_like_the_standard_librarys: Padded;
    containers_of_owners_run_like_the_standard_librarys: Counted;
    containers_of_no_bytes_run_like_the_standard_librarys: ();
    containers_of_overaligned_structs_run_like_the_standard_librarys: Aligned;
}
