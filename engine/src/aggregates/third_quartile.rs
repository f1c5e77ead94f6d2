//! `third_quartile(x)`: the 75th percentile by nearest rank.

use arrow::datatypes::FieldRef;
use datafusion::logical_expr::Documentation;

use super::collected::{Collected, Told};
use super::of_numbers::Aggregate;
use crate::functions::documentation;

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ThirdQuartile;

impl Aggregate for ThirdQuartile {
    const NAME: &'static str = "third_quartile";

    type Groups = Collected;

    fn groups() -> Self::Groups {
        Collected::new(Told::One(|statistics| statistics.third_quartile))
    }

    fn state_fields(name: &str) -> Vec<FieldRef> {
        Collected::state_fields(name)
    }

    fn documentation() -> Option<&'static Documentation> {
        documentation!(
            "The third quartile by nearest rank: the value of rank ceil(3 n / 4) in ascending order. NULLs are left out; no values \
             give NULL, a NaN among them gives NaN.",
            "third_quartile(x)",
            "SELECT layer, third_quartile(weight_raw_mean) FROM trajectories GROUP BY layer",
            "x" => "Numbers."
        )
    }
}
