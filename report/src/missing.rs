//! What a figure or a claim would need.

use std::fmt;

use crate::Selection;

/// Rows that are not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    needed: Vec<String>,
}

impl Missing {
    /// No row is among those that are asked for.
    pub fn rows(selection: &Selection) -> Self {
        Self::of(selection.to_string())
    }

    /// Something else, in words.
    pub fn of(needed: impl Into<String>) -> Self {
        Self {
            needed: vec![needed.into()],
        }
    }

    /// Both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for needed in other.needed {
            if !self.needed.contains(&needed) {
                self.needed.push(needed);
            }
        }
        self
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.needed.join("; "))
    }
}
