//! The arguments of a table function: constants, by place or by name, and relations.

use datafusion::common::{DFSchema, Result, ScalarValue, Span};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::planner::RelationPlannerContext;
use datafusion::sql::sqlparser::ast::{
    Expr as SqlExpr, FunctionArg, FunctionArgExpr, Query, Spanned,
};
use engram_schemas::category::nearest;

use super::refused;

/// A constant argument.
#[derive(Clone, Debug)]
pub(crate) struct Constant {
    pub(super) value: ScalarValue,
    pub(super) span: Option<Span>,
}

/// The arguments of one call.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// The function's name and where it stands.
    pub(super) function: &'static str,
    pub(super) span: Option<Span>,
    positional: Vec<Constant>,
    named: Vec<(String, Constant)>,
    /// The query that is the input.
    pub(super) input: Option<Box<Query>>,
}

/// The name of the argument that is a relation.
pub(super) const INPUT: &str = "input";

impl Arguments {
    /// # Errors
    /// For an argument that is no constant, and for an `input` that is no relation.
    pub(super) fn try_new(
        function: &'static str,
        span: Option<Span>,
        arguments: Vec<FunctionArg>,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<Self> {
        let mut taken = Self {
            function,
            span,
            positional: Vec::new(),
            named: Vec::new(),
            input: None,
        };
        for argument in arguments {
            let span = Span::try_from_sqlparser_span(argument.span());
            let (name, value) = match argument {
                FunctionArg::Named { name, arg, .. } => (Some(name.value), arg),
                FunctionArg::ExprNamed { name, arg, .. } => (Some(name.to_string()), arg),
                FunctionArg::Unnamed(arg) => (None, arg),
            };
            let FunctionArgExpr::Expr(value) = value else {
                return Err(refused(format!("{function} takes no `*`"), span));
            };
            let name = name.map(|name| name.to_lowercase());
            if name.as_deref() == Some(INPUT) {
                let SqlExpr::Subquery(query) = value else {
                    let problem = format!(
                        "the input of {function} is a table, a view, a table function or a query in parentheses"
                    );
                    return Err(refused(problem, span));
                };
                taken.input = Some(query);
                continue;
            }
            let constant = constant(function, value, span, context)?;
            match name {
                Some(name) if taken.named.iter().any(|(other, _)| *other == name) => {
                    return Err(refused(format!("`{name}` is there twice"), span));
                }
                Some(name) => taken.named.push((name, constant)),
                None if taken.named.is_empty() && taken.input.is_none() => {
                    taken.positional.push(constant);
                }
                None => {
                    let problem = "an argument without a name stands behind one with a name";
                    return Err(refused(problem, span));
                }
            }
        }
        Ok(taken)
    }

    /// The arguments in the order of `parameters`, each by its place or its name; `None` for one that is not there.
    ///
    /// # Errors
    /// For one too many, for a name that is not a parameter's, and for a parameter that is given twice.
    pub(super) fn bind<const N: usize>(
        &self,
        parameters: [&str; N],
    ) -> Result<[Option<&Constant>; N]> {
        let mut bound = [None; N];
        if let Some(extra) = self.positional.get(N) {
            let (n, names) = (self.positional.len(), parameters.join(", "));
            let problem = format!("{} takes {names}; {n} arguments are given", self.function);
            return Err(refused(problem, extra.span));
        }
        for (place, constant) in self.positional.iter().enumerate() {
            bound[place] = Some(constant);
        }
        for (name, constant) in &self.named {
            let place = parameters
                .iter()
                .position(|parameter| parameter == name)
                .ok_or_else(|| self.unknown(name, constant, &parameters))?;
            if bound[place].replace(constant).is_some() {
                let problem = format!("`{name}` is given by its place and by its name");
                return Err(refused(problem, constant.span));
            }
        }
        Ok(bound)
    }

    /// The arguments without a name.
    pub(super) fn positional(&self) -> &[Constant] {
        &self.positional
    }

    /// The arguments with a name.
    pub(super) fn named(&self) -> &[(String, Constant)] {
        &self.named
    }

    pub(super) fn unknown(
        &self,
        name: &str,
        constant: &Constant,
        known: &[&str],
    ) -> datafusion::common::DataFusionError {
        let meant = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it takes {}", known.join(", ")),
        };
        let problem = format!("{} has no argument `{name}`: {meant}", self.function);
        refused(problem, constant.span)
    }

    /// # Errors
    /// That an argument is missing.
    pub(super) fn required<'a>(
        &self,
        name: &str,
        argument: Option<&'a Constant>,
    ) -> Result<&'a Constant> {
        argument.ok_or_else(|| refused(format!("{} needs `{name}`", self.function), self.span))
    }
}

