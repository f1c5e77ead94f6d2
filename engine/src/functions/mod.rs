//! Functions of this project's SQL beyond DataFusion's. One function a file; [`all`] registers them.

mod to_trajectories;

use datafusion::logical_expr::ScalarUDF;

/// Every function of one row.
pub(crate) fn all() -> [ScalarUDF; 1] {
    [ScalarUDF::from(to_trajectories::ToTrajectories::default())]
}
