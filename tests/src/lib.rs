//! Tests that cross crates.

pub mod commands;
pub mod python;
pub mod synthetic;
