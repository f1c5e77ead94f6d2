//! A dataset of the study's size that nothing was trained for: 1,056 runs, 20,736 examples, 21 checkpoints, 45 observables.
//!
//! Runs, layers, names and folders are those of `sweeps/paper.toml`, and the files are encoded as the generator encodes
//! them, so that a reader has the work that it will have. The values follow from the run's name: each is a number of its
//! layer that learning moves, with noise, so that no digit repeats. The 24 statistics that are admissible in the study are
//! finite everywhere; each of the others is NaN or infinite in one layer of 64 from the middle of training on. A multiple
//! of the size has more model seeds. No run diverges, and no angle is observed.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, ListArray};
use arrow::array::{RecordBatch, StringArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Schema};
use engram_plan::{LayerSpec, PlannedRun, SweepFile};
use engram_schemas::observable::{Function, Measure, Statistic};
use engram_schemas::trajectories::{column, file_schema};
use engram_schemas::{
    CODE_VERSION_KEY, CONFIGURATION_KEY, Definition, Observable, SCHEMA_VERSION,
    SCHEMA_VERSION_KEY, Status,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;

/// Examples of the study.
pub const N_EXAMPLES: usize = 20_736;

/// Checkpoints of every run.
pub const N_CHECKPOINTS: usize = 21;

/// Statistics that are finite in every example.
pub const N_ADMISSIBLE: usize = 24;

/// The column of a file of lists.
pub const LISTS_COLUMN: &str = "values";

/// Says in the dataset's folder that all of it is there, and which version of this file wrote it.
const STAMP: &str = "paper_sized";
const VERSION: &str = "3";

/// What can go wrong: the disk, and the sweep file.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Writes the dataset, `times` the study's size, unless it is there.
///
/// # Errors
/// When a file cannot be written or the sweep file is not there.
pub fn write(dataset: &Path, times: usize) -> Result<()> {
    let stamp = format!("{VERSION} {times}");
    let stamp_file = dataset.join(STAMP);
    if std::fs::read_to_string(&stamp_file).is_ok_and(|found| found == stamp) {
        return Ok(());
    }
    if dataset.exists() {
        std::fs::remove_dir_all(dataset)?;
    }
    runs(times)?
        .par_iter()
        .try_for_each(|run| write_run(dataset, run))?;
    Ok(std::fs::write(stamp_file, stamp)?)
}

/// The runs of a dataset of `times` the study's size.
///
/// # Errors
/// When the sweep file is not there.
pub fn runs(times: usize) -> Result<Vec<PlannedRun>> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sweep = SweepFile::read(&repository.join("sweeps/paper.toml"))?;
    let n_seeds = sweep.model_seeds.len() * times;
    sweep.model_seeds = (0..n_seeds as u64).collect();
    Ok(sweep.plan()?.runs)
}

/// Writes `n_lists` lists of `length` numbers, bell-shaped around 0, to a Parquet file, unless it is there.
///
/// # Errors
/// When the file cannot be written.
pub fn write_lists(file: &Path, n_lists: usize, length: usize) -> Result<()> {
    if file.exists() {
        return Ok(());
    }
    let uniform = |key: usize| unit(mix(key as u64)) - 0.5;
    let values: Vec<f32> = (0..n_lists * length)
        .into_par_iter()
        .map(|place| (0..4).map(|part| uniform(4 * place + part)).sum::<f64>() as f32)
        .collect();
    let item = Arc::new(Field::new_list_field(DataType::Float32, false));
    let schema = Schema::new(vec![Field::new_list(
        LISTS_COLUMN,
        Arc::clone(&item),
        false,
    )]);
    let lists = ListArray::try_new(
        item,
        OffsetBuffer::from_repeated_length(length, n_lists),
        Arc::new(Float32Array::from(values)),
        None,
    )?;
    let rows = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(lists)])?;
    let properties = WriterProperties::builder().set_dictionary_enabled(false);
    let unfinished = file.with_extension("unfinished");
    write_parquet(&unfinished, &rows, properties.build())?;
    Ok(std::fs::rename(unfinished, file)?)
}

/// Whether a statistic is finite in every example, in the study and here.
pub fn is_admissible(observable: Observable) -> bool {
    use Statistic::{Mean, Median, Norm, ThirdQuartile, Var};
    let Observable {
        measure,
        function,
        statistic,
    } = observable;
    match (measure, function) {
        (Measure::Weight, Function::Square) => matches!(statistic, Mean | Median | ThirdQuartile),
        (Measure::Weight, _) => matches!(statistic, Mean | Median | Norm | ThirdQuartile | Var),
        (Measure::Activation, Function::Square) => false,
        (Measure::Activation, _) => matches!(statistic, Mean | Median | Norm | ThirdQuartile),
        (Measure::ActivityChange, _) => true,
    }
}

fn write_run(dataset: &Path, run: &PlannedRun) -> Result<()> {
    let file = dataset.join(run.file().path(&Default::default()).as_ref());
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    write_parquet(&file, &rows(run)?, properties(run))
}

fn write_parquet(file: &Path, rows: &RecordBatch, properties: WriterProperties) -> Result<()> {
    let mut writer = ArrowWriter::try_new(File::create(file)?, rows.schema(), Some(properties))?;
    writer.write(rows)?;
    writer.close()?;
    Ok(())
}

/// The generator's: zstd, and for observed values neither dictionary nor bounds.
fn properties(run: &PlannedRun) -> WriterProperties {
    let entry = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_key_value_metadata(Some(vec![
            entry(SCHEMA_VERSION_KEY, SCHEMA_VERSION.to_owned()),
            entry(CODE_VERSION_KEY, env!("CARGO_PKG_VERSION").to_owned()),
            entry(CONFIGURATION_KEY, run.configuration.to_json()),
        ]));
    let angles = [column::FEEDBACK_ANGLE, column::GRADIENT_ANGLE].map(str::to_owned);
    for name in Observable::all().map(Observable::column).chain(angles) {
        let column = ColumnPath::from(name);
        builder = builder
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column.clone(), Encoding::PLAIN)
            .set_column_statistics_enabled(column, EnabledStatistics::None);
    }
    builder.build()
}

