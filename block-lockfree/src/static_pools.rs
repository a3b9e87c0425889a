//! The macro [`static_pool!`](crate::static_pool). `docs/static-pools.md` explains pools in statics.

/// Declares pools in statics, which exist when the program starts.
///
/// Each is a `static` of type [`LockFreeAlloc`](crate::LockFreeAlloc), declared like the array that
/// it replaces: `[[u8; block size]; number of blocks]`, both constant expressions. The alignment is
/// the default, `min(64, block_size.next_power_of_two())`, unless `, align(..)` asks for another
/// one of up to 64. Attributes, documentation and visibility apply to the static.
///
/// The memory is zeroed and has no name, so no other code can reach it, and no `unsafe` is needed.
/// `docs/static-pools.md` has the costs and the alternatives.
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
