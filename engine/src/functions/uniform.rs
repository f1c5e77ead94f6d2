//! `uniform(seed, key...)`: a number for a row, drawn uniformly from [0, 1).

use std::sync::Arc;

use arrow::array::Float64Array;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::documented::documentation;
use super::keyed::{self, KeyedDraws};

/// `uniform(seed, key...)`: depends on the seed and the key's values only, so a choice by it is the same wherever and
/// however often it is made.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Uniform {
    signature: Signature,
}

impl Default for Uniform {
    fn default() -> Self {
        Self {
            signature: Signature::variadic_any(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for Uniform {
    fn name(&self) -> &str {
        "uniform"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        keyed::check_types(self.name(), arguments)?;
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let n_rows = arguments.number_rows;
        let mut draws = KeyedDraws::try_new("uniform", &arguments.args, n_rows)?;
        let drawn = (0..n_rows)
            .map(|row| Ok(keyed::unit_interval(&mut draws.generator(row)?)))
            .collect::<Result<Vec<f64>>>()?;
        Ok(ColumnarValue::Array(Arc::new(Float64Array::from(drawn))))
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation!(
            "A number drawn uniformly from [0, 1). It depends on the seed and the key alone: equal on any number of threads, \
             for any batch size, in any order of files.",
            "uniform(seed, key, ...)",
            "SELECT run_id FROM runs WHERE uniform(1, run_id) < 0.1",
            "seed" => "Integer; other seeds give independent draws.",
            "key" => "What identifies the row: text, numbers, booleans. The type's width does not matter, NULL is a value."
        )
    }
}
