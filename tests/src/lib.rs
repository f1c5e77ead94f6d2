//! Tests that cross crates.

pub mod commands;
pub mod synthetic;
