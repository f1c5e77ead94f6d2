//! Which files can hold what is asked for, by what is known of them before any is opened: of a run's file its run, of a release's
//! parts the least and the greatest values that the manifest has, and by the release's index the parts of a run. A question of a
//! few runs costs as much in a large dataset as in a small one.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_expr::utils::Guarantee;
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};
use engram_schemas::DatasetLocation;
use engram_schemas::manifest::{Bounds, Manifest};
use engram_schemas::trajectories::column;
use object_store::path::Path;

use crate::dataset::{FileRuns, PartEnds, PartsOfRun, RunParts};

/// What is known of the files of a dataset's tables.
#[derive(Debug)]
pub(super) enum FileBounds {
    /// The run whose rows a file has.
    Runs(Arc<FileRuns>),
    /// What a release says of its parts.
    Parts(Box<Parts>),
}

/// What a release says of its parts.
#[derive(Debug)]
pub(super) struct Parts {
    /// The least and the greatest values of some columns of a part.
    bounds: HashMap<Path, BTreeMap<String, Bounds>>,
    /// Which of them have rows of a run.
    run_parts: Option<RunParts>,
    /// Where their ends are.
    ends: Option<Arc<PartEnds>>,
}

impl Parts {
    /// By the index, the parts of some runs. An index that names other files than the release has is not what was written.
    async fn of_runs(&self, runs: &BTreeSet<&str>) -> Result<HashMap<String, PartsOfRun>> {
        let Some(index) = &self.run_parts else {
            return Ok(HashMap::new());
        };
        let mut found = index.look_up(runs).await?;
        found.retain(|_, parts| parts.iter().all(|part| self.bounds.contains_key(part)));
        Ok(found)
    }
}

