//! `engram identify`: names the learning rule of networks from what was observed of them.

mod report;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use engram_classifiers::{Kind, MaxFeatures, RandomForestSettings, Settings};
use engram_engine::experiments::{SplitBy, SplitSettings};
use engram_engine::feature_matrix::features_of;
use engram_engine::{IdentifySettings, identify_with_progress, queries};
use engram_schemas::observable::Measure;
use indicatif::{ProgressBar, ProgressStyle};

use crate::fitting_arguments::FittingArguments;
use crate::nodes_arguments::NodesArguments;
use crate::printing;
use crate::session_arguments::OpeningArguments;

/// Says how well the learning rule of a network can be told from what is observed of it.
///
/// Every layer of every run is one example: the trajectories of its statistics over the checkpoints, and whether the
/// layer is early, middle or deep. A random forest learns from three quarters of the examples which rule goes with
/// which trajectories, and names the rule of the remaining quarter. That is done for several splits; the mean accuracy
/// is printed with its standard error, beside the accuracy of guessing. The confusion matrix shows which rules are
/// taken for which, and the importances which statistics gave them away.
///
/// The test examples are equally many of every rule. What was asked and what came out is added to the dataset's table
/// `results`, one row a split; asking the same again gives the same rows.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = "\
Examples:
  What can be told from everything that was observed:
    engram identify --at target/demo/sweep

  What an experimenter sees who records activity only:
    engram identify --at target/demo/sweep --measure activation

  Is the rule recognised in networks of which no layer was seen before?
    engram identify --at target/demo/sweep --split-by run

  Other examples, other features: copy queries/features.sql, change it, and
    engram identify --at target/demo/sweep --query my-features.sql

  All experiments so far, as a table:
    engram sql --at target/demo/sweep \\
      \"SELECT result_id, split_by, avg(accuracy) FROM results GROUP BY result_id, split_by\"")]
pub(crate) struct IdentifyArgs {
    /// The dataset: a folder, or a URL (file://, s3://, gs://, az://)
    #[arg(
        long,
        value_name = "URL",
        env = "ENGRAM_DATASET",
        hide_env_values = true
    )]
    pub(crate) at: String,

    /// What is observed; several are separated by commas or given one by one
    ///
    /// A measure's statistics that are not finite in every example are left out, as in the study.
    #[arg(
        long,
        value_enum,
        value_name = "MEASURE",
        value_delimiter = ',',
        default_value = "all",
        conflicts_with = "query"
    )]
    pub(crate) measure: Vec<MeasureChoice>,

    /// A file with the query that builds the feature matrix, in place of queries/features.sql
    #[arg(long, value_name = "FILE.sql")]
    pub(crate) query: Option<PathBuf>,

    /// Number of splits into training and test examples
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) splits: usize,

    /// Share of the examples to test on
    #[arg(long, value_name = "SHARE", default_value_t = 0.25)]
    pub(crate) test_fraction: f64,

    /// What stays on one side of a split: `example` (a layer) or `run` (all layers of a network)
    ///
    /// By example, the classifier is tested on layers of networks whose other layers it has seen. By run, it is tested
    /// on networks that are wholly new to it, which is harder.
    #[arg(long, value_name = "WHAT", default_value_t = SplitBy::Example)]
    pub(crate) split_by: SplitBy,

    /// What learns: random_forest, linear_svm, conv1d_mlp, quant, logistic_regression, nearest_neighbours or naive_bayes
    ///
    /// With the settings that it comes with. `engram reproduce` searches the study's grids.
    #[arg(long, value_name = "NAME", default_value_t = Kind::RandomForest)]
    pub(crate) classifier: Kind,

    /// Trees of the forest: more take longer, and beyond some hundreds they change little
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) trees: usize,

    /// Features that are tried at every split of a tree: sqrt, log2 or all of them
    #[arg(long, value_name = "HOW_MANY", default_value_t = MaxFeatures::Sqrt)]
    pub(crate) max_features: MaxFeatures,

    /// Seed of everything random: equal seeds give equal results
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Read the examples in pieces and keep a byte for each value: for datasets whose feature matrix does not fit the memory
    ///
    /// For random forests. The query is asked three times, and goes on in files where it needs more than --memory-limit. The
    /// trees may differ a little from those on numbers.
    #[arg(long)]
    pub(crate) in_pieces: bool,

    /// A file to save a model in, for `engram diagnose`: learned from all examples, with what the splits tell of it
    #[arg(long, value_name = "FILE.json", conflicts_with = "in_pieces")]
    pub(crate) save: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) opening: OpeningArguments,

    #[command(flatten)]
    pub(crate) nodes: NodesArguments,

    #[command(flatten)]
    fitting: FittingArguments,

    /// Statistics to print, the most important first
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) top: usize,

    /// How to print the outcome
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: OutputFormat,
}

/// What is observed of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum MeasureChoice {
    /// Its weights
    Weight,
    /// The activations of its units
    Activation,
    /// How its units' outputs change with their inputs
    ActivityChange,
    /// All of these
    All,
}

