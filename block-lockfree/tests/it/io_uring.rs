//! The example of registered buffers of io_uring.

#[cfg(target_pointer_width = "64")]
mod runs;

#[test]
#[cfg(not(target_pointer_width = "64"))]
#[ignore = "the crate `io-uring` has no bindings for 32-bit processors"]
fn every_byte_that_is_written_is_read_back() {}
