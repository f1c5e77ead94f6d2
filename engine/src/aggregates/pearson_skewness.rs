//! `pearson_skewness(x)`: Pearson's second coefficient of skewness.

use arrow::datatypes::FieldRef;
use datafusion::logical_expr::Documentation;

use super::collected::{Collected, Told};
use super::of_numbers::Aggregate;
use crate::functions::documentation;

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct PearsonSkewness;

impl Aggregate for PearsonSkewness {
    const NAME: &'static str = "pearson_skewness";

    type Groups = Collected;

    fn groups() -> Self::Groups {
        Collected::new(Told::One(|statistics| statistics.skew))
    }

    fn state_fields(name: &str) -> Vec<FieldRef> {
        Collected::state_fields(name)
    }

    fn documentation() -> Option<&'static Documentation> {
        documentation!(
            "Pearson's second coefficient of skewness, 3 (mean - median) / standard deviation, with the median by nearest rank and \
             the population's standard deviation. NULLs are left out; no values give NULL, values that are all equal NaN.",
            "pearson_skewness(x)",
            "SELECT layer, pearson_skewness(weight_raw_mean) FROM trajectories GROUP BY layer",
            "x" => "Numbers."
        )
    }
}
