//! The HTTP side of `engram serve`, as programs and as readers use it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod downloads;
mod limits;
mod page;
mod questions;
mod serving;
