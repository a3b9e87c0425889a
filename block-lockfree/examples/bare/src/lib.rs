//! A pool in a static that an interrupt handler and a main loop share: no `std`, no heap, nothing to
//! set up. The start-up code of a microcontroller calls the two functions at the end.
//!
//! ```text
//! radio_interrupt: take a frame -> fill it -> mailbox      (may interrupt the main loop anywhere)
//! main_loop:       mailbox -> read the frame -> give it back
//! ```
//!
//! Frames move by their address; nothing is copied after the handler has filled one. If the main loop
//! is late, the newest frame is kept and the one before goes back to the pool.
//!
//! `cargo build -p bare-example --target thumbv7em-none-eabihf` makes a static library of it, which no
//! code can get into that needs a heap: there is none to link.

#![no_std]

#[cfg(not(target_os = "none"))]
extern crate std; // for the tests, and for its panic handler

mod mailbox;

use core::slice;
use core::sync::atomic::{AtomicU32, Ordering};

use block_core::{Block, BlockAllocExt};
use block_lockfree::{LockFreeAlloc, static_pool};

use mailbox::Mailbox;

/// Bytes that the radio receives at most.
pub const PAYLOAD: usize = 127;

static_pool! {
    /// One byte of length, then the payload.
    pub static FRAMES: [[u8; 1 + PAYLOAD]; 8];
}

/// The frame that was received last, until the main loop has taken it.
static RECEIVED: Mailbox = Mailbox::new(&FRAMES);

/// Frames that the main loop never saw.
static LOST: AtomicU32 = AtomicU32::new(0);

/// A frame of the pool, given back when dropped.
pub type Frame = Block<&'static LockFreeAlloc>;

/// Keeps what the radio has received; the part beyond [`PAYLOAD`] is cut off.
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

/// The newest frame that was received and not taken yet.
pub fn received() -> Option<Frame> {
    RECEIVED.take()
}

/// The payload of a frame.
#[must_use]
pub fn payload(frame: &Frame) -> &[u8] {
    &frame[1..=usize::from(frame[0])]
}

/// How many frames were dropped because the pool was exhausted or a newer frame came.
pub fn lost() -> u32 {
    LOST.load(Ordering::Relaxed)
}

/// The radio's interrupt handler.
///
/// # Safety
///
/// `bytes` points to `len` bytes that nobody writes meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn radio_interrupt(bytes: *const u8, len: usize) {
    // SAFETY: the caller's promise.
    receive(unsafe { slice::from_raw_parts(bytes, len) });
}

/// One turn of the main loop: the sum of the bytes received, or -1 if there were none.
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
