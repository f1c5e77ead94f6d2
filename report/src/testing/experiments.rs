//! Made-up results of every experiment beyond figure 2a.

use engram_schemas::results::ResultRow;
use serde_json::{Value, json};

use super::{RULES, row, splits, whole};
use crate::names::{
    ACTIVATION, ALL_MEASURES, CONV1D_MLP, LINEAR_SVM, MEASURES, RANDOM_FOREST, SINGLE_MEASURES,
    WEIGHT,
};
use crate::portions::PORTIONS;

pub(super) fn held_out() -> Vec<ResultRow> {
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

pub(super) fn pairs() -> Vec<ResultRow> {
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

pub(super) fn supplement_2() -> Vec<ResultRow> {
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

pub(super) fn samples() -> Vec<ResultRow> {
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

pub(super) fn portions() -> Vec<ResultRow> {
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

pub(super) fn few_units() -> Vec<ResultRow> {
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
