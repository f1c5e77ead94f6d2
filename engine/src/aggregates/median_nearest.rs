//! `median_nearest(x)`: the 50th percentile by nearest rank.

use arrow::datatypes::FieldRef;
use datafusion::logical_expr::Documentation;

use super::collected::{Collected, Told};
use super::of_numbers::Aggregate;
use crate::functions::documentation;

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct MedianNearest;

impl Aggregate for MedianNearest {
    const NAME: &'static str = "median_nearest";

    type Groups = Collected;

    fn groups() -> Self::Groups {
        Collected::new(Told::One(|statistics| statistics.median))
    }

    fn state_fields(name: &str) -> Vec<FieldRef> {
        Collected::state_fields(name)
    }

    fn documentation() -> Option<&'static Documentation> {
        documentation!(
            "The median by nearest rank: the value of rank ceil(n / 2) in ascending order, so that it is one of the values. \
             NULLs are left out; no values give NULL, a NaN among them gives NaN.",
            "median_nearest(x)",
            "SELECT layer, median_nearest(weight_raw_mean) FROM trajectories GROUP BY layer",
            "x" => "Numbers."
        )
    }
}
