//! `frobenius_norm(x)`: the square root of the sum of squares.

use arrow::datatypes::FieldRef;
use datafusion::logical_expr::Documentation;

use super::folded::{Fold, Folded};
use super::of_numbers::Aggregate;
use crate::functions::documentation;

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FrobeniusNorm;

impl Aggregate for FrobeniusNorm {
    const NAME: &'static str = "frobenius_norm";

    type Groups = Folded<SumOfSquares, 2>;

    fn groups() -> Self::Groups {
        Folded::new()
    }

    fn state_fields(name: &str) -> Vec<FieldRef> {
        Folded::<SumOfSquares, 2>::state_fields(name)
    }

    fn documentation() -> Option<&'static Documentation> {
        documentation!(
            "The Frobenius (L2) norm: the square root of the sum of squares. NULLs are left out; no values give NULL.",
            "frobenius_norm(x)",
            "SELECT layer, frobenius_norm(weight_raw_norm) FROM trajectories GROUP BY layer",
            "x" => "Numbers."
        )
    }
}

/// Count and sum of squares.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SumOfSquares {
    n: f64,
    sum: f64,
}

impl Fold<2> for SumOfSquares {
    fn push(&mut self, value: f64) {
        self.n += 1.0;
        self.sum += value * value;
    }

    fn merge(self, other: Self) -> Self {
        Self {
            n: self.n + other.n,
            sum: self.sum + other.sum,
        }
    }

    fn to_array(self) -> [f64; 2] {
        [self.n, self.sum]
    }

    fn from_array([n, sum]: [f64; 2]) -> Self {
        Self { n, sum }
    }

    fn result(self) -> f64 {
        self.sum.sqrt()
    }
}
