//! The arithmetic of layouts, up to its limits.

use super::*;

#[test]
fn default_alignment_keeps_small_blocks_dense_and_large_ones_on_their_own_line() {
    let stride = |size| BlockLayout::new(size, 1).unwrap().stride();
    assert_eq!([1, 2, 3, 8, 24, 33, 64, 65].map(stride), [1, 2, 4, 8, 32, 64, 64, 128]);
}

#[test]
fn the_limit_is_exact() {
    let limit = isize::MAX as usize;
    assert!(BlockLayout::new(1, limit).is_ok());
    assert!(BlockLayout::new(1, limit + 1).is_err());
    assert!(BlockLayout::new(limit, 1).is_err(), "rounding up to 64 passes the limit");
    assert!(BlockLayout::new(1, limit - 4095).unwrap().with_align(1).is_ok());
    assert!(BlockLayout::new(1, 2).unwrap().with_align(1 << (usize::BITS - 2)).is_err());
    assert!(BlockLayout::new(1, 1).unwrap().with_align(1 << (usize::BITS - 1)).is_err());
}

#[test]
fn every_refusal_names_its_value() {
    let huge = BlockLayout::new(usize::MAX, 7).unwrap_err();
    let message = std::format!("{huge}");
    assert!(message.contains(&std::format!("{}", usize::MAX)) && message.contains('7'));
    assert!(message.contains(&std::format!("{}", isize::MAX)));
    let layout = BlockLayout::new(8, 8).unwrap();
    for align in [0, 3, 24, usize::MAX] {
        let error = layout.with_align(align).unwrap_err();
        assert_eq!(error, LayoutError::BadAlign { align });
        assert!(std::format!("{error}").contains(&std::format!("{align}")));
    }
    assert_eq!(BlockLayout::new(0, 0), Err(LayoutError::ZeroBlockSize));
    assert_eq!(BlockLayout::new(1, 0), Err(LayoutError::ZeroCapacity));
}

#[test]
fn a_guard_is_as_wide_as_asked_for_whatever_comes_first() {
    for (size, guard, align) in
        [(64, 16, 64), (1, 1, 1), (100, 28, 64), (100, 29, 64), (3, 9, 4096)]
    {
        let plain = BlockLayout::new(size, 7).unwrap();
        let guarded = plain.with_guard(guard).unwrap().with_align(align).unwrap();
        assert_eq!(guarded, plain.with_align(align).unwrap().with_guard(guard).unwrap());
        assert_eq!(guarded.stride(), (size + guard).next_multiple_of(align));
        assert_eq!(guarded.guard(), guarded.stride() - size, "up to the next block");
        assert_eq!(guarded.with_guard(0).unwrap(), plain.with_align(align).unwrap());
    }
}

#[test]
fn a_guard_beyond_the_limit_is_refused_and_named() {
    let limit = isize::MAX as usize;
    let byte = BlockLayout::new(1, 1).unwrap();
    assert!(byte.with_guard(limit - 1).is_ok(), "the limit is exact");
    for guard in [limit, usize::MAX - 1, usize::MAX] {
        let error = byte.with_guard(guard).unwrap_err();
        let expected = LayoutError::GuardTooLarge { block_size: 1, align: 1, capacity: 1, guard };
        assert_eq!(error, expected);
        assert!(std::format!("{error}").contains(&std::format!("a guard of {guard}")));
    }
    let guarded = byte.with_guard(limit / 2 + 1).unwrap();
    let align = 1 << (usize::BITS - 2);
    assert!(byte.with_align(align).is_ok());
    assert!(guarded.with_align(align).is_err(), "the guard is kept");
    assert!(byte.with_align(64).unwrap().with_guard(limit - 63).is_err(), "rounded up");
}

#[test]
fn products_that_wrap_are_refused() {
    for (size, capacity) in [
        (1 << (usize::BITS / 2), 1 << (usize::BITS / 2)),
        (usize::MAX, usize::MAX),
        (isize::MAX as usize, 3),
        (3, usize::MAX / 2),
    ] {
        assert!(matches!(BlockLayout::new(size, capacity), Err(LayoutError::TooLarge { .. })));
    }
}
