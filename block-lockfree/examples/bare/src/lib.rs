//! A pool in a static that an interrupt handler and a main loop share, without `std`, without a
//! heap and without set-up. The start-up code of a microcontroller calls the two functions at the
//! end.
//!
//! ```text
//! radio_interrupt: take a frame -> fill it -> mailbox      (may interrupt the main loop anywhere)
//! main_loop:       mailbox -> read the frame -> free it
//! ```
//!
//! Frames move by address. No bytes are copied after the handler has filled a frame. If the main
//! loop is late, the newest frame is kept and the previous frame is freed.
//!
//! `cargo build -p bare-example --target thumbv7em-none-eabihf` builds a static library. The target
//! has no heap to link, so the library cannot contain code that needs one.

#![no_std]

#[cfg(not(target_os = "none"))]
extern crate std; // for the tests, and for its panic handler

mod mailbox;

use core::slice;
use core::sync::atomic::{AtomicU32, Ordering};

use block_core::{Block, BlockAllocExt};
use block_lockfree::{LockFreeAlloc, static_pool};

use mailbox::Mailbox;

/// The largest number of bytes that the radio receives.
pub const PAYLOAD: usize = 127;

static_pool! {
    /// One byte of length, then the payload.
    pub static FRAMES: [[u8; 1 + PAYLOAD]; 8];
}

/// The frame that was received last, until the main loop takes it.
static RECEIVED: Mailbox = Mailbox::new(&FRAMES);

/// The number of frames that the main loop never saw.
static LOST: AtomicU32 = AtomicU32::new(0);

/// A frame of the pool. Dropping it frees it.
pub type Frame = Block<&'static LockFreeAlloc>;

/// Stores a received payload. The part beyond [`PAYLOAD`] is cut off.
pub fn receive(payload: &[u8]) {
    let Ok(mut frame) = FRAMES.alloc() else {
        LOST.fetch_add(1, Ordering::Relaxed);
        return;
    };
    let len = payload.len().min(PAYLOAD);
    frame[0] = len as u8;
    frame[1..=len].copy_from_slice(&payload[..len]);
    if RECEIVED.put(frame).is_some() {
        LOST.fetch_add(1, Ordering::Relaxed);
    }
}

/// Takes the newest frame, if there is one that was not taken yet.
pub fn received() -> Option<Frame> {
    RECEIVED.take()
}

/// Returns the payload of a frame.
#[must_use]
pub fn payload(frame: &Frame) -> &[u8] {
    &frame[1..=usize::from(frame[0])]
}

/// Returns the number of frames that were dropped because the pool was exhausted or a newer frame
/// came.
pub fn lost() -> u32 {
    LOST.load(Ordering::Relaxed)
}

/// The radio's interrupt handler.
///
/// # Safety
///
/// `bytes` points to `len` bytes that are not written during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn radio_interrupt(bytes: *const u8, len: usize) {
    // SAFETY: by this function's contract.
    receive(unsafe { slice::from_raw_parts(bytes, len) });
}

/// Runs one turn of the main loop. Returns the sum of the received bytes, or -1 if there is no
/// frame.
#[unsafe(no_mangle)]
pub extern "C" fn main_loop() -> i32 {
    received().map_or(-1, |frame| payload(&frame).iter().map(|byte| i32::from(*byte)).sum())
}

#[cfg(target_os = "none")]
#[panic_handler]
fn stop(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

#[cfg(test)]
mod tests;
