//! How to write a backend.
