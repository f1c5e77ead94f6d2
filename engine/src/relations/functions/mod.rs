//! The table functions: virtual experiments as relations. One function a file; [`ALL`] registers them.
//!
//! A table function is a query over another relation, its `input`. A call is replaced by that query, so that functions
//! compose with each other and with WHERE and JOIN, and only the columns and files that are needed are read:
//!
//! ```sql
//! SELECT * FROM features('weight', input => trajectory_subsample(samples => 5, period_epochs => 25, seed => 1))
//! ```

mod features;
mod held_out;
mod kept_checkpoints;
mod observe_recordings;
mod split;
mod trajectory_mean;
mod trajectory_portion;
mod trajectory_subsample;

use std::fmt::Debug;

use datafusion::common::{Result, Span, internal_err, plan_err};
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::sql::sqlparser::ast::{Ident, ObjectNamePart, TableAlias, TableFactor};
use engram_schemas::category::nearest;
use engram_schemas::trajectories::column;

use super::argument::{Arguments, quoted};
use super::refused;
use super::template::{all_but, columns, derived, identifier, over_input};

/// Every table function.
pub(crate) const ALL: [&dyn TableFunction; 7] = [
    &observe_recordings::ObserveRecordings,
    &trajectory_subsample::TrajectorySubsample,
    &trajectory_portion::TrajectoryPortion,
    &trajectory_mean::TrajectoryMean,
    &split::Split,
    &held_out::HeldOut,
    &features::Features,
];

/// Their names.
pub(crate) fn names() -> impl Iterator<Item = String> {
    ALL.iter().map(|function| function.name().to_owned())
}

/// A query over an input relation, with constants for arguments.
pub(crate) trait TableFunction: Sync + Debug {
    /// Its name in SQL.
    fn name(&self) -> &'static str;

    /// The table or view that is the input when a call names none.
    fn default_input(&self) -> &'static str;

    /// The columns that the input must have, whatever the arguments.
    fn required_columns(&self) -> &'static [&'static str];

    /// The query. Its text is what stands behind `WITH input AS (...)`: either more common table expressions, from a comma
    /// on, or a SELECT. `columns` are those of the input.
    ///
    /// # Errors
    /// When the arguments are not what the function takes.
    fn query(&self, arguments: &Arguments, columns: &[String]) -> Result<String>;

    /// For people.
    fn documentation(&self) -> &'static Documentation;
}

/// Words about a table function; see `docs/functions.md`.
#[derive(Debug)]
pub(crate) struct Documentation {
    pub(crate) syntax: &'static str,
    pub(crate) description: &'static str,
    pub(crate) arguments: &'static [(&'static str, &'static str)],
    pub(crate) example: &'static str,
}

/// The columns that say which trajectory a row belongs to.
const KEY: [&str; 8] = [
    column::TASK,
    column::ARCHITECTURE,
    column::RUN_ID,
    column::LAYER_INDEX,
    column::UNIT_FRACTION,
    column::NOISE_STDDEV,
    column::OBSERVATION_SEED,
    column::DEFINITION,
];

/// The columns that are the same in all rows of a trajectory.
const IDENTITY: [&str; 18] = [
    column::TASK,
    column::ARCHITECTURE,
    column::LEARNING_RULE,
    column::RUN_ID,
    column::BATCH_SIZE,
    column::MODEL_SEED,
    column::DATASET_SEED,
    column::LEARNING_RATE,
    column::STATUS,
    column::LAYER,
    column::LAYER_INDEX,
    column::DEPTH,
    column::N_UNITS,
    column::N_WEIGHTS,
    column::UNIT_FRACTION,
    column::NOISE_STDDEV,
    column::OBSERVATION_SEED,
    column::DEFINITION,
];

/// The column that numbers the kept checkpoints of a trajectory, from 0.
const SAMPLE: &str = "sample";
/// The column that says on which side of a split an example is.
const SIDE: &str = "side";

/// The columns of the input that are the same in all rows of a trajectory, the side of a split among them.
fn identity_of(columns: &[String]) -> Vec<&str> {
    IDENTITY
        .into_iter()
        .chain([SIDE])
        .filter(|name| columns.iter().any(|column| column == name))
        .collect()
}

/// Plans calls of table functions.
#[derive(Debug)]
pub(crate) struct TableFunctions;

impl RelationPlanner for TableFunctions {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let TableFactor::Table {
            name,
            args: Some(_),
            sample: None,
            ..
        } = &relation
        else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let [ObjectNamePart::Identifier(called)] = name.0.as_slice() else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let span = Span::try_from_sqlparser_span(called.span);
        let called = called.value.to_lowercase();
        let Some(function) = ALL.into_iter().find(|function| function.name() == called) else {
            let names = ALL.iter().map(|function| function.name());
            return match nearest(&called, names) {
                Some(near) => {
                    let problem =
                        format!("there is no table function `{called}`: did you mean `{near}`?");
                    Err(refused(problem, span))
                }
                None => Ok(RelationPlanning::Original(Box::new(relation))),
            };
        };
        let TableFactor::Table {
            args: Some(given),
            alias,
            ..
        } = relation
        else {
            return plan_err!("{called} is called without arguments");
        };
        let mut arguments = Arguments::try_new(function.name(), span, given.args, context)?;
        let Some(input) = arguments.input.take().map(derived) else {
            return internal_err!("{called} was not given its input");
        };
        let plan = context.plan(input.clone())?;
        let columns = columns(&plan);
        require(function.name(), function.required_columns(), &columns, span)?;
        let text = function.query(&arguments, &columns)?;
        let query = over_input(function.name(), &text, input)?;
        let plan = context
            .plan(derived(Box::new(query)))
            // The places that it names are those of a text that the user never sees.
            .map_err(|error| refused(format!("{called}: {}", error.strip_backtrace()), span))?;
        // Like a table, the relation goes by its own name where the query gives it none.
        let alias = alias.unwrap_or_else(|| TableAlias {
            explicit: false,
            name: Ident::new(called),
            columns: Vec::new(),
            at: None,
        });
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(
            plan,
            Some(alias),
        ))))
    }
}

/// Checks that a function's input has the columns that it works on.
fn require(
    function: &str,
    required: &[&str],
    columns: &[String],
    span: Option<Span>,
) -> Result<()> {
    let missing: Vec<&str> = required
        .iter()
        .copied()
        .filter(|name| !columns.iter().any(|column| column == name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(", ");
    Err(refused(
        format!("the input of {function} has no column {missing}"),
        span,
    ))
}