impl Constant {
    /// # Errors
    /// For what is not an integer of at least `least`.
    pub(super) fn integer(&self, name: &str, least: i64) -> Result<i64> {
        match self.value {
            ScalarValue::Int64(Some(value)) if value >= least => Ok(value),
            _ => Err(self.wrong(name, &format!("an integer of at least {least}"))),
        }
    }

    /// # Errors
    /// For what is not an integer.
    pub(super) fn seed(&self) -> Result<i64> {
        match self.value {
            ScalarValue::Int64(Some(value)) => Ok(value),
            _ => Err(self.wrong("seed", "an integer")),
        }
    }

    /// # Errors
    /// For what is not a number between 0 and 1, without these.
    pub(super) fn fraction(&self, name: &str) -> Result<f64> {
        match self.number() {
            fraction if fraction > 0.0 && fraction < 1.0 => Ok(fraction),
            _ => Err(self.wrong(name, "a number between 0 and 1")),
        }
    }

    /// # Errors
    /// For what is not a number above 0 and at most 1.
    pub(super) fn share(&self, name: &str) -> Result<f64> {
        match self.number() {
            share if share > 0.0 && share <= 1.0 => Ok(share),
            _ => Err(self.wrong(name, "a number above 0 and at most 1")),
        }
    }

    /// # Errors
    /// For what is not a finite number of at least 0.
    pub(super) fn deviation(&self, name: &str) -> Result<f64> {
        match self.number() {
            deviation if deviation >= 0.0 && deviation.is_finite() => Ok(deviation),
            _ => Err(self.wrong(name, "a number of at least 0")),
        }
    }

    /// The number, NaN for what is none.
    fn number(&self) -> f64 {
        match self.value {
            ScalarValue::Float64(Some(value)) => value,
            ScalarValue::Int64(Some(value)) => value as f64,
            _ => f64::NAN,
        }
    }

    /// # Errors
    /// For what is not true or false.
    pub(super) fn boolean(&self, name: &str) -> Result<bool> {
        match self.value {
            ScalarValue::Boolean(Some(value)) => Ok(value),
            _ => Err(self.wrong(name, "true or false")),
        }
    }

    /// # Errors
    /// For what is not a text.
    pub(super) fn text(&self, name: &str) -> Result<&str> {
        self.value
            .try_as_str()
            .flatten()
            .ok_or_else(|| self.wrong(name, "a text in single quotes"))
    }

    /// One of a few texts.
    ///
    /// # Errors
    /// For any other.
    pub(super) fn one_of<'a>(&self, name: &str, choices: &[&'a str]) -> Result<&'a str> {
        let text = self.text(name)?;
        let found = choices
            .iter()
            .find(|choice| choice.eq_ignore_ascii_case(text));
        found.copied().ok_or_else(|| {
            let quoted: Vec<String> = choices.iter().map(|choice| format!("'{choice}'")).collect();
            self.wrong(name, &quoted.join(" or "))
        })
    }

    /// The constant as SQL writes it.
    ///
    /// # Errors
    /// For what is neither a number, a text nor a boolean.
    pub(super) fn to_sql(&self, name: &str) -> Result<String> {
        match &self.value {
            ScalarValue::Int64(Some(value)) => Ok(value.to_string()),
            ScalarValue::Float64(Some(value)) => Ok(format!("CAST('{value:?}' AS DOUBLE)")),
            ScalarValue::Boolean(Some(value)) => Ok(value.to_string()),
            other => match other.try_as_str().flatten() {
                Some(text) => Ok(quoted(text)),
                None => Err(self.wrong(name, "a number, a text or a boolean")),
            },
        }
    }

    fn wrong(&self, name: &str, wanted: &str) -> datafusion::common::DataFusionError {
        refused(
            format!("`{name}` is {}; it must be {wanted}", self.value),
            self.span,
        )
    }
}

/// A text as SQL writes it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn constant(
    function: &str,
    value: SqlExpr,
    span: Option<Span>,
    context: &mut dyn RelationPlannerContext,
) -> Result<Constant> {
    let not_constant = || {
        refused(
            format!(
                "the arguments of {function} are constants; a relation is given as `input => ...`"
            ),
            span,
        )
    };
    let value = match context.sql_to_expr(value, &DFSchema::empty()) {
        Ok(Expr::Literal(value, _)) => value,
        Ok(Expr::Negative(negated)) => match *negated {
            Expr::Literal(value, _) => value.arithmetic_negate()?,
            _ => return Err(not_constant()),
        },
        _ => return Err(not_constant()),
    };
    Ok(Constant { value, span })
}