impl MeasureChoice {
    /// The measure; none for all of them.
    pub(crate) fn measure(self) -> Option<Measure> {
        match self.measures() {
            [measure] => Some(*measure),
            _ => None,
        }
    }

    fn measures(self) -> &'static [Measure] {
        match self {
            Self::Weight => &[Measure::Weight],
            Self::Activation => &[Measure::Activation],
            Self::ActivityChange => &[Measure::ActivityChange],
            Self::All => &Measure::ALL,
        }
    }
}

/// How the outcome is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// Text to read
    Table,
    /// One JSON object, with every split
    Json,
}

/// Runs the command.
///
/// # Errors
/// When the dataset or the query cannot be read, does not give examples of several rules, or the outcome cannot be
/// written.
pub(crate) async fn run(args: IdentifyArgs) -> anyhow::Result<()> {
    let settings = settings(&args)?;
    args.fitting.apply();
    let session = args.opening.open(&args.at).await?;
    args.nodes.join(&session).await?;

    // Drawn to standard error, and only where that is a terminal.
    let progress = ProgressBar::new(settings.splits.n_splits as u64).with_style(
        ProgressStyle::with_template("{wide_bar} split {pos} of {len}, {eta} to go")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let bar = progress.clone();
    let outcome = identify_with_progress(&session, &settings, move |n_done| {
        bar.set_position(n_done as u64)
    })
    .await;
    progress.finish_and_clear();
    let found = outcome?;
    if let (Some(path), Some(model)) = (&args.save, &found.model) {
        model.write(path)?;
    }

    let text = match args.format {
        OutputFormat::Table => report::text(
            &found,
            &settings,
            &session.location().as_given(&args.at),
            args.top,
        ),
        OutputFormat::Json => serde_json::to_string_pretty(&found)? + "\n",
    };
    printing::print(&text, "the outcome")
}

fn settings(args: &IdentifyArgs) -> anyhow::Result<IdentifySettings> {
    let query = match &args.query {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            queries::bind(&text, &BTreeMap::new())?
        }
        None => features_of(&measures(&args.measure)),
    };
    Ok(IdentifySettings {
        query,
        splits: SplitSettings {
            n_splits: args.splits,
            test_fraction: args.test_fraction,
            split_by: args.split_by,
            seed: args.seed,
        },
        points: vec![match args.classifier {
            Kind::RandomForest => Settings::RandomForest(RandomForestSettings {
                n_trees: args.trees,
                max_features: args.max_features,
                ..RandomForestSettings::default()
            }),
            other => other.settings(),
        }],
        in_pieces: args.in_pieces,
        with_model: args.save.is_some(),
        ..IdentifySettings::default()
    })
}

/// The measures that are chosen, each once and in the order of the columns.
fn measures(choices: &[MeasureChoice]) -> Vec<Measure> {
    let is_chosen = |measure: &Measure| {
        choices
            .iter()
            .any(|choice| choice.measures().contains(measure))
    };
    Measure::ALL.into_iter().filter(is_chosen).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        identify: IdentifyArgs,
    }

    fn parse(arguments: &[&str]) -> Result<IdentifyArgs, clap::Error> {
        let all = ["identify", "--at", "data"].iter().chain(arguments);
        Command::try_parse_from(all).map(|command| command.identify)
    }

    #[test]
    fn measures_are_named_once_and_in_order() {
        let chosen = |arguments: &[&str]| measures(&parse(arguments).unwrap().measure);
        assert_eq!(chosen(&[]), Measure::ALL);
        assert_eq!(
            chosen(&["--measure", "activity_change,weight", "--measure", "weight"]),
            [Measure::Weight, Measure::ActivityChange]
        );
        assert_eq!(chosen(&["--measure", "weight,all"]), Measure::ALL);
        assert!(
            parse(&["--measure", "wieght"])
                .unwrap_err()
                .to_string()
                .contains("'weight'")
        );
    }

    #[test]
    fn the_defaults_are_the_engines() {
        assert_eq!(
            settings(&parse(&[]).unwrap()).unwrap(),
            IdentifySettings::default()
        );
    }

    #[test]
    fn a_measure_is_asked_for_in_the_query() {
        let query = |arguments: &[&str]| settings(&parse(arguments).unwrap()).unwrap().query;
        assert_ne!(query(&["--measure", "weight"]), query(&[]));
        assert!(query(&["--measure", "weight"]).contains("'weight'"));
        assert!(parse(&["--measure", "weight", "--query", "a.sql"]).is_err());
    }

    #[test]
    fn a_query_file_that_is_not_there_is_named() {
        let error = settings(&parse(&["--query", "no/such.sql"]).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "cannot read no/such.sql");
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for arguments in [
            ["--split-by", "layer"],
            ["--max-features", "half"],
            ["--threads", "0"],
        ] {
            assert!(parse(&arguments).is_err(), "{arguments:?}");
        }
    }
}
