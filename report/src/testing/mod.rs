//! Made-up results, for tests of what reads them.

mod experiments;

use engram_schemas::results::{Control, ResultRow};
use serde_json::{Value, json};

use crate::Summary;
use crate::names::{
    ACTIVATION, ACTIVITY_CHANGE, ALL_MEASURES, CONV1D_MLP, LINEAR_SVM, MEASURES, QUANT,
    RANDOM_FOREST, WEIGHT,
};

/// Splits of every experiment.
pub const N_SPLITS: i32 = 10;

const RULES: [&str; 4] = [
    "sgdm",
    "adam",
    "feedback_alignment",
    "information_alignment",
];

/// A row of four classes, 25 test examples to 75 training examples.
pub fn row(
    experiment: &str,
    classifier: &str,
    parameters: &str,
    split: i32,
    accuracy: f64,
) -> ResultRow {
    ResultRow {
        experiment: experiment.to_owned(),
        parameters: parameters.to_owned(),
        control: Control::None.as_str().to_owned(),
        classifier: classifier.to_owned(),
        settings: json!({ "n_trees": 500, "max_features": "sqrt" }).to_string(),
        split_by: crate::results::BY_EXAMPLE.to_owned(),
        split,
        n_train: 750,
        n_test: 250,
        n_features: 507,
        accuracy,
        chance: 0.25,
        ..ResultRow::default()
    }
}

/// A row for every split, around `mean`.
pub fn splits(experiment: &str, classifier: &str, parameters: &Value, mean: f64) -> Vec<ResultRow> {
    (0..N_SPLITS)
        .map(|split| {
            // Experiments do not vary alike, so that their differences vary too.
            let phase = (classifier.len() + parameters.to_string().len()) as i32;
            let accuracy = (mean + wobble(split + phase)).clamp(0.0, 1.0);
            row(
                experiment,
                classifier,
                &parameters.to_string(),
                split,
                accuracy,
            )
        })
        .collect()
}

/// A small deviation, of mean zero over the splits.
fn wobble(split: i32) -> f64 {
    f64::from(split % 5 - 2) * 0.004
}

/// Results of every experiment, as the study reports them in kind: every claim holds on them.
pub fn made_up() -> Vec<ResultRow> {
    let mut rows = figure_2a();
    rows.extend(controls());
    rows.extend(experiments::held_out());
    rows.extend(experiments::pairs());
    rows.extend(experiments::supplement_2());
    rows.extend(experiments::samples());
    rows.extend(experiments::portions());
    rows.extend(experiments::few_units());
    rows
}

/// The dataset that these results might come from.
pub fn summary() -> Summary {
    let counts = |names: &[(&str, u64)]| {
        names
            .iter()
            .map(|(name, n)| ((*name).to_owned(), *n))
            .collect()
    };
    Summary {
        location: "s3://bucket/sweep".to_owned(),
        generated_from: "made-up results".to_owned(),
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
        schema_version: engram_schemas::SCHEMA_VERSION.to_owned(),
        n_runs: 1056,
        n_examples: 20_736,
        runs_by_task: counts(&[
            ("cifar10", 264),
            ("imagenet", 264),
            ("simclr", 264),
            ("wsn", 264),
        ]),
        runs_by_architecture: counts(&[("alexnet", 528), ("resnet18", 528)]),
        runs_by_rule: counts(&RULES.map(|rule| (rule, 264))),
        runs_by_status: counts(&[("trained", 1050), ("diverged", 6)]),
    }
}

/// Accuracy of figure 2a.
fn whole(classifier: &str, measure: &str) -> f64 {
    let [weight, activation, activity_change, all] = match classifier {
        RANDOM_FOREST => [0.90, 0.89, 0.88, 0.92],
        LINEAR_SVM => [0.78, 0.60, 0.74, 0.82],
        CONV1D_MLP => [0.81, 0.66, 0.77, 0.86],
        _ => [0.84, 0.80, 0.79, 0.88],
    };
    match measure {
        WEIGHT => weight,
        ACTIVATION => activation,
        ACTIVITY_CHANGE => activity_change,
        _ => all,
    }
}

