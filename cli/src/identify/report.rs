//! The outcome of `engram identify` as text.

use std::fmt::Write;

use engram_classifiers::{Estimate, Settings};
use engram_engine::experiments::SplitBy;
use engram_engine::{Identification, IdentifySettings};
use engram_schemas::observable::Measure;

/// Characters of the longest bar.
const BAR_WIDTH: f64 = 24.0;

/// The whole report.
pub(super) fn text(
    found: &Identification,
    settings: &IdentifySettings,
    at: &str,
    n_top: usize,
) -> String {
    let sections = [
        heading(found, settings),
        confusion(found),
        importances(found, n_top),
        left_out(found),
        whereabouts(found),
        next(found, at),
    ];
    sections
        .into_iter()
        .filter(|section| !section.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Writing to a `String` cannot fail.
macro_rules! line {
    ($text:ident $(, $($argument:tt)*)?) => { _ = writeln!($text $(, $($argument)*)?) };
}

fn heading(found: &Identification, settings: &IdentifySettings) -> String {
    let mut text = String::new();
    let classifier = classifier(&settings.points, settings.n_folds);
    let n_splits = counted(found.splits.len(), "split");
    let kept = match found.split_by {
        SplitBy::Example => "examples drawn one by one",
        SplitBy::Run => "whole runs held out",
    };
    let counts: Vec<_> = found
        .classes
        .iter()
        .zip(&found.n_examples)
        .map(|(rule, n)| format!("{n} {rule}"))
        .collect();
    let n_examples: usize = found.n_examples.iter().sum();
    line!(
        text,
        "Which learning rule was at work? Told from {}",
        observed(found)
    );
    line!(text);
    line!(text, "  accuracy    {}", percent_with_error(found.accuracy));
    line!(
        text,
        "  chance      {:.1}%  ({} rules)",
        100.0 * found.chance,
        found.classes.len()
    );
    line!(
        text,
        "  classifier  {classifier}; {n_splits}, {kept}; seed {}",
        settings.splits.seed
    );
    line!(
        text,
        "  examples    {} of {}: {}",
        counted(n_examples, "layer"),
        counted(found.n_runs, "run"),
        counts.join(", ")
    );
    if let Some(split) = found.splits.first() {
        let balance = match split.n_left_out {
            0 => String::new(),
            n_left_out => format!(", {n_left_out} left out for balance"),
        };
        line!(text, "  features    {} an example", found.n_features);
        line!(
            text,
            "  first split {} learned from, {} tested{balance}",
            split.n_train,
            split.n_test
        );
    }
    text
}

/// What learns, and how its settings are found.
fn classifier(points: &[Settings], n_folds: usize) -> String {
    match points {
        [Settings::RandomForest(forest)] => {
            format!("random forest, {}", counted(forest.n_trees, "tree"))
        }
        [] => String::new(),
        [point] => point.kind().to_string().replace('_', " "),
        [point, ..] => format!(
            "{}, the best of {} settings on {n_folds} folds",
            point.kind().to_string().replace('_', " "),
            points.len()
        ),
    }
}

/// What the features are of: `13 statistics of weight, 8 of activation, depth`.
fn observed(found: &Identification) -> String {
    let names = || found.groups.iter().map(String::as_str);
    let measure_of = |name: &str| {
        Measure::ALL
            .into_iter()
            .find(|measure| is_of(name, *measure))
    };
    let mut parts: Vec<String> = Measure::ALL
        .into_iter()
        .map(|measure| {
            (
                names().filter(|name| is_of(name, measure)).count(),
                measure.as_str(),
            )
        })
        .filter(|(count, _)| *count > 0)
        .map(|(count, measure)| format!("{count} of {measure}"))
        .collect();
    if let Some(first) = parts.first_mut() {
        let noun = if first.starts_with("1 ") {
            " statistic of "
        } else {
            " statistics of "
        };
        *first = first.replacen(" of ", noun, 1);
    }
    parts.extend(
        names()
            .filter(|name| measure_of(name).is_none())
            .map(str::to_owned),
    );
    parts.join(", ")
}

/// Whether a statistic, `weight_abs_median`, is of a measure.
fn is_of(statistic: &str, measure: Measure) -> bool {
    statistic
        .strip_prefix(measure.as_str())
        .is_some_and(|rest| rest.starts_with('_'))
}

fn percent_with_error(estimate: Estimate) -> String {
    let mean = 100.0 * estimate.mean;
    match estimate.standard_error {
        Some(error) => format!(
            "{mean:.1}% ± {:.1}  (mean ± s.e.m. over splits)",
            100.0 * error
        ),
        None => format!("{mean:.1}%  (one split)"),
    }
}

fn confusion(found: &Identification) -> String {
    let mut text = String::new();
    line!(
        text,
        "Confusion: of the tested layers of a rule (row), the per cent named as each rule (column)"
    );
    line!(text);
    let first = found.classes.iter().map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = found
        .classes
        .iter()
        .map(|rule| rule.len().max("100.0".len()))
        .collect();
    _ = write!(text, "  {:first$}", "");
    for (rule, &width) in found.classes.iter().zip(&widths) {
        _ = write!(text, "  {rule:>width$}");
    }
    line!(text);
    for (truth, rule) in found.classes.iter().enumerate() {
        let row = found.confusion.row(truth);
        let n_tested: u64 = row.iter().sum();
        _ = write!(text, "  {rule:first$}");
        for (&count, &width) in row.iter().zip(&widths) {
            _ = write!(
                text,
                "  {:>width$.1}",
                100.0 * count as f64 / n_tested as f64
            );
        }
        line!(text);
    }
    text
}

fn importances(found: &Identification, n_top: usize) -> String {
    let mut text = String::new();
    let top = &found.importances[..n_top.min(found.importances.len())];
    let Some(largest) = top.first().map(|first| first.importance.mean) else {
        return text;
    };
    line!(
        text,
        "Most telling: share of the forest's impurity decrease, summed over the trajectory, in per cent"
    );
    line!(text);
    let width = top.iter().map(|group| group.name.len()).max().unwrap_or(0);
    for group in top {
        let Estimate {
            mean,
            standard_error,
        } = group.importance;
        let error =
            standard_error.map_or_else(String::new, |error| format!(" ± {:.2}", 100.0 * error));
        let share = if largest > 0.0 { mean / largest } else { 0.0 };
        let bar = "█".repeat((share * BAR_WIDTH).round() as usize);
        let line = format!(
            "  {:width$}  {:>5.2}{error:7}  {bar}",
            group.name,
            100.0 * mean
        );
        line!(text, "{}", line.trim_end());
    }
    let n_more = found.importances.len() - top.len();
    if n_more > 0 {
        line!(text, "  ({n_more} more; --top N prints N)");
    }
    text
}

fn left_out(found: &Identification) -> String {
    let mut text = String::new();
    let total: usize = found.excluded.values().sum();
    if total > 0 {
        line!(text, "Left out: {}", counted(total, "layer"));
        line!(text);
        for (reason, n_examples) in &found.excluded {
            line!(text, "  {n_examples:>6}  {reason}");
        }
    }
    text
}

fn whereabouts(found: &Identification) -> String {
    let mut text = String::new();
    line!(text, "Kept in the table `results` as {}", found.result_id);
    line!(text, "  {}", found.result_file);
    text
}

fn next(found: &Identification, at: &str) -> String {
    let mut text = String::new();
    let at = quoted(at);
    line!(text, "Next");
    line!(text);
    match found.split_by {
        SplitBy::Example => {
            line!(
                text,
                "  Is the rule recognised in networks that are wholly new?"
            );
            line!(text, "    engram identify --at {at} --split-by run");
        }
        SplitBy::Run => {
            line!(text, "  Which of the measures gives the rule away?");
            line!(
                text,
                "    engram identify --at {at} --split-by run --measure activation"
            );
        }
    }
    line!(text, "  Every split of this experiment:");
    line!(
        text,
        "    engram sql --at {at} \"SELECT split, accuracy FROM results WHERE result_id = '{}' ORDER BY split\"",
        found.result_id
    );
    text
}

fn counted(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "/._-:=+@%,~".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use engram_classifiers::{ConfusionMatrix, Kind};
    use engram_engine::experiments::SplitOutcome;
    use engram_engine::identify::GroupImportance;

    use super::*;

    fn found() -> Identification {
        let confusion = ConfusionMatrix::of(2, &[0, 0, 0, 1, 1, 1], &[0, 0, 1, 1, 1, 1]);
        let group = |name: &str, mean: f64| GroupImportance {
            name: name.to_owned(),
            importance: Estimate {
                mean,
                standard_error: Some(0.012),
            },
        };
        Identification {
            result_id: "0123abcd".to_owned(),
            result_file: "/data/results/0123abcd.parquet".to_owned(),
            classes: vec!["sgdm".to_owned(), "feedback_alignment".to_owned()],
            n_examples: vec![12, 12],
            n_runs: 6,
            n_features: 507,
            split_by: SplitBy::Example,
            splits: vec![SplitOutcome {
                n_train: 18,
                n_test: 6,
                n_left_out: 0,
                accuracy: confusion.accuracy(),
                probabilities: Vec::new(),
                confusion: confusion.clone(),
                settings: Kind::RandomForest.settings(),
                grid_accuracies: Vec::new(),
                importances: Vec::new(),
                permutation_importances: Vec::new(),
            }],
            groups: ["weight_abs_median", "activation_raw_norm", "depth"]
                .map(str::to_owned)
                .to_vec(),
            accuracy: Estimate {
                mean: 5.0 / 6.0,
                standard_error: Some(0.0312),
            },
            chance: 0.5,
            confusion,
            importances: vec![
                group("weight_abs_median", 0.6),
                group("activation_raw_norm", 0.3),
                group("depth", 0.1),
            ],
            excluded: BTreeMap::from([("the run diverged".to_owned(), 4)]),
            model: None,
        }
    }

    #[test]
    fn the_report_reads_well() {
        let text = text(&found(), &IdentifySettings::default(), "/data/my sweep", 2);
        let expected = "\
Which learning rule was at work? Told from 1 statistic of weight, 1 of activation, depth

  accuracy    83.3% ± 3.1  (mean ± s.e.m. over splits)
  chance      50.0%  (2 rules)
  classifier  random forest, 500 trees; 1 split, examples drawn one by one; seed 0
  examples    24 layers of 6 runs: 12 sgdm, 12 feedback_alignment
  features    507 an example
  first split 18 learned from, 6 tested

Confusion: of the tested layers of a rule (row), the per cent named as each rule (column)

                       sgdm  feedback_alignment
  sgdm                 66.7                33.3
  feedback_alignment    0.0               100.0

Most telling: share of the forest's impurity decrease, summed over the trajectory, in per cent

  weight_abs_median    60.00 ± 1.20  ████████████████████████
  activation_raw_norm  30.00 ± 1.20  ████████████
  (1 more; --top N prints N)

Left out: 4 layers

       4  the run diverged

Kept in the table `results` as 0123abcd
  /data/results/0123abcd.parquet

Next

  Is the rule recognised in networks that are wholly new?
    engram identify --at '/data/my sweep' --split-by run
  Every split of this experiment:
    engram sql --at '/data/my sweep' \"SELECT split, accuracy FROM results WHERE result_id = '0123abcd' ORDER BY split\"
";
        assert_eq!(text, expected);
    }

    #[test]
    fn one_split_has_no_error_and_nothing_left_out_is_not_said() {
        let mut found = found();
        found.accuracy.standard_error = None;
        found.excluded.clear();
        for group in &mut found.importances {
            group.importance.standard_error = None;
        }
        let text = text(&found, &IdentifySettings::default(), "data", 10);
        assert!(text.contains("83.3%  (one split)"), "{text}");
        assert!(
            !text.contains("Left out") && !text.contains("more;"),
            "{text}"
        );
        assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
        assert!(text.contains("--at data --split-by run"), "{text}");
    }
}
