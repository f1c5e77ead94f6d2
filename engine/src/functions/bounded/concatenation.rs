//! `||` of texts, within the bounds of functions: the operator becomes a call of one.

use std::sync::Arc;

use arrow::compute::kernels::concat_elements::concat_elements_dyn;
use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::utils::take_function_args;
use datafusion::common::{ExprSchema, Result};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, LogicalPlan, Operator, ScalarFunctionArgs,
    ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::scalar::ScalarValue;

use super::{Bounded, Unit, is_constant, sizes};

/// The rule that puts calls in the place of operators. Types are known to agree by then.
pub(super) fn rule() -> Arc<dyn AnalyzerRule + Send + Sync> {
    let function = ScalarUDF::from(Concatenate::default());
    let bounded = Bounded {
        function,
        unit: Unit::Bytes,
        size: sizes::concat,
    };
    Arc::new(BoundedConcatenation(Arc::new(ScalarUDF::from(bounded))))
}

#[derive(Debug)]
struct BoundedConcatenation(Arc<ScalarUDF>);

impl AnalyzerRule for BoundedConcatenation {
    fn name(&self) -> &str {
        "bounded_concatenation"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| {
            let schema = merge_schema(&plan.inputs());
            let names = NamePreserver::new(&plan);
            plan.map_expressions(|expression| {
                let name = names.save(&expression);
                let written =
                    expression.transform_up(|expression| self.call(expression, &schema))?;
                Ok(written.update_data(|expression| name.restore(expression)))
            })
        })
        .data()
    }
}

impl BoundedConcatenation {
    fn call(&self, expression: Expr, schema: &dyn ExprSchema) -> Result<Transformed<Expr>> {
        match expression {
            Expr::BinaryExpr(BinaryExpr {
                left,
                op: Operator::StringConcat,
                right,
            }) if left.get_type(schema).is_ok_and(|kind| is_text(&kind)) => {
                let call = self.0.call(vec![*left, *right]);
                Ok(Transformed::yes(call))
            }
            expression => Ok(Transformed::no(expression)),
        }
    }
}

fn is_text(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

/// Two texts of the same type, one behind the other; NULL where one of them is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Concatenate {
    signature: Signature,
}

impl Default for Concatenate {
    fn default() -> Self {
        let signature = Signature::any(2, Volatility::Immutable);
        Self { signature }
    }
}

impl ScalarUDFImpl for Concatenate {
    fn name(&self) -> &str {
        "||"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(arg_types.first().cloned().unwrap_or(DataType::Utf8))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [left, right] = take_function_args("||", arrays)?;
        let joined = concat_elements_dyn(&left, &right)?;
        Ok(match is_constant(&args) {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&joined, 0)?),
            false => ColumnarValue::Array(joined),
        })
    }
}