impl FileBounds {
    /// Of a release's parts.
    ///
    /// # Errors
    /// As [`engram_schemas::manifest::File::path`].
    pub(super) fn of_release(
        manifest: &Manifest,
        location: &DatasetLocation,
        ends: Option<Arc<PartEnds>>,
    ) -> engram_schemas::Result<Self> {
        let bounds = manifest
            .parts()
            .map(|part| Ok((part.file.path(location.root())?, part.bounds.clone())));
        Ok(Self::Parts(Box::new(Parts {
            bounds: bounds.collect::<engram_schemas::Result<_>>()?,
            run_parts: RunParts::of(manifest, location)?,
            ends,
        })))
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
                let bounds = parts.bounds.get(file)?.get(name)?;
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

    /// Takes note that these files will be opened, and no others.
    pub(super) fn announce(&self, files: &[&Path]) {
        if let Self::Parts(parts) = self
            && let Some(ends) = &parts.ends
        {
            ends.announce(files);
        }
    }

    /// Of each file whether rows of it may pass the filters.
    ///
    /// # Errors
    /// For filters that cannot be planned, and an index that cannot be read.
    pub(super) async fn may_match(
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
        let parts_of_runs = match self {
            Self::Parts(parts) => parts.of_runs(&runs_of(&filter)).await?,
            Self::Runs(_) => HashMap::new(),
        };
        filter.prune(&Known {
            bounds: self,
            files,
            schema,
            parts_of_runs,
        })
    }
}

/// The runs that are asked for by name.
fn runs_of(filter: &PruningPredicate) -> BTreeSet<&str> {
    let guarantees = filter.literal_guarantees().iter();
    guarantees
        .filter(|of| of.guarantee == Guarantee::In && of.column.name() == column::RUN_ID)
        .flat_map(|of| of.literals.iter().filter_map(text))
        .collect()
}

fn text(value: &ScalarValue) -> Option<&str> {
    value.try_as_str().flatten()
}

/// What is known of some files, by column.
struct Known<'a> {
    bounds: &'a FileBounds,
    files: &'a [&'a Path],
    schema: &'a SchemaRef,
    /// By the index, of runs that are asked for.
    parts_of_runs: HashMap<String, PartsOfRun>,
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

    /// Of each file that it has none of the values, or that it may have some.
    fn contained(&self, column: &Column, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        if column.name() != column::RUN_ID {
            return None;
        }
        let mut some = HashSet::new();
        for value in values {
            // A run that the index lacks is not in the release, or the index is not what was written: the parts themselves will tell.
            some.extend(self.parts_of_runs.get(text(value)?)?.iter());
        }
        let has_none = |file: &&Path| (!some.contains(*file)).then_some(false);
        Some(self.files.iter().map(has_none).collect())
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

    async fn kept(known: &FileBounds, filter: Expr) -> Vec<bool> {
        let files = ["a", "b", "unknown"].map(Path::from);
        let files: Vec<&Path> = files.iter().collect();
        let schema = trajectories::file_schema();
        let state = SessionContext::new().state();
        let kept = known.may_match(&files, &[filter], &schema, &state).await;
        kept.unwrap()
    }

    #[tokio::test]
    async fn parts_that_cannot_match_are_left_out() {
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
        let parts = FileBounds::Parts(Box::new(Parts {
            bounds: parts.into_iter().collect(),
            run_parts: None,
            ends: None,
        }));
        let rule = |rule: &str| col("learning_rule").eq(lit(rule));
        assert_eq!(kept(&parts, rule("sgdm")).await, [false, true, true]);
        assert_eq!(kept(&parts, rule("adam")).await, [true, true, true]);
        assert_eq!(kept(&parts, rule("zero")).await, [false, false, true]);
        let runs = vec![lit("adam-8"), lit("adam-9")];
        assert_eq!(
            kept(&parts, col("run_id").in_list(runs, false)).await,
            [false, true, true]
        );
        assert_eq!(
            kept(&parts, col("epoch").gt(lit(100))).await,
            [true, false, true]
        );
        // What is not bounded rules nothing out.
        assert_eq!(kept(&parts, col("layer").eq(lit("fc4"))).await, [true; 3]);
        let either = rule("sgdm").or(col("layer").eq(lit("fc4")));
        assert_eq!(kept(&parts, either).await, [true; 3]);
    }

    #[tokio::test]
    async fn files_of_other_runs_are_left_out() {
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
        assert_eq!(kept(&runs, run).await, [false, true, true]);
        assert_eq!(
            kept(&runs, col("run_id").like(lit("sgdm%"))).await,
            [false, true, true]
        );
    }

    #[test]
    fn parts_without_a_run_are_left_out() {
        let files = ["a", "b", "c"].map(Path::from);
        let parts_of = |of: &[(&str, &str)]| {
            let of = of.iter().map(|(run, part)| {
                let parts: PartsOfRun = Arc::from([Path::from(*part)]);
                ((*run).to_owned(), parts)
            });
            of.collect()
        };
        let bounds = FileBounds::Runs(Arc::default());
        let known = Known {
            bounds: &bounds,
            files: &files.iter().collect::<Vec<_>>(),
            schema: &trajectories::file_schema(),
            parts_of_runs: parts_of(&[("adam-1", "a"), ("adam-2", "b"), ("sgdm-1", "elsewhere")]),
        };
        let contained = |column: &str, runs: &[&str]| {
            let runs = runs.iter().map(|run| ScalarValue::from(*run)).collect();
            let contained = known.contained(&Column::from_name(column), &runs)?;
            Some(contained.iter().collect::<Vec<_>>())
        };
        let (no, perhaps) = (Some(false), None);
        assert_eq!(
            contained("run_id", &["adam-1"]),
            Some(vec![perhaps, no, no])
        );
        assert_eq!(
            contained("run_id", &["adam-1", "adam-2"]),
            Some(vec![perhaps, perhaps, no])
        );
        assert_eq!(contained("run_id", &["sgdm-1"]), Some(vec![no; 3]));
        // Of a run that the index lacks it says nothing.
        assert_eq!(contained("run_id", &["adam-1", "adam-9"]), None);
        assert_eq!(contained("layer", &["adam-1"]), None);
    }
}
