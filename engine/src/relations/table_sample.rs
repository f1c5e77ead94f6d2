//! TABLESAMPLE: rows chosen at random, the same ones every time.
//!
//! `FROM trajectories TABLESAMPLE BERNOULLI (10 PERCENT) REPEATABLE (1)` keeps each row with probability 0.1;
//! `TABLESAMPLE (100 ROWS)` keeps a hundred. Which rows depends on the seed (0 when there is none) and on what a row is,
//! not on files, batches or threads: of a table or view its key, of any other relation all its columns, so that rows that
//! are equal in everything stay or go together. DataFusion parses the clause and would ignore it.

use datafusion::common::{Column, DFSchema, Result, ScalarValue, Span};
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, lit};
use datafusion::sql::sqlparser::ast::{
    Expr as SqlExpr, Spanned, TableFactor, TableSample as Clause, TableSampleKind,
    TableSampleMethod, TableSampleUnit,
};
use engram_schemas::{recordings, results, trajectories::column};

use super::refused;
use crate::{functions, views};

/// Plans relations with a TABLESAMPLE clause.
#[derive(Debug)]
pub(super) struct TableSample;

/// The columns that tell the rows of a table or view apart, where it has them.
const KEY: [&str; 13] = [
    column::RUN_ID,
    column::LAYER,
    column::EPOCH,
    column::UNIT_FRACTION,
    column::NOISE_STDDEV,
    column::OBSERVATION_SEED,
    column::DEFINITION,
    recordings::column::MEASURE,
    recordings::column::STIMULUS,
    "name",
    results::column::RESULT_ID,
    results::column::SPLIT,
    "statistic",
];

impl RelationPlanner for TableSample {
    fn plan_relation(
        &self,
        mut relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let span = Span::try_from_sqlparser_span(relation.span());
        // A name may also stand for a subquery or a further table, of which no key is known.
        let is_table = match &relation {
            TableFactor::Table {
                args: None, name, ..
            } => {
                matches!(&name.0[..], [part] if part.as_ident().is_some_and(|name| views::is_taken(&name.value)))
            }
            _ => false,
        };
        let clause = match &mut relation {
            TableFactor::Table { sample, .. } | TableFactor::Derived { sample, .. } => {
                sample.take()
            }
            _ => None,
        };
        let clause = match clause {
            None => return Ok(RelationPlanning::Original(Box::new(relation))),
            Some(
                TableSampleKind::BeforeTableAlias(clause)
                | TableSampleKind::AfterTableAlias(clause),
            ) => *clause,
        };
        let plan = context.plan(relation)?;
        let amount = Amount::of(&clause, span, context)?;
        let seed = seed(&clause, span)?;
        let fields = plan.schema();
        let columns = fields.iter().map(Column::from);
        let mut key: Vec<Expr> = columns
            .filter(|column| !is_table || KEY.contains(&column.name.as_str()))
            .map(Expr::Column)
            .collect();
        if key.is_empty() {
            key = fields.iter().map(Column::from).map(Expr::Column).collect();
        }
        let draw = functions::uniform().call([vec![lit(seed)], key.clone()].concat());
        let builder = LogicalPlanBuilder::from(plan);
        let sampled = match amount {
            Amount::Share(share) => builder.filter(draw.lt(lit(share)))?,
            Amount::Rows(n) => {
                // Rows of equal draws are told apart by their key.
                let order = std::iter::once(draw).chain(key);
                builder
                    .sort(order.map(|expression| expression.sort(true, false)))?
                    .limit(0, Some(n))?
            }
        };
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(
            sampled.build()?,
            None,
        ))))
    }
}

/// How much of a relation is kept.
enum Amount {
    /// Each row with this probability.
    Share(f64),
    /// So many rows.
    Rows(usize),
}

impl Amount {
    fn of(
        clause: &Clause,
        span: Option<Span>,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<Self> {
        if clause.bucket.is_some() || clause.offset.is_some() {
            return Err(refused(
                "TABLESAMPLE has no buckets and no offset here",
                span,
            ));
        }
        if let Some(method @ (TableSampleMethod::System | TableSampleMethod::Block)) = clause.name {
            let problem =
                format!("TABLESAMPLE chooses rows, not {method}s of a file: write BERNOULLI");
            return Err(refused(problem, span));
        }
        let Some(quantity) = &clause.quantity else {
            return Err(refused(
                "TABLESAMPLE needs a quantity: (10 PERCENT), (100 ROWS)",
                span,
            ));
        };
        let number = number(quantity.value.clone(), context);
        match (&quantity.unit, number) {
            (Some(TableSampleUnit::Rows), Some(n)) if n >= 0.0 && n.fract() == 0.0 => {
                Ok(Self::Rows(n as usize))
            }
            (Some(TableSampleUnit::Percent) | None, Some(percent))
                if (0.0..=100.0).contains(&percent) =>
            {
                Ok(Self::Share(percent / 100.0))
            }
            (Some(TableSampleUnit::Rows), _) => Err(refused(
                "the number of rows of TABLESAMPLE is not 0 or more",
                span,
            )),
            _ => Err(refused(
                format!("{} is no percentage between 0 and 100", quantity.value),
                span,
            )),
        }
    }
}

fn number(value: SqlExpr, context: &mut dyn RelationPlannerContext) -> Option<f64> {
    match context.sql_to_expr(value, &DFSchema::empty()) {
        Ok(Expr::Literal(ScalarValue::Int64(value), _)) => value.map(|value| value as f64),
        Ok(Expr::Literal(ScalarValue::Float64(value), _)) => value,
        _ => None,
    }
}

fn seed(clause: &Clause, span: Option<Span>) -> Result<i64> {
    let Some(seed) = &clause.seed else {
        return Ok(0);
    };
    let text = seed.value.to_string();
    text.parse().map_err(|_| {
        refused(
            format!("the seed of TABLESAMPLE is {text}, not an integer"),
            span,
        )
    })
}
