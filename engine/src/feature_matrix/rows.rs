//! The rows of a feature query: who an example is, and what was observed of it.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, ListArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use engram_schemas::trajectories::column;

use super::{Example, Side, refused};
use crate::{Excluded, Result};

/// The columns of a feature query beside those of [`Example`].
pub(super) mod query_column {
    pub(crate) const EXCLUDED: &str = "excluded";
    pub(crate) const SIDE: &str = "side";
    pub(crate) const STATISTICS: &str = "statistics";
    pub(crate) const EPOCHS: &str = "epochs";
    pub(crate) const FEATURES: &str = "features";
}

/// The columns that say who the examples of a feature query's rows are, and which are left out.
pub(super) struct Identity {
    columns: [StringArray; 6],
    excluded: Option<StringArray>,
    sides: Option<StringArray>,
}

impl Identity {
    /// The columns, in the order of [`Example`].
    pub(super) const COLUMNS: [&str; 6] = [
        column::RUN_ID,
        column::TASK,
        column::ARCHITECTURE,
        column::LEARNING_RULE,
        column::LAYER,
        column::DEPTH,
    ];

    /// Those that a query may leave out.
    pub(super) const OPTIONAL: [&str; 2] = [query_column::EXCLUDED, query_column::SIDE];

    pub(super) fn of(rows: &RecordBatch) -> Result<Self> {
        let text = |name| {
            typed(rows, name, &DataType::Utf8).map(|column| column.as_string::<i32>().clone())
        };
        let [run_id, task, architecture, learning_rule, layer, depth] = Self::COLUMNS.map(text);
        let [excluded, sides] = Self::OPTIONAL.map(|name| {
            let is_there = rows.schema().column_with_name(name).is_some();
            is_there.then(|| text(name)).transpose()
        });
        Ok(Self {
            columns: [
                run_id?,
                task?,
                architecture?,
                learning_rule?,
                layer?,
                depth?,
            ],
            excluded: excluded?,
            sides: sides?,
        })
    }

    /// The rows that stay; the others are counted.
    pub(super) fn included(&self, excluded: &mut Excluded) -> Vec<usize> {
        let mut included = Vec::new();
        for row in 0..self.columns[0].len() {
            match &self.excluded {
                Some(reasons) if reasons.is_valid(row) => {
                    *excluded.0.entry(reasons.value(row).to_owned()).or_default() += 1;
                }
                _ => included.push(row),
            }
        }
        included
    }

    pub(super) fn example(&self, row: usize) -> Example {
        let columns = self.columns.each_ref();
        let [run_id, task, architecture, learning_rule, layer, depth] =
            columns.map(|column| column.value(row).to_owned());
        Example {
            run_id,
            task,
            architecture,
            learning_rule,
            layer,
            depth,
        }
    }

    pub(super) fn depth(&self, row: usize) -> &str {
        self.columns[5].value(row)
    }

    pub(super) fn side(&self, row: usize) -> Option<Side> {
        let sides = self.sides.as_ref().filter(|sides| sides.is_valid(row))?;
        Side::named(sides.value(row))
    }
}

/// The columns of a feature query's rows, in the types that are read here.
pub(super) struct FeatureQuery {
    pub(super) identity: Identity,
    statistics: ListArray,
    epochs: ListArray,
    features: ListArray,
}

impl FeatureQuery {
    pub(super) fn of(rows: &RecordBatch) -> Result<Self> {
        let list = |name, item| {
            typed(rows, name, &DataType::new_list(item, true))
                .map(|column| column.as_list::<i32>().clone())
        };
        Ok(Self {
            identity: Identity::of(rows)?,
            statistics: list(query_column::STATISTICS, DataType::Utf8)?,
            epochs: list(query_column::EPOCHS, DataType::Int64)?,
            features: list(query_column::FEATURES, DataType::Float64)?,
        })
    }

    pub(super) fn features(&self, row: usize) -> Result<Float64Array> {
        Ok(self
            .item(&self.features, query_column::FEATURES, row)?
            .as_primitive::<Float64Type>()
            .clone())
    }

    pub(super) fn statistics(&self, row: usize) -> Result<Vec<String>> {
        let names = self.item(&self.statistics, query_column::STATISTICS, row)?;
        Ok(names
            .as_string::<i32>()
            .iter()
            .flatten()
            .map(str::to_owned)
            .collect())
    }

    pub(super) fn epochs(&self, row: usize) -> Result<Vec<i64>> {
        let epochs = self.item(&self.epochs, query_column::EPOCHS, row)?;
        Ok(epochs
            .as_primitive::<Int64Type>()
            .iter()
            .flatten()
            .collect())
    }

    /// The statistics and the epochs of a row.
    pub(super) fn observed(&self, row: usize) -> [ArrayRef; 2] {
        [self.statistics.value(row), self.epochs.value(row)]
    }

    fn item(&self, list: &ListArray, name: &str, row: usize) -> Result<ArrayRef> {
        if list.is_null(row) {
            return Err(refused(format!(
                "`{name}` is NULL for {}, which is not excluded",
                self.identity.example(row)
            )));
        }
        Ok(list.value(row))
    }
}

/// A column of the rows, cast to the type that is read.
fn typed(rows: &RecordBatch, name: &str, data_type: &DataType) -> Result<ArrayRef> {
    let column = rows
        .column_by_name(name)
        .ok_or_else(|| refused(format!("it has no column `{name}`")))?;
    cast(column, data_type).map_err(|_| {
        refused(format!(
            "its column `{name}` is {}, not {data_type}",
            column.data_type()
        ))
    })
}
