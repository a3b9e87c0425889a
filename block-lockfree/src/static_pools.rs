//! How a pool comes to lie in a static, on a machine with or without a heap.
//!
//! | | memory | built | magazines | alignment | needs |
//! |---|---|---|---|---|---|
//! | [`static_pool!`] | its own, with the zeroed statics (`.bss`) | when the program is compiled | no | up to 64 | nothing |
//! | [`LockFreeAlloc::in_static`] | a [`StaticMemory`] of yours, in a section that is zeroed | when the program is compiled | no | up to 64 | `unsafe`, once |
//! | [`LockFreeAlloc::from_static`] | any that is yours for ever | at start-up, which writes zeros over it | no; with `std`, if asked | any | `unsafe`, once; a place for the pool |
//! | a `LazyLock` | mapped | at first use | yes | any | the feature `std` |
//!
//! The first three take nothing from a heap, neither when they are built nor later. For each block
//! they take its stride, a byte, a link of 4 bytes (8 from `u32::MAX` blocks on), and a word more
//! if `block-core` is built with its feature `bytes`; and once for the pool itself up to a KiB
//! (with `std` two), which is not zero.
//!
//! Without magazines every call is one compare-and-swap on one shared word: strictly lock-free, and
//! all that one processor needs; under contention a call costs what the machine takes to move that
//! word's line.
//!
//! # Compiled in
//!
//! ```
//! use block_core::{Block, BlockAlloc, BlockAllocExt};
//! use block_lockfree::{LockFreeAlloc, static_pool};
//!
//! const FRAME: usize = 4 + 124;
//!
//! static_pool! {
//!     /// Frames of the radio.
//!     pub static FRAMES: [[u8; FRAME]; 64]; // 64 blocks of 128 bytes
//!
//!     static SAMPLES: [[u8; 2 * 3]; 500], align(2); // without padding between them
//! }
//!
//! let mut frame: Block<&'static LockFreeAlloc> = FRAMES.alloc()?;
//! frame[0] = 7;
//! std::thread::spawn(move || drop(frame)).join().unwrap(); // it may go anywhere
//! assert_eq!((FRAMES.available(), SAMPLES.available()), (64, 500));
//! # Ok::<(), block_core::AllocError>(())
//! ```
//!
//! Boxes and vectors take a pool of their own, in a static as well, which nobody else can reach:
//!
//! ```
//! # mod feature { // `block-core` with its feature `allocator-api2`
//! use block_core::{BlockLayout, PoolAllocator, StaticMemory};
//! use block_lockfree::LockFreeAlloc;
//!
//! const LAYOUT: BlockLayout = match BlockLayout::new(64, 100) {
//!     Ok(layout) => layout,
//!     Err(error) => panic!("{}", error.message()),
//! };
//!
//! pub static VALUES: PoolAllocator<LockFreeAlloc> = PoolAllocator::new({
//!     static mut MEMORY: StaticMemory<{ LockFreeAlloc::footprint(&LAYOUT).bytes() }> =
//!         StaticMemory::new();
//!     let memory = &raw mut MEMORY;
//!     // SAFETY: the only reference ever made to it: nobody else can name it, and the initializer of a
//!     // static is evaluated once.
//!     LockFreeAlloc::in_static(LAYOUT, unsafe { &mut *memory })
//! });
//! # }
//! # use feature::VALUES;
//!
//! let answer = allocator_api2::boxed::Box::try_new_in(42, &VALUES).unwrap();
//! assert_eq!((*answer, VALUES.available()), (42, 99));
//! ```
//!
//! A pool whose blocks can be waited for (`block_core::wait::Waiting`, feature `wait`) is made in
//! the same way, by `Waiting::new` in the place of `PoolAllocator::new`.
//!
//! # In a section of your choice
//!
//! Memory that a device reads, or a faster bank. Such a section is often not zeroed when the
//! program starts; [`from_static`](LockFreeAlloc::from_static) does that itself, in memory of any
//! alignment:
//!
//! ```
//! use block_core::{BlockAlloc, BlockLayout, BuildError};
//! use block_lockfree::LockFreeAlloc;
//! use std::mem::MaybeUninit;
//!
//! const LAYOUT: BlockLayout = match BlockLayout::new(1536, 16) {
//!     Ok(layout) => layout,
//!     Err(error) => panic!("{}", error.message()),
//! };
//! const BYTES: usize = LockFreeAlloc::static_bytes(&LAYOUT);
//!
//! #[cfg_attr(target_os = "none", unsafe(link_section = ".dma_ram"))]
//! static mut MEMORY: [MaybeUninit<u8>; BYTES] = [MaybeUninit::uninit(); BYTES];
//!
//! fn main() -> Result<(), BuildError> {
//!     let memory = &raw mut MEMORY;
//!     // SAFETY: the only reference ever made to it: `main` runs once.
//!     let pool = LockFreeAlloc::from_static(LAYOUT, unsafe { &mut *memory })?;
//!     assert_eq!(pool.available(), 16);
//!     Ok(())
//! }
//! ```
//!
//! The pool itself is a value: keep it where you keep such things, a `main` that never returns or a
//! cell that is set once.
//!
//! # With magazines
//!
//! They are memory for each thread, which nobody can reserve before there are threads. With the
//! feature `std` a pool in a static has them if it is built at first use:
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use block_core::{BlockAlloc, BlockAllocExt};
//! use block_lockfree::LockFreeAlloc;
//! use std::sync::LazyLock;
//!
//! static PACKETS: LazyLock<LockFreeAlloc> =
//!     LazyLock::new(|| LockFreeAlloc::new(1500, 4096).expect("a few MiB to map"));
//!
//! let packet = PACKETS.alloc()?;
//! assert_eq!(PACKETS.capacity(), 4096);
//! # drop(packet);
//! # }
//! # Ok::<(), block_core::AllocError>(())
//! ```
//!
//! # Interrupt handlers
//!
//! A handler may take and give back blocks of a pool whose calls it interrupts wherever the target
//! has 64-bit atomics, for there is no lock. Microcontrollers have none: there `portable-atomic`
//! stands in, with a lock by default, and a handler that interrupts its holder waits **for ever**.
//! The program must say how the word is kept whole instead. On one core it is enough to hold
//! interrupts off for these few instructions, which is what this feature of that crate does:
//!
//! ```toml
//! [target.'cfg(target_os = "none")'.dependencies]
//! portable-atomic = { version = "1", default-features = false, features = ["unsafe-assume-single-core"] }
//! ```
//!
//! The example under `block-lockfree/examples/bare` is a whole program of this kind: a pool that an
//! interrupt handler and a main loop share, built for a Cortex-M4 without a heap.

