//! UNPIVOT: a row for each of some columns.
//!
//! `FROM trajectories UNPIVOT (value FOR statistic IN (weight_raw_mean, weight_raw_var))` has for each row and each of the
//! columns a row with the column's name and value beside the other columns. Rows whose value is NULL are left out, unless
//! the clause says `UNPIVOT INCLUDE NULLS`.

use datafusion::common::{Result, Span};
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::sql::sqlparser::ast::{Expr as SqlExpr, NullInclusion, Spanned, TableFactor};

use super::argument::quoted;
use super::refused;
use super::template::{columns, derived, identifier, over_input};

/// Plans UNPIVOT.
#[derive(Debug)]
pub(super) struct Unpivot;

impl RelationPlanner for Unpivot {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let TableFactor::Unpivot {
            table,
            value,
            name,
            columns: spread,
            null_inclusion,
            alias,
        } = relation
        else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let SqlExpr::Identifier(value) = value else {
            let span = Span::try_from_sqlparser_span(value.span());
            return Err(refused(
                "the value of UNPIVOT is the name of one column",
                span,
            ));
        };
        let plan = context.plan((*table).clone())?;
        let (mut gathered, mut names) = (Vec::new(), Vec::new());
        for column in spread {
            let span = Span::try_from_sqlparser_span(column.expr.span());
            let SqlExpr::Identifier(given) = &column.expr else {
                return Err(refused("UNPIVOT gathers columns, by their names", span));
            };
            // Finds a column that is not there, with its place.
            context.sql_to_expr(column.expr.clone(), plan.schema())?;
            let given = context.normalize_ident(given.clone());
            names.push(
                column
                    .alias
                    .map_or_else(|| given.clone(), |alias| alias.value),
            );
            gathered.push(given);
        }
        let rest: Vec<String> = columns(&plan)
            .into_iter()
            .filter(|column| !gathered.contains(column))
            .map(|column| identifier(&column))
            .collect();
        let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        let gathered: Vec<String> = gathered.iter().map(|column| identifier(column)).collect();
        let (names, gathered) = (names.join(", "), gathered.join(", "));
        let (name, value) = (identifier(&name.value), identifier(&value.value));
        let mut selected = rest;
        selected.push(format!("unnest([{names}]) AS {name}"));
        selected.push(format!("unnest([{gathered}]) AS {value}"));
        let selected = selected.join(", ");
        let kept = match null_inclusion {
            Some(NullInclusion::IncludeNulls) => String::new(),
            _ => format!(" WHERE {value} IS NOT NULL"),
        };
        let text = format!(", long AS (SELECT {selected} FROM input) SELECT * FROM long{kept}");
        let plan = context.plan(derived(Box::new(over_input("unpivot", &text, *table)?)))?;
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(
            plan, alias,
        ))))
    }
}