fn figure_2a() -> Vec<ResultRow> {
    let mut rows = Vec::new();
    for measure in MEASURES {
        for classifier in [RANDOM_FOREST, LINEAR_SVM, CONV1D_MLP, QUANT] {
            let mean = whole(classifier, measure);
            rows.extend(
                splits(
                    "figure_2a",
                    classifier,
                    &json!({ "measure": measure }),
                    mean,
                )
                .into_iter()
                .map(|row| {
                    let row = with_confusion(row);
                    if classifier == RANDOM_FOREST {
                        with_importances(row, measure)
                    } else {
                        row
                    }
                }),
            );
        }
    }
    rows
}

/// Adds a confusion matrix in which SGDM and Adam are taken for each other most.
fn with_confusion(mut row: ResultRow) -> ResultRow {
    let wrong = ((1.0 - row.accuracy) * 1000.0).round() as i64;
    let cell = |class: usize, predicted: usize| match (class, predicted) {
        (a, b) if a == b => 1000 - wrong,
        (0, 1) | (1, 0) => wrong * 7 / 10,
        (0 | 1, _) => wrong * 3 / 20,
        _ => wrong / 3,
    };
    row.classes = RULES.map(str::to_owned).to_vec();
    row.confusion = (0..16).map(|i| cell(i / 4, i % 4)).collect();
    row
}

/// Adds importances in which weight medians come first, activation norms before other activations, and depth last.
fn with_importances(mut row: ResultRow, measure: &str) -> ResultRow {
    let admissible = [
        (
            WEIGHT,
            "abs",
            &["median", "mean", "norm", "third_quartile", "var"][..],
        ),
        (
            WEIGHT,
            "raw",
            &["median", "mean", "norm", "third_quartile", "var"][..],
        ),
        (WEIGHT, "square", &["median", "mean", "third_quartile"][..]),
        (
            ACTIVATION,
            "abs",
            &["norm", "mean", "median", "third_quartile"][..],
        ),
        (
            ACTIVATION,
            "raw",
            &["norm", "mean", "median", "third_quartile"][..],
        ),
        (ACTIVITY_CHANGE, "raw", &["mean"][..]),
        (ACTIVITY_CHANGE, "abs", &["mean"][..]),
        (ACTIVITY_CHANGE, "square", &["mean"][..]),
    ];
    let mut importances = Vec::new();
    for (of, function, statistics) in admissible {
        if measure != ALL_MEASURES && measure != of {
            continue;
        }
        for (place, statistic) in statistics.iter().enumerate() {
            row.statistics.push(format!("{of}_{function}_{statistic}"));
            let base = if of == WEIGHT { 10.0 } else { 7.0 };
            let function = if function == "abs" { 1.0 } else { 0.8 };
            importances.push(base * function / (place + 1) as f64);
        }
    }
    row.statistics.push("depth".to_owned());
    importances.push(0.5);
    let noise = 1.0 + 2.0 * wobble(row.split);
    importances[0] *= noise;
    let total: f64 = importances.iter().sum();
    row.importances = importances
        .iter()
        .map(|importance| importance / total)
        .collect();
    row.importance_errors = row
        .importances
        .iter()
        .map(|importance| importance / 20.0)
        .collect();
    row.permutation_importances = row
        .importances
        .iter()
        .map(|importance| importance * 0.4 * noise)
        .collect();
    row
}

fn controls() -> Vec<ResultRow> {
    let mut rows = Vec::new();
    for measure in MEASURES {
        let parameters = json!({ "measure": measure });
        let made = |mean| splits("figure_2a", RANDOM_FOREST, &parameters, mean);
        let whole = whole(RANDOM_FOREST, measure);
        rows.extend(made(whole - 0.08).into_iter().map(|row| ResultRow {
            split_by: crate::results::BY_RUN.to_owned(),
            ..row
        }));
        for (control, mean) in [
            (Control::ShuffledLabels, 0.25),
            (Control::MatchedPerformance, whole - 0.1),
        ] {
            rows.extend(made(mean).into_iter().map(|row| ResultRow {
                control: control.as_str().to_owned(),
                ..row
            }));
        }
    }
    rows
}
