//! Writes out what the calls of table functions in a statement leave to be understood.
//!
//! DataFusion looks up a statement's tables before it plans, and it finds them behind FROM only. So every call gets its
//! input as a query: `features('weight')` becomes `features('weight', input => (SELECT * FROM trajectories))`, and an
//! input that is named, `input => recent`, becomes a query over what it names.

use std::ops::ControlFlow;

use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArguments, Ident,
    ObjectName, ObjectNamePart, Query, TableFactor, TableFunctionArgs, VisitMut, VisitorMut,
};

use super::argument::INPUT;
use super::functions::ALL;
use super::template::query_over;

/// Gives every call of a table function its input as a query.
pub(crate) fn write_out(statement: &mut Statement) {
    match statement {
        Statement::Statement(statement) => {
            let _ = statement.visit(&mut Inputs);
        }
        Statement::Explain(explained) => write_out(&mut explained.statement),
        Statement::CopyTo(copy) => {
            if let CopyToSource::Query(query) = &mut copy.source {
                let _ = query.visit(&mut Inputs);
            }
        }
        Statement::CreateExternalTable(_) | Statement::Reset(_) => {}
    }
}

/// As [`write_out`], for a query.
pub(super) fn write_out_query(query: &mut Query) {
    let _ = query.visit(&mut Inputs);
}

struct Inputs;

impl VisitorMut for Inputs {
    type Break = ();

    fn pre_visit_table_factor(&mut self, relation: &mut TableFactor) -> ControlFlow<()> {
        let TableFactor::Table {
            name,
            args: Some(arguments),
            ..
        } = relation
        else {
            return ControlFlow::Continue(());
        };
        let called = name.to_string().to_lowercase();
        let Some(function) = ALL.into_iter().find(|function| function.name() == called) else {
            return ControlFlow::Continue(());
        };
        let given = arguments.args.iter_mut().find_map(input);
        match given {
            Some(given) => {
                if let Some(query) = relation_of(given).and_then(query_over) {
                    *given = Expr::Subquery(Box::new(query));
                }
            }
            None => {
                let default = table(vec![Ident::new(function.default_input())], None);
                if let Some(query) = query_over(default) {
                    arguments.args.push(FunctionArg::Named {
                        name: Ident::new(INPUT),
                        arg: FunctionArgExpr::Expr(Expr::Subquery(Box::new(query))),
                        operator: FunctionArgOperator::RightArrow,
                    });
                }
            }
        }
        ControlFlow::Continue(())
    }
}

/// What an argument gives as the input, if it does.
fn input(argument: &mut FunctionArg) -> Option<&mut Expr> {
    let (is_input, value) = match argument {
        FunctionArg::Named { name, arg, .. } => (name.value.eq_ignore_ascii_case(INPUT), arg),
        FunctionArg::ExprNamed { name, arg, .. } => {
            (name.to_string().eq_ignore_ascii_case(INPUT), arg)
        }
        FunctionArg::Unnamed(_) => return None,
    };
    match value {
        FunctionArgExpr::Expr(value) if is_input => Some(value),
        _ => None,
    }
}

/// The relation that an expression names; `None` for a query, which is one already, and for what names none.
fn relation_of(value: &Expr) -> Option<TableFactor> {
    match value {
        Expr::Identifier(name) => Some(table(vec![name.clone()], None)),
        Expr::CompoundIdentifier(names) => Some(table(names.clone(), None)),
        Expr::Nested(inner) => relation_of(inner),
        Expr::Function(Function {
            name,
            args: FunctionArguments::List(list),
            ..
        }) => {
            let names = name.0.iter().map(|part| match part {
                ObjectNamePart::Identifier(name) => Some(name.clone()),
                ObjectNamePart::Function(_) => None,
            });
            Some(table(
                names.collect::<Option<_>>()?,
                Some(list.args.clone()),
            ))
        }
        _ => None,
    }
}

fn table(names: Vec<Ident>, arguments: Option<Vec<FunctionArg>>) -> TableFactor {
    TableFactor::Table {
        name: ObjectName::from(names),
        alias: None,
        args: arguments.map(|args| TableFunctionArgs {
            args,
            settings: None,
        }),
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    }
}
