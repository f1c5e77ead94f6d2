//! `engram diagnose`: applies a saved model to a user's own recording.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use engram_engine::diagnosis::{Diagnosis, Recording, SavedModel, diagnose, recording};
use engram_engine::experiments::SplitBy;

use crate::identify::OutputFormat;
use crate::printing::{self, say};

/// Which learning rule was at work in a recording of your own?
///
/// The model comes from `engram identify --save` or, for recordings of few units in few sessions, from
/// `engram design --save`: as many sessions as your recording has, and what your recording measures. Probabilities are
/// calibrated on networks that the model had not learned from. Where your recording is unlike all networks that the model knows,
/// a warning says so: then the probabilities mean nothing.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = HELP)]
pub(crate) struct DiagnoseArgs {
    /// The recording: a .csv, .parquet or .arrow file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The model
    #[arg(long, value_name = "FILE")]
    model: PathBuf,

    /// How to print the diagnosis
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    format: OutputFormat,
}

const HELP: &str = "\
The file has one of two forms.

  Units: a row for each unit, a column for each session in their order. An empty cell is a unit that was not seen in that
  session. There may be columns `recording` (several in one file), `depth` (early, middle or deep; without it the
  probabilities are the mean over all three), `measure` (weight, activation or activity_change; activation without it),
  `stimulus` (statistics are averaged over the stimuli) and `unit` (not read):

      unit,day 1,day 2,day 3
      1,0.31,0.28,0.40
      2,0.02,0.00,0.07

  Statistics: a row for each session, with a column `session` for their order and the columns of the table
  `trajectories` that the model reads:

      session,activation_raw_mean,activation_raw_median
      1,0.21,0.12
      2,0.24,0.11

Examples:
  engram design --at data/digits --measure activation --units 100 --sessions 5 --every 5 --save model.json
  engram diagnose my-recording.csv --model model.json";

/// Characters of the longest bar.
const BAR_WIDTH: f64 = 30.0;

/// Runs the command.
///
/// # Errors
/// When the model or the recording cannot be read, or do not fit each other.
pub(crate) async fn run(arguments: DiagnoseArgs) -> anyhow::Result<()> {
    let model = SavedModel::read(&arguments.model)?;
    let recordings = recording::read(&arguments.file).await?;
    let diagnoses = recordings
        .iter()
        .map(|recording| {
            warn_of_units(&model, recording);
            let diagnosis = diagnose(&model, recording);
            diagnosis.with_context(|| match recording.name.as_str() {
                "" => format!("cannot diagnose {}", arguments.file.display()),
                name => format!("cannot diagnose the recording `{name}`"),
            })
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let text = match arguments.format {
        OutputFormat::Table => text(&model, &diagnoses),
        OutputFormat::Json => {
            let answer = serde_json::json!({ "classes": model.classes, "diagnoses": diagnoses });
            serde_json::to_string_pretty(&answer)? + "\n"
        }
    };
    printing::print(&text, "the diagnosis")
}

/// Norms grow with the number of units, and quantiles of few units scatter.
fn warn_of_units(model: &SavedModel, recording: &Recording) {
    if let (Some(made_for), Some(found)) = (model.units, recording.n_units)
        && made_for != found
    {
        let name = match recording.name.as_str() {
            "" => "the recording".to_owned(),
            name => format!("`{name}`"),
        };
        say(&format!(
            "{name} has {found} units, and the model is made for {made_for}: where a layer has more, record or take as many, \
             or make a model for {found}"
        ));
    }
}

fn text(model: &SavedModel, diagnoses: &[Diagnosis]) -> String {
    let mut text = String::new();
    let new = match model.split_by {
        SplitBy::Run => "networks that it had never seen",
        SplitBy::Example => "layers that it had not seen (others of their networks it had)",
    };
    let _ = writeln!(
        text,
        "The model knows {} networks, and named the rule of {} rightly in {:.1}% of cases; guessing gives {:.1}%.",
        model.n_runs,
        new,
        100.0 * model.accuracy.mean,
        100.0 / model.classes.len() as f64
    );
    for diagnosis in diagnoses {
        let _ = write!(text, "\n{}", one(model, diagnosis));
    }
    text
}

fn one(model: &SavedModel, diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    if !diagnosis.recording.is_empty() {
        let _ = writeln!(text, "Recording {}", diagnosis.recording);
    }
    let width = model.classes.iter().map(String::len).max().unwrap_or(0);
    for (rule, probability) in model.classes.iter().zip(&diagnosis.probabilities) {
        let bar = "█".repeat((probability * BAR_WIDTH).round() as usize);
        let line = format!("  {rule:width$}  {:>5.1}%  {bar}", 100.0 * probability);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let rule = &model.classes[diagnosis.named];
    let tested = diagnosis.tested;
    match tested.n {
        0 => {
            let _ = writeln!(
                text,
                "Most like {rule}. No tested example was named with such a probability."
            );
        }
        n => {
            let _ = writeln!(
                text,
                "Most like {rule}. Of the {n} tests that were named with about this probability, {:.0}% were named rightly.",
                100.0 * tested.n_right as f64 / n as f64
            );
        }
    }
    if diagnosis.is_over_depths {
        let _ = writeln!(
            text,
            "The depth of the layer is not known: the mean over early, middle and deep."
        );
    }
    let likeness = &diagnosis.likeness;
    if likeness.is_unlike() {
        let far: Vec<String> = likeness
            .deviations
            .iter()
            .take(3)
            .map(|(name, deviation)| format!("{name} ({deviation:.1})"))
            .collect();
        let _ = writeln!(
            text,
            "WARNING: unlike anything that the model knows: farther from its nearest network than {:.1}% of the networks are \
             from theirs. Do not trust the probabilities. Farthest off, in standard deviations: {}.",
            100.0 * likeness.farther_than,
            far.join(", ")
        );
    }
    text
}
