//! Items that only the author of a backend needs.

mod retirable;

pub use retirable::Retirable;
