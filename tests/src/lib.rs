//! Tests that cross crates.

pub mod commands;
pub mod emulators;
pub mod faults;
pub mod http;
pub mod process;
pub mod python;
pub mod synthetic;
