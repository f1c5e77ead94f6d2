//! The Python package `engram`.
