//! Which files can hold what is asked for, by what is known of them before any is opened: of a run's file its run, of a release's
//! parts the least and the greatest values that the manifest has. A question of a few runs costs as much in a large dataset as in
//! a small one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use engram_schemas::manifest::{Bounds, Manifest};
use engram_schemas::trajectories::column;
use object_store::path::Path;

use crate::dataset::FileRuns;

/// What is known of the files of a dataset's tables.
#[derive(Debug)]
pub(super) enum FileBounds {
    /// The run whose rows a file has.
    Runs(Arc<FileRuns>),
    /// The least and the greatest values of some columns of a file.
    Parts(HashMap<Path, BTreeMap<String, Bounds>>),
}

impl FileBounds {
    /// Of a release's parts.
    ///
    /// # Errors
    /// As [`engram_schemas::manifest::File::path`].
    pub(super) fn of_release(manifest: &Manifest, root: &Path) -> engram_schemas::Result<Self> {
        let bounds = manifest
            .parts()
            .map(|part| Ok((part.file.path(root)?, part.bounds.clone())));
        Ok(Self::Parts(bounds.collect::<engram_schemas::Result<_>>()?))
    }

    /// The least and the greatest value of a file's column.
    fn of(&self, file: &Path, name: &str, kind: &DataType) -> Option<[ScalarValue; 2]> {
        match self {
            Self::Runs(runs) => {
                let run = runs.get(file).filter(|_| name == column::RUN_ID)?;
                let run = ScalarValue::from(run.run_id.as_str());
                Some([run.clone(), run])
            }
            Self::Parts(parts) => {
                let bounds = parts.get(file)?.get(name)?;
                let value = |value: &serde_json::Value| {
                    let value = match (value.as_i64(), value.as_str()) {
                        (Some(number), _) => ScalarValue::from(number),
                        (None, Some(text)) => ScalarValue::from(text),
                        (None, None) => return None,
                    };
                    value.cast_to(kind).ok()
                };
                Some([value(&bounds.min)?, value(&bounds.max)?])
            }
        }
    }

    /// Of each file whether rows of it may pass the filters.
    ///
    /// # Errors
    /// For filters that cannot be planned.
    pub(super) fn may_match(
        &self,
        files: &[&Path],
        filters: &[Expr],
        schema: &SchemaRef,
        state: &dyn Session,
    ) -> Result<Vec<bool>> {
        let Some(filter) = conjunction(filters.iter().cloned()) else {
            return Ok(vec![true; files.len()]);
        };
        let columns = DFSchema::try_from(Arc::clone(schema))?;
        let filter = state.create_physical_expr(filter, &columns)?;
        let filter = PruningPredicateBuilder::new()
            .with_file_schema(Arc::clone(schema))
            .try_build(filter)?;
        filter.prune(&Known {
            bounds: self,
            files,
            schema,
        })
    }
}

/// What is known of some files, by column.
struct Known<'a> {
    bounds: &'a FileBounds,
    files: &'a [&'a Path],
    schema: &'a SchemaRef,
}

impl Known<'_> {
    /// The least or the greatest value of every file, NULL where it is not known.
    fn values(&self, column: &Column, which: usize) -> Option<ArrayRef> {
        let field = self.schema.field_with_name(column.name()).ok()?;
        let kind = field.data_type();
        let of_files = self.files.iter().map(|file| {
            let [least, greatest] = self.bounds.of(file, column.name(), kind)?;
            Some([least, greatest][which].clone())
        });
        let values: Vec<Option<ScalarValue>> = of_files.collect();
        if values.iter().all(Option::is_none) {
            return None;
        }
        let null = ScalarValue::try_from(kind).ok()?;
        let values = values
            .into_iter()
            .map(|value| value.unwrap_or_else(|| null.clone()));
        ScalarValue::iter_to_array(values).ok()
    }
}

impl PruningStatistics for Known<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.values(column, 0)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.values(column, 1)
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, _column: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::FileOfRun;
    use datafusion::prelude::{SessionContext, col, lit};
    use engram_schemas::trajectories;

    fn bounds(of: &[(&str, &str, &str)]) -> BTreeMap<String, Bounds> {
        let value = |text: &str| match text.parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => text.into(),
        };
        let bounds = of.iter().map(|(name, min, max)| {
            let (min, max) = (value(min), value(max));
            ((*name).to_owned(), Bounds { min, max })
        });
        bounds.collect()
    }

    fn kept(known: &FileBounds, filter: Expr) -> Vec<bool> {
        let files = ["a", "b", "unknown"].map(Path::from);
        let files: Vec<&Path> = files.iter().collect();
        let schema = trajectories::file_schema();
        let state = SessionContext::new().state();
        known.may_match(&files, &[filter], &schema, &state).unwrap()
    }

    #[test]
    fn parts_that_cannot_match_are_left_out() {
        let parts = [
            (
                Path::from("a"),
                bounds(&[
                    ("learning_rule", "adam", "adam"),
                    ("run_id", "adam-1", "adam-7"),
                ]),
            ),
            (
                Path::from("b"),
                bounds(&[("learning_rule", "adam", "sgdm"), ("epoch", "0", "100")]),
            ),
        ];
        let parts = FileBounds::Parts(parts.into_iter().collect());
        let rule = |rule: &str| col("learning_rule").eq(lit(rule));
        assert_eq!(kept(&parts, rule("sgdm")), [false, true, true]);
        assert_eq!(kept(&parts, rule("adam")), [true, true, true]);
        assert_eq!(kept(&parts, rule("zero")), [false, false, true]);
        let runs = vec![lit("adam-8"), lit("adam-9")];
        assert_eq!(
            kept(&parts, col("run_id").in_list(runs, false)),
            [false, true, true]
        );
        assert_eq!(kept(&parts, col("epoch").gt(lit(100))), [true, false, true]);
        // What is not bounded rules nothing out.
        assert_eq!(kept(&parts, col("layer").eq(lit("fc4"))), [true; 3]);
        let either = rule("sgdm").or(col("layer").eq(lit("fc4")));
        assert_eq!(kept(&parts, either), [true; 3]);
    }

    #[test]
    fn files_of_other_runs_are_left_out() {
        let runs = [("a", "adam-1"), ("b", "sgdm-1")];
        let runs = runs.map(|(file, run_id)| {
            let of_run = FileOfRun {
                run_id: run_id.to_owned(),
                has_the_tables_columns: true,
            };
            (Path::from(file), of_run)
        });
        let runs = FileBounds::Runs(Arc::new(runs.into_iter().collect()));
        let run = col("run_id").eq(lit("sgdm-1"));
        assert_eq!(kept(&runs, run), [false, true, true]);
        assert_eq!(
            kept(&runs, col("run_id").like(lit("sgdm%"))),
            [false, true, true]
        );
    }
}
