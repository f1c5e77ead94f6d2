//! Small datasets that no network was trained for: files as a generator writes them, with numbers that follow from the
//! run's identity and carry its learning rule.

mod recordings;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use engram_schemas::trajectories::{self, column};
use engram_schemas::{
    Architecture, CODE_VERSION_KEY, CONFIGURATION_KEY, Definition, Depth, LearningRule, Observable,
    RunFile, SCHEMA_VERSION, SCHEMA_VERSION_KEY, Status, Task,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

/// What can go wrong while a dataset is written: the disk.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// One run to pretend.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its architecture.
    pub architecture: Architecture,
    /// Its learning rule.
    pub learning_rule: LearningRule,
    /// Its batch size.
    pub batch_size: i32,
    /// Its model seed.
    pub model_seed: i64,
    /// How it ended.
    pub status: Status,
    /// Its checkpoints.
    pub epochs: Vec<i32>,
    /// Values to put in place of the pretended ones: layer, epoch, column, value.
    pub replaced: Vec<(usize, i32, &'static str, f64)>,
}

/// The runs of a small sweep: every learning rule on knet4 and knet5 with `n_seeds` model seeds.
pub fn sweep(n_seeds: i64, epochs: &[i32]) -> Vec<Run> {
    let mut runs = Vec::new();
    for architecture in [Architecture::Knet4, Architecture::Knet5] {
        for learning_rule in LearningRule::STUDIED {
            for model_seed in 0..n_seeds {
                runs.push(Run {
                    architecture,
                    learning_rule,
                    batch_size: 32 << (model_seed % 2),
                    model_seed,
                    status: Status::Trained,
                    epochs: epochs.to_vec(),
                    replaced: Vec::new(),
                });
            }
        }
    }
    runs
}

/// Writes runs to a dataset's folder.
///
/// # Errors
/// When a file cannot be written.
pub fn write(dataset: &Path, runs: &[Run]) -> Result<()> {
    runs.iter().try_for_each(|run| run.write(dataset).map(drop))
}

/// Writes the plan that a generator would have left.
///
/// # Errors
/// When the file cannot be written.
pub fn write_plan(dataset: &Path, runs: &[Run]) -> Result<()> {
    let planned = runs.iter().map(Run::run_id);
    let planned = planned.map(|run_id| format!(r#"{{"run_id":"{run_id}","configuration":{{}}}}"#));
    let planned: Vec<String> = planned.collect();
    let plan = format!(
        r#"{{"sweep":"pretended","data":{{"wsn":"/home/me"}},"runs":[{}]}}"#,
        planned.join(",")
    );
    let logs = dataset.join("logs");
    std::fs::create_dir_all(&logs)?;
    std::fs::write(logs.join("pretended.sweep.json"), plan)?;
    Ok(())
}

impl Run {
    /// The run's name, readable where a real one is a hash.
    pub fn run_id(&self) -> String {
        format!(
            "{}-{}-b{}-s{}",
            self.learning_rule, self.architecture, self.batch_size, self.model_seed
        )
    }

    /// The file that the run has in a dataset.
    pub fn file(&self, dataset: &Path) -> PathBuf {
        dataset.join(self.run_file().path(&object_root()).as_ref())
    }

    fn run_file(&self) -> RunFile {
        RunFile {
            task: Task::Digits,
            architecture: self.architecture,
            run_id: self.run_id(),
            observation_id: None,
        }
    }

    /// Writes the run's file and returns where it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, dataset: &Path) -> Result<PathBuf> {
        let file = self.file(dataset);
        write_parquet(&file, &self.rows()?, SCHEMA_VERSION)?;
        Ok(file)
    }

    /// The run's rows: by epoch, then layer.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn rows(&self) -> Result<RecordBatch> {
        let layers = self.layers();
        let n_layers = layers.len();
        let keys: Vec<(i32, usize)> = self
            .epochs
            .iter()
            .flat_map(|&epoch| (0..n_layers).map(move |layer| (epoch, layer)))
            .collect();
        let n = keys.len();
        let text = |value: String| -> ArrayRef { Arc::new(StringArray::from(vec![value; n])) };
        let real = |value: &dyn Fn(i32, usize) -> f64| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(
                keys.iter().map(|&(epoch, layer)| value(epoch, layer)),
            ))
        };
        let maybe = |value: &dyn Fn(i32, usize) -> Option<f64>| -> ArrayRef {
            Arc::new(Float64Array::from_iter(
                keys.iter().map(|&(epoch, layer)| value(epoch, layer)),
            ))
        };
        let integer = |value: &dyn Fn(i32, usize) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(
                keys.iter().map(|&(epoch, layer)| value(epoch, layer)),
            ))
        };
        let small = |value: &dyn Fn(i32, usize) -> i32| -> ArrayRef {
            Arc::new(Int32Array::from_iter_values(
                keys.iter().map(|&(epoch, layer)| value(epoch, layer)),
            ))
        };
        let named = |value: &dyn Fn(usize) -> String| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(
                keys.iter().map(|&(_, layer)| value(layer)),
            ))
        };
        let learned = |epoch: i32| 1.0 - (-f64::from(epoch) / 3.0).exp();
        let schema = trajectories::file_schema();
        let observed: Vec<String> = Observable::all().map(Observable::column).collect();
        let columns = schema
            .fields()
            .iter()
            .map(|field| match field.name().as_str() {
                column::RUN_ID => text(self.run_id()),
                column::LEARNING_RULE => text(self.learning_rule.to_string()),
                column::BATCH_SIZE => small(&|_, _| self.batch_size),
                column::MODEL_SEED => integer(&|_, _| self.model_seed),
                column::DATASET_SEED | column::OBSERVATION_SEED => integer(&|_, _| 0),
                column::LEARNING_RATE => real(&|_, _| 0.1),
                column::STATUS => text(self.status.to_string()),
                column::LAYER => named(&|layer| layers[layer].to_owned()),
                column::LAYER_INDEX => small(&|_, layer| layer as i32),
                column::DEPTH => named(&|layer| Depth::of_layer(layer, n_layers).to_string()),
                column::N_UNITS => integer(&|_, layer| 2048 >> layer),
                column::N_WEIGHTS => integer(&|_, layer| 2400 << layer),
                column::EPOCH => small(&|epoch, _| epoch),
                column::STEP => integer(&|epoch, _| i64::from(epoch) * 42),
                column::VALIDATION_LOSS => real(&|epoch, _| 2.3 * (1.0 - 0.9 * learned(epoch))),
                column::VALIDATION_ACCURACY => real(&|epoch, _| 0.1 + 0.85 * learned(epoch)),
                column::UNIT_FRACTION => real(&|_, _| 1.0),
                column::NOISE_STDDEV => real(&|_, _| 0.0),
                column::DEFINITION => text(Definition::Standard.to_string()),
                column::FEEDBACK_ANGLE => {
                    maybe(&|_, layer| self.has_feedback().then_some(90.0 - 10.0 * layer as f64))
                }
                column::GRADIENT_ANGLE => maybe(&|epoch, layer| {
                    self.has_feedback()
                        .then_some(f64::from(epoch) + layer as f64)
                }),
                name => {
                    let place = observed
                        .iter()
                        .position(|column| column == name)
                        .unwrap_or_default();
                    real(&|epoch, layer| self.value(name, place, epoch, layer, learned(epoch)))
                }
            })
            .collect();
        Ok(RecordBatch::try_new(schema, columns)?)
    }

    /// Whether the rule has feedback kernels, and with them angles.
    fn has_feedback(&self) -> bool {
        !matches!(self.learning_rule, LearningRule::Sgdm | LearningRule::Adam)
    }

    fn layers(&self) -> &'static [&'static str] {
        match self.architecture {
            Architecture::Knet5 | Architecture::Knet5Lrn => {
                &["conv1", "conv2", "conv3", "conv4", "fc5"]
            }
            _ => &["conv1", "conv2", "conv3", "fc4"],
        }
    }

    /// A statistic that starts where layer and column put it and moves to where the learning rule draws it, with noise
    /// that is the run's own.
    fn value(&self, name: &str, place: usize, epoch: i32, layer: usize, learned: f64) -> f64 {
        let replaced = self
            .replaced
            .iter()
            .find(|(l, e, c, _)| (*l, *e, *c) == (layer, epoch, name));
        if let Some((_, _, _, value)) = replaced {
            return *value;
        }
        let rule = LearningRule::STUDIED
            .iter()
            .position(|rule| *rule == self.learning_rule)
            .unwrap_or_default();
        let target = ((place * 7 + rule * 13) % 11) as f64 / 11.0;
        let noise = hash(&format!("{}/{layer}/{epoch}/{name}", self.run_id())) - 0.5;
        1.0 + layer as f64 / 4.0 + learned * target + 0.2 * noise
    }
}

/// Writes rows as a generator does, with a schema version of the caller's choice.
///
/// # Errors
/// When the file cannot be written.
pub fn write_parquet(file: &Path, rows: &RecordBatch, schema_version: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let entry = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_key_value_metadata(Some(vec![
            entry(SCHEMA_VERSION_KEY, schema_version),
            entry(CODE_VERSION_KEY, env!("CARGO_PKG_VERSION")),
            entry(CONFIGURATION_KEY, "{}"),
        ]))
        .build();
    let mut writer = ArrowWriter::try_new(File::create(file)?, rows.schema(), Some(properties))?;
    writer.write(rows)?;
    writer.close()?;
    Ok(())
}

fn object_root() -> object_store::path::Path {
    Default::default()
}

/// A number in [0, 1) that follows from a text: FNV-1a, with its bits mixed once more.
fn hash(text: &str) -> f64 {
    let folded = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (folded ^ (folded >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}
