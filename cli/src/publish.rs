//! `engram publish`: from a sweep to a release.

use clap::Args;
use engram_release::{PublishSettings, edition, publish};
use engram_schemas::DatasetLocation;
use indicatif::ProgressBar;

use crate::printing::say;
use crate::session_arguments::OpeningArguments;

/// Write a dataset as a release: few sorted files, a manifest with the hash of each, a card, a citation, metadata
///
/// A release is complete, unless --allow-partial says otherwise, and never changed. It appears with its manifest, which is
/// written last; a command that was stopped goes on when it is given again. Equal datasets make equal bytes.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct PublishArgs {
    /// The dataset that `engram generate` made: a folder, or a URL (file://, s3://, gs://, az://)
    #[arg(long, value_name = "URL")]
    from: String,

    /// An empty place for the release: a folder or a URL
    #[arg(long, value_name = "URL")]
    to: String,

    /// The version of the release, as in 1.0.0
    #[arg(long, value_name = "VERSION", value_parser = edition::version)]
    version: String,

    /// What the release is called; by default the last part of --from
    #[arg(long)]
    name: Option<String>,

    /// What it is about, in a sentence
    #[arg(long, default_value = "")]
    description: String,

    /// Who made it; may be given several times
    #[arg(long, value_name = "NAME")]
    author: Vec<String>,

    /// Its licence, by its SPDX name
    #[arg(long, value_name = "SPDX", default_value = "CC-BY-4.0")]
    license: String,

    /// Where people will find it
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// When it is published; not asked of the clock, so that equal datasets make equal releases
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = edition::date)]
    date: Option<String>,

    /// Publish though planned runs are missing; the manifest and the card name them
    #[arg(long)]
    allow_partial: bool,

    #[command(flatten)]
    pub(crate) opening: OpeningArguments,
}

const EXAMPLES: &str = "\
Examples:
  engram publish --from data/digits --to releases/digits-1.0.0 --version 1.0.0 --author \"A. Person\"
  engram verify releases/digits-1.0.0
  engram sql --at releases/digits-1.0.0 \"SELECT learning_rule, count(*) FROM runs GROUP BY ALL\"";

/// Runs the command.
///
/// # Errors
/// For a dataset that lacks runs, and a place that is taken or cannot be written to.
pub(crate) async fn run(arguments: PublishArgs) -> anyhow::Result<()> {
    let to = DatasetLocation::open_to_write(&arguments.to)?;
    let session = arguments.opening.open(&arguments.from).await?;
    let settings = PublishSettings {
        name: arguments
            .name
            .unwrap_or_else(|| name_of(session.location())),
        version: arguments.version,
        description: arguments.description,
        authors: arguments.author,
        license: arguments.license,
        url: arguments.url,
        date: arguments.date,
        allow_partial: arguments.allow_partial,
        ..PublishSettings::default()
    };
    // Drawn to standard error, and only where that is a terminal.
    let progress = ProgressBar::new_spinner();
    progress.set_message("checking the bytes of every run");
    progress.enable_steady_tick(std::time::Duration::from_millis(100));
    let published = publish(&session, &to, &settings, |part| {
        progress.set_message(format!("wrote {part}"));
    })
    .await?;
    progress.finish_and_clear();
    let manifest = &published.manifest;
    let what = format!("{} {}", manifest.name, manifest.version);
    if published.was_there {
        say(&format!("{what} is there already, with the same content"));
        return Ok(());
    }
    for table in &manifest.tables {
        let bytes: u64 = table.parts.iter().map(|part| part.file.size_bytes).sum();
        let (name, n_parts) = (&table.name, table.parts.len());
        say(&format!(
            "{name}: {} rows in {n_parts} files, {:.1} MB",
            table.n_rows,
            bytes as f64 / 1e6
        ));
    }
    if published.n_repeated > 0 {
        say(&format!(
            "{} rows that were there twice are there once",
            published.n_repeated
        ));
    }
    if !manifest.missing.is_empty() {
        say(&format!(
            "{} of {} planned runs are missing",
            manifest.missing.len(),
            manifest.n_planned
        ));
    }
    say(&format!("{what}: {} runs at {}", manifest.n_runs, to.url()));
    Ok(())
}

/// The last part of a place, or what the program is called.
fn name_of(location: &DatasetLocation) -> String {
    location.root().filename().unwrap_or("engram").to_owned()
}
