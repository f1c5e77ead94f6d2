//! Made-up results, for tests of what reads them.

use engram_schemas::results::{Control, ResultRow};
use serde_json::{Value, json};

use crate::Summary;
use crate::names::{
    ACTIVATION, ACTIVITY_CHANGE, ALL_MEASURES, CONV1D_MLP, LINEAR_SVM, MEASURES, QUANT,
    RANDOM_FOREST, SINGLE_MEASURES, WEIGHT,
};
use crate::portions::PORTIONS;

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
            let accuracy = (mean + wobble(split)).clamp(0.0, 1.0);
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
    rows.extend(held_out());
    rows.extend(pairs());
    rows.extend(supplement_2());
    rows.extend(samples());
    rows.extend(portions());
    rows.extend(few_units());
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

fn held_out() -> Vec<ResultRow> {
    const VALUES: [(&str, &str, f64); 10] = [
        ("architecture", "alexnet", 0.03),
        ("architecture", "alexnet_lrn", 0.04),
        ("architecture", "knet4", 0.05),
        ("architecture", "knet4_lrn", 0.06),
        ("architecture", "resnet18", 0.02),
        ("architecture", "resnet34v2", 0.04),
        ("task", "imagenet", 0.12),
        ("task", "wsn", 0.15),
        ("task", "simclr", 0.35),
        ("task", "cifar10", 0.30),
    ];
    let mut rows = Vec::new();
    for classifier in [RANDOM_FOREST, LINEAR_SVM] {
        for measure in MEASURES {
            let made = |experiment: &str, parameters: Value, lost: f64| {
                row(
                    experiment,
                    classifier,
                    &parameters.to_string(),
                    0,
                    whole(classifier, measure) - lost,
                )
            };
            for (column, value, lost) in VALUES {
                let parameters = json!({ "measure": measure, "column": column, "value": value });
                rows.push(made("figure_2b", parameters, lost));
            }
            for (batch_size, seed) in [(64, 0), (64, 1), (256, 0), (256, 1)] {
                let parameters =
                    json!({ "measure": measure, "batch_size": batch_size, "dataset_seed": seed });
                rows.push(made("figure_2b_curriculum", parameters, 0.02));
            }
        }
    }
    rows
}

fn pairs() -> Vec<ResultRow> {
    let mut rows = Vec::new();
    for classifier in [RANDOM_FOREST, LINEAR_SVM] {
        for (second, second_rule) in RULES.iter().enumerate() {
            for (first, first_rule) in RULES.iter().enumerate().take(second) {
                let parameters = json!({ "measure": ALL_MEASURES, "first_rule": first_rule, "second_rule": second_rule });
                let mean = if (first, second) == (0, 1) {
                    0.85
                } else {
                    0.97
                };
                rows.extend(two_classes(splits(
                    "figure_s1",
                    classifier,
                    &parameters,
                    mean,
                )));
            }
        }
    }
    rows
}

fn two_classes(mut rows: Vec<ResultRow>) -> Vec<ResultRow> {
    for row in &mut rows {
        row.chance = 0.5;
    }
    rows
}

fn supplement_2() -> Vec<ResultRow> {
    let mut rows = Vec::new();
    for measure in MEASURES {
        let lost_by_forest = if measure == WEIGHT { 0.02 } else { 0.08 };
        for (classifier, lost) in [
            (RANDOM_FOREST, lost_by_forest),
            (LINEAR_SVM, 0.15),
            (CONV1D_MLP, 0.1),
        ] {
            let parameters = json!({ "measure": measure });
            let mean = whole(classifier, measure) - lost;
            rows.extend(splits("figure_s2a", classifier, &parameters, mean - 0.08));
            rows.extend(splits("figure_s2b", classifier, &parameters, mean));
        }
    }
    rows
}

fn samples() -> Vec<ResultRow> {
    let mut rows = Vec::new();
    for classifier in [RANDOM_FOREST, LINEAR_SVM] {
        for measure in MEASURES {
            for samples in 1..=5 {
                for period in [5, 10, 15, 20, 25] {
                    let parameters =
                        json!({ "measure": measure, "samples": samples, "period": period });
                    let gained =
                        0.03 * f64::from(samples) + 0.003 * f64::from((samples - 1) * period) / 2.0;
                    let mean = whole(classifier, measure) - 0.3 + gained;
                    rows.extend(splits("figure_4a", classifier, &parameters, mean));
                }
            }
        }
    }
    rows
}

fn portions() -> Vec<ResultRow> {
    let mut rows = Vec::new();
    for classifier in [RANDOM_FOREST, LINEAR_SVM] {
        for measure in MEASURES {
            for train in PORTIONS {
                for test in PORTIONS {
                    let mean = match (classifier, train, test) {
                        (_, a, b) if a == b => whole(classifier, measure),
                        (LINEAR_SVM, ..) => 0.28,
                        (_, "early", _) | (_, _, "early") => 0.5,
                        _ => 0.72,
                    };
                    let parameters =
                        json!({ "measure": measure, "train_portion": train, "test_portion": test });
                    rows.extend(splits("figure_4b", classifier, &parameters, mean));
                }
            }
        }
    }
    rows
}

fn few_units() -> Vec<ResultRow> {
    let mut rows = Vec::new();
    for measure in SINGLE_MEASURES {
        let robustness = if measure == ACTIVATION { 0.2 } else { 1.0 };
        for noise in [0.0, 0.1, 0.5, 1.0, 2.0] {
            for fraction in [3e-5f64, 1e-3, 1e-2, 1e-1, 1.0] {
                let lost = robustness * (0.06 * -fraction.log10() + 0.12 * noise);
                let parameters =
                    json!({ "measure": measure, "unit_fraction": fraction, "noise_stddev": noise });
                let mean = (0.95 - lost).max(0.5);
                rows.extend(two_classes(splits(
                    "figure_5",
                    RANDOM_FOREST,
                    &parameters,
                    mean,
                )));
            }
        }
    }
    rows
}