/// A row of a run: its layer's place and its epoch.
type Row = (usize, usize);

/// The rows of a run, by layer and epoch.
///
/// # Errors
/// For a run of an architecture whose layers are not known.
pub fn rows(run: &PlannedRun) -> Result<RecordBatch> {
    let configuration = &run.configuration;
    let layers = configuration.layers()?;
    let rows: Vec<Row> = (0..layers.len())
        .flat_map(|layer| configuration.checkpoints().map(move |epoch| (layer, epoch)))
        .collect();
    let text = |value: &dyn Fn(&LayerSpec) -> String| -> ArrayRef {
        let values = rows.iter().map(|&(layer, _)| value(&layers[layer]));
        Arc::new(StringArray::from_iter_values(values))
    };
    let int = |value: &dyn Fn(Row) -> usize| -> ArrayRef {
        let values = rows.iter().map(|&row| value(row) as i32);
        Arc::new(Int32Array::from_iter_values(values))
    };
    let long = |value: &dyn Fn(Row) -> usize| -> ArrayRef {
        let values = rows.iter().map(|&row| value(row) as i64);
        Arc::new(Int64Array::from_iter_values(values))
    };
    let float = |value: &dyn Fn(Row) -> f64| -> ArrayRef {
        let values = rows.iter().map(|&row| value(row));
        Arc::new(Float64Array::from_iter_values(values))
    };
    let seed = u64::from_str_radix(run.run_id.get(..16).unwrap_or_default(), 16)?;
    let rule = configuration.learning_rule.rule();
    let observables: Vec<(String, Observable)> = Observable::all()
        .map(|observable| (observable.column(), observable))
        .collect();
    let schema = file_schema();
    let columns = schema
        .fields()
        .iter()
        .map(|field| match field.name().as_str() {
            column::RUN_ID => text(&|_| run.run_id.clone()),
            column::LEARNING_RULE => text(&|_| rule.to_string()),
            column::BATCH_SIZE => int(&|_| configuration.batch_size),
            column::MODEL_SEED => long(&|_| configuration.model_seed as usize),
            column::DATASET_SEED => long(&|_| configuration.dataset_seed as usize),
            column::LEARNING_RATE => float(&|_| configuration.learning_rate),
            column::STATUS => text(&|_| Status::Trained.to_string()),
            column::LAYER => text(&|layer| layer.name.clone()),
            column::LAYER_INDEX => int(&|(layer, _)| layer),
            column::DEPTH => text(&|layer| layer.depth.to_string()),
            column::N_UNITS => long(&|(layer, _)| layers[layer].n_units),
            column::N_WEIGHTS => long(&|(layer, _)| layers[layer].n_weights()),
            column::EPOCH => int(&|(_, epoch)| epoch),
            column::STEP => long(&|(_, epoch)| epoch * 5_004),
            column::VALIDATION_LOSS => float(&|(_, epoch)| 6.9 * (1.0 - 0.8 * learned(epoch))),
            column::VALIDATION_ACCURACY => float(&|(_, epoch)| 0.7 * learned(epoch)),
            column::UNIT_FRACTION => float(&|_| 1.0),
            column::NOISE_STDDEV => float(&|_| 0.0),
            column::OBSERVATION_SEED => long(&|_| 0),
            column::DEFINITION => text(&|_| Definition::Standard.to_string()),
            column::FEEDBACK_ANGLE | column::GRADIENT_ANGLE => {
                Arc::new(Float64Array::new_null(rows.len()))
            }
            name => {
                let place = observables.iter().position(|(column, _)| column == name);
                let place = place.unwrap_or_default();
                let goal = ((place * 7 + rule as usize * 13) % 11) as f64 / 11.0;
                let is_admissible = is_admissible(observables[place].1);
                float(&|(layer, epoch)| {
                    let of_layer = mix(seed ^ mix(((layer as u64) << 8) | place as u64));
                    let is_late = epoch * 2 >= configuration.epochs;
                    if !is_admissible && is_late && of_layer.is_multiple_of(64) {
                        return if place.is_multiple_of(2) {
                            f64::INFINITY
                        } else {
                            f64::NAN
                        };
                    }
                    let noise = unit(mix(of_layer ^ (epoch as u64 + 1))) - 0.5;
                    let start = (4.0 * unit(of_layer) - 2.0).exp();
                    start * (1.0 + goal * learned(epoch) + 0.1 * noise)
                })
            }
        });
    Ok(RecordBatch::try_new(schema.clone(), columns.collect())?)
}

/// How much of what can be learned is learned by an epoch.
fn learned(epoch: usize) -> f64 {
    1.0 - (-(epoch as f64) / 30.0).exp()
}

/// A number that looks random and follows from another one.
///
/// # References
/// Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014: the output function of SplitMix64.
fn mix(key: u64) -> u64 {
    let mixed = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A number in [0, 1) from random bits.
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_statistics_are_admissible_as_in_the_study() {
        let admissible = Observable::all().filter(|&observable| is_admissible(observable));
        assert_eq!(admissible.count(), N_ADMISSIBLE);
    }

    #[test]
    fn the_plan_has_the_studys_examples() -> Result<()> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let sweep = SweepFile::read(&repository.join("sweeps/paper.toml"))?;
        assert_eq!(sweep.plan()?.n_examples()?, N_EXAMPLES);
        Ok(())
    }
}
