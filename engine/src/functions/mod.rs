//! Functions of this project's SQL beyond DataFusion's. One function a file; [`all`] registers them.

mod add_gaussian_noise;
mod bounded;
mod documented;
mod flatten_where;
mod keyed;
mod list_observe;
mod lists;
mod row_key;
mod sample_units;
pub(crate) mod statistics;
mod subsample_epochs;
mod uniform;

use datafusion::logical_expr::ScalarUDF;

pub(crate) use bounded::{CONCATENATION, bound};
pub(crate) use documented::{SECTION, documentation};

#[cfg(test)]
mod tests;

/// Every function of one row.
pub(crate) fn all() -> [ScalarUDF; 7] {
    [
        ScalarUDF::from(list_observe::ListObserve::default()),
        ScalarUDF::from(sample_units::SampleUnits::default()),
        ScalarUDF::from(add_gaussian_noise::AddGaussianNoise::default()),
        uniform(),
        ScalarUDF::from(row_key::RowKey::default()),
        ScalarUDF::from(subsample_epochs::SubsampleEpochs::default()),
        ScalarUDF::from(flatten_where::FlattenWhere::default()),
    ]
}

/// `uniform(seed, key...)`, for plans.
pub(crate) fn uniform() -> ScalarUDF {
    ScalarUDF::from(uniform::Uniform::default())
}
