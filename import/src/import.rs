//! The whole way: pickle, runs, files, release.

use std::path::Path;

use bytes::Bytes;
use engram_engine::Session;
use engram_pickle::PublishedDataset;
use engram_pickle::published_dataset::{Meaning, Spellings};
use engram_release::{PublishSettings, Published, Table, publish};
use engram_schemas::{DatasetLocation, Observable, RunFile, file_hash, layout};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::examples::{self, Run};
use crate::{Error, Result, further, run_files};

/// The name of the plan of an imported dataset.
const PLAN: &str = "lr-identify";

/// Epochs between two checkpoints of the study.
pub const EPOCHS_PER_CHECKPOINT: u32 = 5;

/// How a published dataset is understood, and what its release is called.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportSettings {
    /// What its names mean that are not recognised by themselves.
    pub spellings: Spellings,
    /// Fields of `meta` that tell runs apart, beside those that are recognised.
    pub run_fields: Vec<String>,
    /// Epochs between two checkpoints, of which the first is before training.
    pub epochs_per_checkpoint: u32,
    /// The release.
    pub release: PublishSettings,
}

/// A dataset that was imported.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// Its release.
    pub published: Published,
    /// How many examples it has.
    pub n_examples: usize,
    /// What was understood, and what was not, in sentences.
    pub notes: Vec<String>,
}

/// Reads `pickle` and writes it to `to` as a release. Nothing in the pickle is run.
///
/// # Errors
/// [`Error::Pickle`] for one that is not read, the errors of [`examples::runs`], and those of [`publish()`].
pub async fn import(
    pickle: Bytes,
    to: &DatasetLocation,
    settings: &ImportSettings,
    on_part: impl Fn(&str) + Send + Sync,
) -> Result<Imported> {
    let source_sha256 = file_hash::hexadecimal(&Sha256::digest(&pickle));
    let dataset = {
        let value = engram_pickle::read(pickle)?;
        PublishedDataset::try_new_with(&value, settings.spellings.clone())?
    };
    let runs: Vec<(String, Run)> = examples::runs(&dataset, &settings.run_fields)?
        .into_iter()
        .map(|run| {
            let configuration =
                run_files::configuration(&run.key, &settings.run_fields, &source_sha256);
            (run_files::run_id(&configuration), run)
        })
        .collect();
    let notes = notes(&dataset, &runs);

    let folder = tempfile::tempdir().map_err(|source| Error::Write {
        path: std::env::temp_dir(),
        source,
    })?;
    write_sweep(folder.path(), &dataset, &runs, settings, &source_sha256)?;
    let further = further_table(&dataset, &runs)?;
    let n_examples = dataset.n_examples;
    drop(dataset);
    let sweep = DatasetLocation::open(&folder.path().display().to_string())?;
    let session = Session::open(&sweep).await?;
    let release = PublishSettings {
        tables: vec![further],
        ..settings.release.clone()
    };
    let published = publish(&session, to, &release, on_part).await?;
    Ok(Imported {
        published,
        n_examples,
        notes,
    })
}

/// Writes the files of the runs, and a plan that names them.
fn write_sweep(
    folder: &Path,
    dataset: &PublishedDataset,
    runs: &[(String, Run)],
    settings: &ImportSettings,
    source_sha256: &str,
) -> Result<()> {
    let root = object_store::path::Path::default();
    let mut planned = Vec::new();
    for (run_id, run) in runs {
        let configuration = run_files::configuration(&run.key, &settings.run_fields, source_sha256);
        let file = RunFile {
            task: run.key.task,
            architecture: run.key.architecture,
            run_id: run_id.clone(),
            observation_id: None,
        };
        let bytes = run_files::to_parquet(
            dataset,
            run,
            run_id,
            &configuration,
            settings.epochs_per_checkpoint,
        )?;
        write(&folder.join(file.path(&root).as_ref()), &bytes)?;
        planned.push(json!({ "run_id": run_id, "configuration": configuration }));
    }
    let plan = json!({
        "name": PLAN,
        "imported_from": { "format": "lr-identify", "sha256": source_sha256 },
        "epochs_per_checkpoint": settings.epochs_per_checkpoint,
        "runs": planned,
    });
    let plan_file = layout::sweep_log(&root, PLAN);
    write(
        &folder.join(plan_file.as_ref()),
        plan.to_string().as_bytes(),
    )
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, bytes))
        .map_err(|source| Error::Write {
            path: path.to_owned(),
            source,
        })
}

/// The table of what has no column elsewhere, as a file.
fn further_table(dataset: &PublishedDataset, runs: &[(String, Run)]) -> Result<Table> {
    let encode = |source| Error::Encode {
        what: format!("the table {}", further::TABLE),
        source,
    };
    let rows = further::table(dataset, runs)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(format!("engram {}", env!("CARGO_PKG_VERSION")))
        .build();
    let mut writer =
        ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties)).map_err(encode)?;
    writer.write(&rows).map_err(encode)?;
    Ok(Table {
        name: further::TABLE.to_owned(),
        parquet: writer.into_inner().map_err(encode)?.into(),
    })
}

/// What was understood of a dataset, and what was not.
fn notes(dataset: &PublishedDataset, runs: &[(String, Run)]) -> Vec<String> {
    let (n_examples, n_runs) = (dataset.n_examples, runs.len());
    let mut notes = vec![format!(
        "{n_examples} examples of {n_runs} runs, {} checkpoints, {} statistics",
        dataset.n_checkpoints,
        dataset.statistics.len()
    )];
    for meaning in Meaning::ALL {
        if let Some(field) = dataset
            .field(meaning)
            .filter(|field| field.name != meaning.as_str())
        {
            notes.push(format!(
                "the field `{}` is the {}",
                field.name,
                meaning.as_str()
            ));
        }
    }
    for meaning in examples::stand_ins(dataset) {
        notes.push(format!(
            "no field is the {}: it is 0 in every row",
            meaning.as_str()
        ));
    }
    let table = further::TABLE;
    let unknown: Vec<&str> = dataset.unrecognised_fields().collect();
    if !unknown.is_empty() {
        notes.push(format!(
            "not recognised, and kept in the table {table} alone: the fields {}",
            unknown.join(", ")
        ));
    }
    let unknown: Vec<&str> = dataset.unrecognised_statistics().collect();
    if !unknown.is_empty() {
        notes.push(format!(
            "not recognised, and kept in the table {table} alone: the statistics {}",
            unknown.join(", ")
        ));
    }
    let missing: Vec<String> = Observable::all()
        .filter(|observable| {
            let mut statistics = dataset.statistics.iter();
            !statistics.any(|statistic| statistic.observable == Some(*observable))
        })
        .map(Observable::column)
        .collect();
    if !missing.is_empty() {
        notes.push(format!(
            "the dataset does not have these statistics, which are NaN in every row: {}",
            missing.join(", ")
        ));
    }
    for (field, why) in further::left_out(dataset) {
        notes.push(format!("the field `{field}` is left out: {why}"));
    }
    notes
}
