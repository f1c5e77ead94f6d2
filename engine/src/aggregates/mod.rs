//! Aggregates of this project's SQL beyond DataFusion's: the study's statistics, over groups. One aggregate a file; [`all`]
//! registers them.
//!
//! All skip NULLs and give NULL for a group without values. NaN among the values makes the result NaN; infinities follow
//! IEEE arithmetic. A group of one value has variance 0, so that what divides by it is NaN.

mod admissible;
mod checkpoints;
mod collect_trajectories;
mod collected;
mod folded;
mod frobenius_norm;
mod kurtosis_pearson;
mod median_nearest;
mod numbers;
mod observe;
mod of_numbers;
mod pearson_skewness;
mod single_group;
mod third_quartile;
mod usual;
mod usual_epochs;

use datafusion::common::{Result, not_impl_err};
use datafusion::logical_expr::AggregateUDF;
use datafusion::logical_expr::function::AccumulatorArgs;

use of_numbers::OfNumbers;

/// Refuses DISTINCT where nobody has chosen distinct values before: DataFusion does where nothing else is summed up.
fn not_distinct(arguments: &AccumulatorArgs) -> Result<()> {
    match arguments.is_distinct {
        false => Ok(()),
        true => not_impl_err!(
            "{} beside other aggregates: choose distinct values first, in a subquery with SELECT DISTINCT",
            arguments.name
        ),
    }
}

#[cfg(test)]
mod tests;

/// Every aggregate.
pub(crate) fn all() -> [AggregateUDF; 10] {
    [
        AggregateUDF::from(OfNumbers::<frobenius_norm::FrobeniusNorm>::default()),
        AggregateUDF::from(OfNumbers::<pearson_skewness::PearsonSkewness>::default()),
        AggregateUDF::from(OfNumbers::<kurtosis_pearson::KurtosisPearson>::default()),
        AggregateUDF::from(OfNumbers::<median_nearest::MedianNearest>::default()),
        AggregateUDF::from(OfNumbers::<third_quartile::ThirdQuartile>::default()),
        AggregateUDF::from(OfNumbers::<observe::Observe>::default()),
        AggregateUDF::from(collect_trajectories::Collect::trajectories()),
        AggregateUDF::from(collect_trajectories::Collect::admissible()),
        AggregateUDF::from(usual_epochs::UsualEpochs::default()),
        AggregateUDF::from(admissible::Admissible::default()),
    ]
}
