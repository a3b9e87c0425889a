//! Numbers and choices out of a fuzzer's bytes: few bytes each, and the numbers that matter often.

use arbitrary::{Result, Unstructured};

/// One byte. The end of the input is an error, so that the calls end there.
pub(crate) fn byte(bytes: &mut Unstructured<'_>) -> Result<u8> {
    bytes.bytes(1).map(|byte| byte[0])
}

/// One of these.
pub(crate) fn one_of<T: Copy>(bytes: &mut Unstructured<'_>, choices: &[T]) -> Result<T> {
    Ok(choices[usize::from(byte(bytes)?) % choices.len()])
}

/// A number of blocks: often so few that they are soon exhausted, else any number.
pub(crate) fn few_or_any(bytes: &mut Unstructured<'_>) -> Result<usize> {
    match byte(bytes)? {
        few @ 0..=127 => Ok(usize::from(few % 8) + 1),
        _ => number(bytes),
    }
}

/// Any number: mostly a small one, else a power of two or its neighbour, one near a limit, or any bits.
pub(crate) fn number(bytes: &mut Unstructured<'_>) -> Result<usize> {
    Ok(match byte(bytes)? {
        small @ 0..=199 => small.into(),
        200..=239 => {
            let power = byte(bytes)?;
            let near = [-1, 0, 1, 0][usize::from(power >> 6)];
            1_usize.wrapping_shl(power.into()).wrapping_add_signed(near)
        }
        240..=243 => usize::MAX - usize::from(byte(bytes)?),
        244..=247 => (isize::MAX as usize) - 100 + usize::from(byte(bytes)?),
        248.. => bytes.arbitrary()?,
    })
}
