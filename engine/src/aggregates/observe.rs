//! `observe(x)`: the study's seven statistics.

use arrow::datatypes::{DataType, FieldRef};
use datafusion::logical_expr::Documentation;

use super::collected::{Collected, Told};
use super::of_numbers::Aggregate;
use crate::functions::{documentation, statistics};

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Observe;

impl Aggregate for Observe {
    const NAME: &'static str = "observe";

    type Groups = Collected;

    fn groups() -> Self::Groups {
        Collected::new(Told::All)
    }

    fn state_fields(name: &str) -> Vec<FieldRef> {
        Collected::state_fields(name)
    }

    fn return_type() -> DataType {
        statistics::data_type()
    }

    fn documentation() -> Option<&'static Documentation> {
        documentation!(
            "The study's seven statistics in one pass, as a struct: norm (L2), mean, var (population), skew (3 (mean - median) / \
             standard deviation), kurtosis (normal = 3), median and third_quartile (nearest rank). NULLs are left out; no values \
             give NULL.",
            "observe(x)",
            "SELECT layer, observe(weight_raw_mean) AS observed FROM trajectories GROUP BY layer",
            "x" => "Numbers."
        )
    }
}
