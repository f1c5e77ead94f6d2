//! Relations of this project's SQL beyond DataFusion's: what may stand behind FROM.
//!
//! * [`functions`]: the table functions, among them `features` and `split`.
//! * [`table_sample`]: TABLESAMPLE, which DataFusion parses and then ignores.
//! * [`pivot`] and [`unpivot`]: PIVOT and UNPIVOT, which it parses and refuses.
//!
//! Each is planned to ordinary operators and functions. So the optimizer sees through it: what a query does not use is not
//! read, and EXPLAIN shows all there is.

mod argument;
pub(crate) mod functions;
mod inputs;
mod pivot;
mod table_sample;
mod template;
mod unpivot;

use std::sync::Arc;

use datafusion::common::{DataFusionError, Diagnostic, Span};
use datafusion::logical_expr::planner::RelationPlanner;

pub(crate) use inputs::write_out;

/// Every planner of relations.
pub(crate) fn planners() -> [Arc<dyn RelationPlanner>; 4] {
    [
        Arc::new(functions::TableFunctions),
        Arc::new(table_sample::TableSample),
        Arc::new(pivot::Pivot),
        Arc::new(unpivot::Unpivot),
    ]
}

/// An error of the query at a place in its text.
fn refused(problem: impl Into<String>, span: Option<Span>) -> DataFusionError {
    let problem = problem.into();
    let error = DataFusionError::Plan(problem.clone());
    error.with_diagnostic(Diagnostic::new_error(problem, span))
}
