//! The conformance suite, on the pool itself and behind the trait object.
#![cfg(not(loom))]
