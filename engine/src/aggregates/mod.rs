//! Aggregates of this project's SQL beyond DataFusion's: the study's statistics, over groups. One aggregate a file; [`all`]
//! registers them.
//!
//! All skip NULLs and give NULL for a group without values. NaN among the values makes the result NaN; infinities follow
//! IEEE arithmetic. A group of one value has variance 0, so that what divides by it is NaN.

mod collect_trajectories;
mod collected;
mod folded;
mod frobenius_norm;
mod kurtosis_pearson;
mod median_nearest;
mod numbers;
mod observe;
mod pearson_skewness;
mod single_group;
mod third_quartile;

use datafusion::logical_expr::AggregateUDF;

#[cfg(test)]
mod tests;

/// Every aggregate.
pub(crate) fn all() -> [AggregateUDF; 7] {
    [
        AggregateUDF::from(frobenius_norm::FrobeniusNorm::default()),
        AggregateUDF::from(pearson_skewness::PearsonSkewness::default()),
        AggregateUDF::from(kurtosis_pearson::KurtosisPearson::default()),
        AggregateUDF::from(median_nearest::MedianNearest::default()),
        AggregateUDF::from(third_quartile::ThirdQuartile::default()),
        AggregateUDF::from(observe::Observe::default()),
        AggregateUDF::from(collect_trajectories::CollectTrajectories::default()),
    ]
}
