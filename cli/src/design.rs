//! `engram design`: how well a recording would tell the learning rule.

mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use engram_engine::experiments::{
    Design, DesignQuery, Facts, SplitBy, SplitSettings, learn_design, test_designs,
};
use engram_engine::{Session, read_results};
use engram_report::{Results, figures};
use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::Failure;
use crate::identify::{MeasureChoice, OutputFormat};
use crate::printing::{self, say};
use crate::reproduce::write_figure;
use crate::session_arguments::OpeningArguments;
use table::Tested;

/// How well would a recording tell the learning rule: so many units, such noise, so many sessions?
///
/// The networks' recordings of single units are asked as an experimenter would ask a brain: some units of each layer, noise on
/// every one of them, a few sessions at a fixed distance from a start that nobody knows. A random forest learns from three quarters of
/// the networks and names the rule of the others, which it never saw. Where fewer units were recorded than a design asks
/// for, networks that were observed again under several conditions (`engram observe`) take their place.
///
/// Several values, separated by commas, make several designs; a budget keeps those that it covers. Lists that are left out
/// are filled with what the dataset can answer. What was tested is kept in the dataset's table `results` and not tested again.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct DesignArgs {
    /// The dataset: a folder, or a URL (file://, s3://, gs://, az://)
    #[arg(
        long,
        value_name = "URL",
        env = "ENGRAM_DATASET",
        hide_env_values = true
    )]
    at: String,

    /// Units recorded of a layer; all of them where it has fewer
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    units: Vec<u32>,

    /// Standard deviation of the noise on every unit, in the units' own scale
    #[arg(
        long,
        value_name = "STDDEV",
        value_delimiter = ',',
        default_value = "0"
    )]
    noise: Vec<f64>,

    /// Sessions
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    sessions: Vec<u32>,

    /// Epochs from one session to the next; by default as many as fit
    #[arg(long, value_name = "EPOCHS", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    every: Vec<u32>,

    /// The most that a design may cost: units times sessions
    #[arg(long, value_name = "UNITS")]
    budget: Option<u64>,

    /// What is observed
    #[arg(
        long,
        value_enum,
        value_name = "MEASURE",
        value_delimiter = ',',
        default_value = "weight,activation,activity_change,all"
    )]
    measure: Vec<MeasureChoice>,

    /// What stays on one side of a split: `run`, so that whole networks are new, or `example` (a layer), as in the study
    #[arg(long, value_name = "WHAT", default_value_t = SplitBy::Run)]
    split_by: SplitBy,

    /// A file to save a model of the design in, for `engram diagnose`; of one design and one measure
    #[arg(long, value_name = "FILE.json")]
    save: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) opening: OpeningArguments,

    /// Splits into training and test networks
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(2..))]
    splits: u16,

    /// Seed of the first split; every further one has the next
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u32,

    /// Folder for the heat map of several designs, as SVG and PNG
    #[arg(long, value_name = "FOLDER", default_value = "figures")]
    to: PathBuf,

    /// How to print the designs
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    format: OutputFormat,
}

const EXAMPLES: &str = "\
Examples:
  One design:
    engram design --at data/digits --units 100 --noise 0.1 --sessions 5 --every 5

  More units or more sessions, for the same effort:
    engram design --at data/digits --measure activation --budget 200

  The model for a design, to diagnose recordings with:
    engram design --at data/digits --measure activation --units 100 --sessions 5 --every 5 --save model.json";

/// Units and sessions that are tried where none are named.
const USUAL_UNITS: [u32; 8] = [5, 10, 20, 50, 100, 200, 500, 1000];
const USUAL_SESSIONS: [u32; 5] = [1, 2, 3, 5, 10];