#[cfg(doc)]
use crate::{LockFreeAlloc, StaticMemory, static_pool};

/// Declares pools in statics, which exist when the program starts.
///
/// Each is a `static` of type [`LockFreeAlloc`](crate::LockFreeAlloc), declared like the array that
/// it replaces: `[[u8; block size]; number of blocks]`, both constant expressions. The alignment is
/// the default, `min(64, block_size.next_power_of_two())`, unless `, align(..)` asks for another
/// one of up to 64. Attributes, documentation and visibility apply to the static.
///
/// The memory is zeroed and has no name, so no other code can reach it, and no `unsafe` is needed.
/// The page on [static pools](crate::static_pools) says what such a pool costs, and what else is
/// possible.
///
/// # Examples
///
/// ```
/// use block_core::{BlockAlloc, BlockAllocExt};
///
/// mod radio {
///     block_lockfree::static_pool! {
///         /// Received frames.
///         pub static FRAMES: [[u8; 256]; 64];
///         /// Decoded words.
///         pub(crate) static WORDS: [[u8; 4 * 25]; 8], align(4);
///     }
/// }
///
/// assert_eq!(radio::FRAMES.alloc()?.len(), 256);
/// assert_eq!(radio::WORDS.region().layout().stride(), 100);
/// # Ok::<(), block_core::AllocError>(())
/// ```
///
/// An invalid layout does not compile, and the message says why: "the capacity is 0; it must be at
/// least 1 block",
///
/// ```compile_fail,E0080
/// block_lockfree::static_pool! { static NONE: [[u8; 256]; 0]; }
/// ```
///
/// "the block size is 0; it must be at least 1 byte",
///
/// ```compile_fail,E0080
/// block_lockfree::static_pool! { static EMPTY: [[u8; 0]; 64]; }
/// ```
///
/// "the alignment is not a power of two",
///
/// ```compile_fail,E0080
/// block_lockfree::static_pool! { static ODD: [[u8; 256]; 64], align(24); }
/// ```
///
/// "blocks in a `StaticMemory` are aligned to 64 bytes at most; for more, build the pool at run
/// time with `from_static`".
///
/// ```compile_fail,E0080
/// block_lockfree::static_pool! { static PAGES: [[u8; 256]; 64], align(128); }
/// ```
///
/// The expressions of the declaration cannot reach the memory either:
///
/// ```compile_fail,E0391
/// block_lockfree::static_pool! {
///     static SELF: [[u8; unsafe { size_of_val(&*&raw const SELF) }]; 64];
/// }
/// ```
///
/// Names in scope do not matter: the expressions mean the same as outside of the macro.
#[macro_export]
macro_rules! static_pool {
    () => {};
    (
        $(#[$attribute:meta])*
        $visibility:vis static $name:ident:
            [[u8; $block_size:expr]; $number:expr] $(, align($align:expr))?; $($rest:tt)*
    ) => {
        $(#[$attribute])*
        $visibility static $name: $crate::LockFreeAlloc = {
            // The caller's expressions see the items of a macro, unlike its local variables; and a
            // local variable cannot have the name of a constant or static in scope. So there is no
            // variable here, and each item has the name of the pool, which the caller has chosen.
            //
            // A thread-local static would be one pool per thread, all over the same memory. This
            // line does not compile for such a static.
            let _: *const $crate::LockFreeAlloc = &raw const $name;
            {
                #[allow(non_upper_case_globals, reason = "the caller's name, for a static")]
                const $name: $crate::static_pools::Layout =
                    $crate::static_pools::layout($block_size, $number, [$($align)?]);
                // In a block of its own, so that the caller's expressions cannot name the memory.
                {
                    #[allow(non_camel_case_types, reason = "the caller's name, for a static")]
                    type $name = $crate::StaticMemory<
                        { $crate::LockFreeAlloc::footprint(&$name).bytes() },
                    >;
                    $crate::LockFreeAlloc::in_static($name, {
                        #[allow(non_upper_case_globals, reason = "the caller's name, for a static")]
                        static mut $name: $name = <$name>::new();
                        // SAFETY: this is the only reference: no other code can name the memory,
                        // and the initializer of a static is evaluated once.
                        unsafe { &mut *&raw mut $name }
                    })
                }
            }
        };
        $crate::static_pool! { $($rest)* }
    };
}

#[doc(hidden)]
pub use block_core::BlockLayout as Layout;

/// Returns the layout of a [`static_pool!`].
#[doc(hidden)]
#[must_use]
pub const fn layout<const GIVEN: usize>(
    block_size: usize,
    number: usize,
    align: [usize; GIVEN],
) -> Layout {
    let layout = match Layout::new(block_size, number) {
        Ok(layout) if GIVEN == 1 => layout.with_align(align[0]),
        layout => layout,
    };
    match layout {
        Ok(layout) => layout,
        Err(error) => panic!("{}", error.message()),
    }
}
