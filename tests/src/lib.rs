//! Tests that cross crates.

pub mod synthetic;
