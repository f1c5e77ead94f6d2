//! `engram import`: other people's datasets, as releases.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use engram_import::{ImportSettings, import};
use engram_pickle::published_dataset::{Meaning, Spellings};
use engram_release::{PublishSettings, edition};
use engram_schemas::DatasetLocation;
use indicatif::ProgressBar;

use crate::printing::say;

/// Bring a dataset of others in, as a release
#[derive(Args, Clone, Debug)]
pub(crate) struct ImportArgs {
    #[command(subcommand)]
    format: Format,
}

#[derive(Clone, Debug, Subcommand)]
enum Format {
    LrIdentify(LrIdentifyArgs),
}

/// The pickle that the 2020 study published: statistics of its 1,056 networks
///
/// Nothing in the file is run: it is read by a parser that knows NumPy's arrays, texts, numbers, lists and dicts, and refuses
/// everything else by name. What it holds becomes an ordinary release, for SQL, `engram reproduce` and `engram report`. Fields
/// and statistics that are not recognised are named, and kept in the table `published_examples`.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = EXAMPLES)]
struct LrIdentifyArgs {
    /// The file: a dict of `X`, `obs_keys`, `X_cat`, `Y` and `meta`
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// An empty place for the release: a folder or a URL (file://, s3://, gs://, az://)
    #[arg(long, value_name = "URL")]
    to: String,

    /// Which field of `meta` is what, as in task=trainset; may be given several times
    ///
    /// What can be told: learning_rule, task, architecture, layer, batch_size, model_seed, dataset_seed, definition,
    /// unit_fraction, noise_stddev, observation_seed. Usual names are recognised without it.
    #[arg(long = "field", value_name = "WHAT=FIELD", value_parser = field)]
    fields: Vec<(Meaning, String)>,

    /// What a name of a task, architecture or learning rule stands for, as in sup-v2=imagenet; may be given several times
    #[arg(long = "name", value_name = "THEIRS=OURS", value_parser = pair)]
    names: Vec<(String, String)>,

    /// A further field of `meta` that tells runs apart; may be given several times
    #[arg(long = "run-field", value_name = "FIELD")]
    run_fields: Vec<String>,

    /// Epochs between two checkpoints, of which the first is before training, where the file does not tell the epochs
    #[arg(long, value_name = "N", default_value_t = engram_import::EPOCHS_PER_CHECKPOINT, value_parser = clap::value_parser!(u32).range(1..))]
    epochs_per_checkpoint: u32,

    /// What the release is called
    #[arg(
        long = "release-name",
        value_name = "NAME",
        default_value = "lr-identify"
    )]
    release_name: String,

    /// Its version
    #[arg(long, default_value = "1.0.0", value_parser = edition::version)]
    version: String,

    /// The dataset's licence, by its SPDX name; the file does not tell it
    #[arg(long, value_name = "SPDX", default_value = "NOASSERTION")]
    license: String,
}

const EXAMPLES: &str = "\
Examples:
  engram import lr-identify dataset.pkl --to releases/lr-identify
  engram sql --at releases/lr-identify \"SELECT learning_rule, count(*) FROM runs GROUP BY ALL\"

  Where fields and names are others:
    engram import lr-identify dataset.pkl --to releases/lr-identify --field task=trainset --name sup-v2=imagenet";

/// Who observed the networks.
const AUTHORS: [&str; 4] = [
    "Aran Nayebi",
    "Sanjana Srivastava",
    "Surya Ganguli",
    "Daniel L. K. Yamins",
];

/// Runs the command.
///
/// # Errors
/// For a file that is not read, and a place that is taken or cannot be written to.
pub(crate) async fn run(arguments: ImportArgs) -> anyhow::Result<()> {
    let Format::LrIdentify(arguments) = arguments.format;
    let to = DatasetLocation::open_to_write(&arguments.to)?;
    let pickle = std::fs::read(&arguments.file)
        .with_context(|| format!("cannot read {}", arguments.file.display()))?;
    let settings = ImportSettings {
        spellings: Spellings {
            fields: arguments.fields,
            names: arguments.names.into_iter().collect(),
        },
        run_fields: arguments.run_fields,
        epochs_per_checkpoint: arguments.epochs_per_checkpoint,
        release: PublishSettings {
            name: arguments.release_name,
            version: arguments.version,
            description: "Statistics of weights, activations and layer-wise activity change along the training of the \
                          networks of \"Identifying Learning Rules From Neural Network Observables\", as published"
                .to_owned(),
            authors: AUTHORS.map(str::to_owned).to_vec(),
            license: arguments.license,
            ..PublishSettings::default()
        },
    };
    // Drawn to standard error, and only where that is a terminal.
    let progress = ProgressBar::new_spinner();
    progress.set_message("reading");
    progress.enable_steady_tick(std::time::Duration::from_millis(100));
    let imported = import(pickle.into(), &to, &settings, |part| {
        progress.set_message(format!("wrote {part}"));
    })
    .await?;
    progress.finish_and_clear();
    for note in &imported.notes {
        say(note);
    }
    let manifest = &imported.published.manifest;
    let what = format!("{} {}", manifest.name, manifest.version);
    say(&match imported.published.was_there {
        true => format!("{what} is there already, with the same content"),
        false => format!("{what}: {} runs at {}", manifest.n_runs, to.url()),
    });
    Ok(())
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((theirs, ours)) if !theirs.is_empty() && !ours.is_empty() => {
            Ok((theirs.to_owned(), ours.to_owned()))
        }
        _ => Err("it has the form THIS=THAT".to_owned()),
    }
}

fn field(text: &str) -> Result<(Meaning, String), String> {
    let (what, field) = pair(text)?;
    let meaning = Meaning::ALL
        .into_iter()
        .find(|meaning| meaning.as_str() == what);
    let known = Meaning::ALL.map(Meaning::as_str).join(", ");
    let meaning = meaning.ok_or_else(|| format!("`{what}` is none of {known}"))?;
    Ok((meaning, field))
}