/// Runs the command.
///
/// # Errors
/// When the dataset cannot be read or has not what the designs need, and when the figure cannot be written.
pub(crate) async fn run(arguments: DesignArgs) -> anyhow::Result<()> {
    let session = arguments.opening.open(&arguments.at).await?;
    let facts = Facts::of(&session).await?;
    let designs = designs(&arguments, &facts)?;
    let settings = SplitSettings {
        n_splits: arguments.splits.into(),
        split_by: arguments.split_by,
        seed: arguments.seed.into(),
        ..SplitSettings::default()
    };
    // Drawn to standard error, and only where that is a terminal.
    let progress = ProgressBar::new(designs.len() as u64).with_style(
        ProgressStyle::with_template("{wide_bar} design {pos} of {len}, {eta} to go")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let result_ids = match &arguments.save {
        Some(path) => save(&session, &designs, &settings, path)
            .await
            .map(|id| vec![id]),
        None => test_designs(&session, &designs, &settings, || progress.inc(1))
            .await
            .map_err(Into::into),
    };
    progress.finish_and_clear();
    // The table is listed when a session opens, and now there is more of it.
    let session = arguments.opening.open(&arguments.at).await?;
    let rows = read_results(&session, &result_ids?.into_iter().collect()).await?;
    let results = Results::try_new(&rows)?;
    let tested: Vec<Tested> = designs
        .iter()
        .filter_map(|(design, _)| Tested::of(design, &results))
        .collect();
    let text = match arguments.format {
        OutputFormat::Table => table::text(&tested, arguments.budget, settings.n_splits),
        OutputFormat::Json => serde_json::to_string_pretty(&tested)? + "\n",
    };
    printing::print(&text, "the designs")?;
    if designs.len() > 1 {
        let figure = figures::DESIGN.draw(&results, figures::Grid::Full);
        let figure = figure.map_err(|missing| anyhow::anyhow!("nothing to draw: {missing}"))?;
        write_figure(&figure, &arguments.to)?;
    }
    Ok(())
}

/// All combinations that the dataset's checkpoints and the budget allow, with their queries: those that share their units one
/// after another. Says which of them the dataset cannot answer.
///
/// # Errors
/// When it can answer none.
fn designs(arguments: &DesignArgs, facts: &Facts) -> anyhow::Result<Vec<(Design, DesignQuery)>> {
    let or_usual = |given: &[u32], usual: &[u32], most: i64| -> Vec<u32> {
        match given {
            [] => usual
                .iter()
                .copied()
                .filter(|&n| i64::from(n) <= most)
                .collect(),
            given => given.to_vec(),
        }
    };
    let most_units = facts.recorded_units.max(i64::from(USUAL_UNITS[0]));
    let all_units = or_usual(&arguments.units, &USUAL_UNITS, most_units);
    let all_sessions = or_usual(
        &arguments.sessions,
        &USUAL_SESSIONS,
        facts.epochs.len() as i64,
    );
    let mut designs = Vec::new();
    for choice in &arguments.measure {
        for &noise_stddev in &arguments.noise {
            for &units in &all_units {
                for &sessions in &all_sessions {
                    let widest = [widest_period(&facts.epochs, sessions)];
                    let every = match arguments.every.as_slice() {
                        [] => &widest[..],
                        given => given,
                    };
                    designs.extend(every.iter().map(|&every| Design {
                        units,
                        noise_stddev,
                        sessions,
                        every,
                        measure: choice.measure(),
                    }));
                }
            }
        }
    }
    if let Some(budget) = arguments.budget {
        designs.retain(|design| design.cost() <= budget);
    }
    if designs.is_empty() {
        let (message, hint) = match arguments.budget {
            Some(budget) => (
                format!("no design is within the budget of {budget}"),
                "name fewer --units or --sessions, or a larger --budget (units times sessions)",
            ),
            None => (
                "the dataset has no checkpoint of a trained network".to_owned(),
                "`engram status` says what became of its networks",
            ),
        };
        return Err(Failure::Request {
            message,
            hint: hint.to_owned(),
        }
        .into());
    }
    let n_designs = designs.len();
    let (mut answered, mut reasons) = (Vec::new(), BTreeSet::new());
    for design in designs {
        match design.query(facts) {
            Ok(query) => answered.push((design, query)),
            Err(why) => {
                reasons.insert(why.to_string());
            }
        }
    }
    let reasons = Vec::from_iter(reasons).join("; ");
    let n_left_out = n_designs - answered.len();
    if answered.is_empty() {
        return Err(Failure::Request {
            message: format!("the dataset cannot answer: {reasons}"),
            hint: "docs/guide.md says what a dataset needs for `engram design`".to_owned(),
        }
        .into());
    }
    if n_left_out > 0 {
        say(&format!(
            "{n_left_out} of {n_designs} designs are left out, which the dataset cannot answer: {reasons}"
        ));
    }
    Ok(answered)
}

/// The greatest distance at which so many sessions fit between the first checkpoint and the last.
fn widest_period(epochs: &[i64], sessions: u32) -> u32 {
    let spanned = match (epochs.first(), epochs.last()) {
        (Some(first), Some(last)) => last - first,
        _ => 0,
    };
    let cadence = epochs.windows(2).map(|pair| pair[1] - pair[0]).min();
    let cadence = cadence.unwrap_or(1).max(1);
    let gaps = i64::from(sessions).saturating_sub(1).max(1);
    let widest = (spanned / gaps / cadence).max(1) * cadence;
    u32::try_from(widest).unwrap_or(u32::MAX)
}

/// Tests the one design, learns its model from all examples, and saves it. Gives the id of the test's rows.
async fn save(
    session: &Session,
    designs: &[(Design, DesignQuery)],
    splits: &SplitSettings,
    path: &Path,
) -> anyhow::Result<String> {
    let [(design, query)] = designs else {
        return Err(Failure::Request {
            message: format!("a model is of one design, and these are {}", designs.len()),
            hint: "name one each of --measure, --units, --noise, --sessions and --every".to_owned(),
        }
        .into());
    };
    let (result_id, model) = learn_design(session, design, query, splits).await?;
    model.write(path)?;
    say(&format!("{}: the model for this design", path.display()));
    Ok(result_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_spread_over_all_checkpoints() {
        let epochs: Vec<i64> = (0..=20).step_by(5).collect();
        let widest = |sessions| widest_period(&epochs, sessions);
        assert_eq!(
            [1, 2, 3, 4, 5].map(widest),
            [20, 20, 10, 5, 5],
            "multiples of 5 epochs"
        );
    }
}
