//! Which variants a figure of the study needs, on a dataset that has these facts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use engram_classifiers::Kind;
use engram_schemas::LearningRule;
use engram_schemas::results::Control;

use super::facts::Facts;
use super::{SplitBy, Variant};

/// The measures as queries name them.
const MEASURES: [&str; 4] = ["weight", "activation", "activity_change", ALL];
/// All measures together.
const ALL: &str = "all";
/// The classifiers that figure 2a compares.
const COMPARED: [Kind; 4] = [
    Kind::RandomForest,
    Kind::LinearSvm,
    Kind::Conv1dMlp,
    Kind::Quant,
];
/// The study's periods between samples, in checkpoints, and numbers of samples.
const PERIODS: [i64; 5] = [1, 2, 3, 4, 5];
const SAMPLES: [i64; 4] = [2, 3, 4, 5];
const PORTIONS: [&str; 3] = ["early", "middle", "late"];
/// Fractions of the recorded units and noise levels that recordings are asked for.
const RECORDED_FRACTIONS: [&str; 4] = ["0.05", "0.2", "0.5", "1.0"];
const RECORDED_NOISES: [&str; 3] = ["0.0", "0.5", "2.0"];

/// A figure, or what stands beside it, that experiments are run for.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    needs: fn(&Facts) -> Result<Vec<Variant>, NotTestable>,
}

/// Why a dataset cannot show something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTestable(pub String);

impl fmt::Display for NotTestable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Figure {
    /// Every figure.
    pub const ALL: &[Self] = &[
        Self::new("figure_2a", |_| {
            Ok(compared("figure_2a", &MEASURES, &COMPARED))
        }),
        Self::new("figure_leakage", |_| Ok(controls())),
        Self::new("figure_2b", |facts| {
            with_reference(held_out(facts, &[ALL], Kind::RandomForest)?)
        }),
        Self::new("figure_2c", |_| {
            Ok(compared("figure_2a", &[ALL], &[Kind::RandomForest]))
        }),
        Self::new("figure_3", |_| {
            Ok(compared("figure_2a", &[ALL], &[Kind::RandomForest]))
        }),
        Self::new("figure_4a", |facts| {
            samples(facts, &[ALL], Kind::RandomForest)
        }),
        Self::new("figure_4b", |facts| {
            let forests = portions(facts, &[ALL], Kind::RandomForest)?;
            Ok([forests, portions(facts, &[ALL], Kind::LinearSvm)?].concat())
        }),
        Self::new("figure_5", conditions),
        Self::new("figure_s1", pairs),
        Self::new("figure_s2a", |_| Ok(beside_2a("figure_s2a"))),
        Self::new("figure_s2b", |_| Ok(beside_2a("figure_s2b"))),
        Self::new("figure_s3", |facts| {
            with_reference(held_out(facts, &MEASURES[..3], Kind::RandomForest)?)
        }),
        Self::new("figure_s4", |facts| {
            with_reference(held_out(facts, &[ALL], Kind::LinearSvm)?)
        }),
        Self::new("figure_s5", |_| {
            Ok(compared(
                "figure_2a",
                &MEASURES,
                &[Kind::RandomForest, Kind::LinearSvm],
            ))
        }),
        Self::new("figure_s6", |_| {
            Ok(compared("figure_2a", &MEASURES, &[Kind::RandomForest]))
        }),
        Self::new("figure_s7", |facts| {
            let machines = samples(facts, &[ALL], Kind::LinearSvm)?;
            Ok([
                samples(facts, &MEASURES[..3], Kind::RandomForest)?,
                machines,
            ]
            .concat())
        }),
        Self::new("figure_s8", |facts| {
            portions(facts, &MEASURES[..3], Kind::RandomForest)
        }),
    ];

    const fn new(
        name: &'static str,
        needs: fn(&Facts) -> Result<Vec<Variant>, NotTestable>,
    ) -> Self {
        Self { name, needs }
    }

    /// The figure of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|figure| figure.name == name).copied()
    }

    /// The variants whose rows it is drawn from.
    ///
    /// # Errors
    /// [`NotTestable`] says what the dataset lacks.
    pub fn variants(&self, facts: &Facts) -> Result<Vec<Variant>, NotTestable> {
        if facts.learning_rules.len() < 2 {
            return not_testable("it needs trained runs of at least two learning rules");
        }
        let variants = (self.needs)(facts)?.into_iter();
        Ok(variants
            .map(|variant| variant.observed_as(&facts.plain))
            .collect())
    }
}

/// The variants of several figures, each once, and the figures that the dataset cannot show.
pub fn variants(figures: &[Figure], facts: &Facts) -> (Vec<Variant>, Vec<(Figure, NotTestable)>) {
    let (mut needed, mut seen, mut lacking) = (Vec::new(), BTreeSet::new(), Vec::new());
    for &figure in figures {
        match figure.variants(facts) {
            Ok(variants) => {
                needed.extend(
                    variants
                        .into_iter()
                        .filter(|variant| seen.insert(variant.clone())),
                );
            }
            Err(why) => lacking.push((figure, why)),
        }
    }
    (needed, lacking)
}

fn not_testable<T>(why: impl Into<String>) -> Result<T, NotTestable> {
    Err(NotTestable(why.into()))
}

fn variant(
    experiment: &'static str,
    classifier: Kind,
    parameters: &[(&'static str, &str)],
) -> Variant {
    Variant {
        experiment,
        parameters: parameters
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
        classifier,
        split_by: Some(SplitBy::Example),
        control: Control::None,
    }
}

/// One experiment under several measures and classifiers.
fn compared(experiment: &'static str, measures: &[&str], classifiers: &[Kind]) -> Vec<Variant> {
    let mut variants = Vec::new();
    for measure in measures {
        let of = |&classifier: &Kind| variant(experiment, classifier, &[("measure", measure)]);
        variants.extend(classifiers.iter().map(of));
    }
    variants
}

fn beside_2a(experiment: &'static str) -> Vec<Variant> {
    let classifiers = [Kind::RandomForest, Kind::LinearSvm];
    let whole = compared("figure_2a", &MEASURES, &classifiers);
    [whole, compared(experiment, &MEASURES, &classifiers)].concat()
}

/// Splits by example and by run, shuffled labels, and equal task performance.
fn controls() -> Vec<Variant> {
    let by_example = compared("figure_2a", &MEASURES, &[Kind::RandomForest]);
    let by_run = by_example.iter().cloned().map(|variant| Variant {
        split_by: Some(SplitBy::Run),
        ..variant
    });
    let all = variant("figure_2a", Kind::RandomForest, &[("measure", ALL)]);
    let controlled =
        [Control::ShuffledLabels, Control::MatchedPerformance].map(|control| Variant {
            control,
            ..all.clone()
        });
    by_example
        .iter()
        .cloned()
        .chain(by_run)
        .chain(controlled)
        .collect()
}

/// Figure 2a's variants that held-out ones are compared with, before these.
fn with_reference(held_out: Vec<Variant>) -> Result<Vec<Variant>, NotTestable> {
    let references: BTreeSet<Variant> = held_out
        .iter()
        .map(|held_out| {
            variant(
                "figure_2a",
                held_out.classifier,
                &[("measure", &held_out.parameters["measure"])],
            )
        })
        .collect();
    Ok(references.into_iter().chain(held_out).collect())
}

/// Every architecture, task and curriculum held out, where there is another to learn from.
fn held_out(
    facts: &Facts,
    measures: &[&str],
    classifier: Kind,
) -> Result<Vec<Variant>, NotTestable> {
    let mut variants = Vec::new();
    for measure in measures {
        for (column, values) in [
            ("architecture", &facts.architectures),
            ("task", &facts.tasks),
        ] {
            for value in values.iter().filter(|_| values.len() > 1) {
                let parameters = [("measure", *measure), ("column", column), ("value", value)];
                variants.push(variant("figure_2b", classifier, &parameters));
            }
        }
        for (batch_size, dataset_seed) in
            facts.curricula.iter().filter(|_| facts.curricula.len() > 1)
        {
            let (batch_size, dataset_seed) = (batch_size.to_string(), dataset_seed.to_string());
            let parameters = [
                ("measure", *measure),
                ("batch_size", &*batch_size),
                ("dataset_seed", &*dataset_seed),
            ];
            variants.push(variant("figure_2b_curriculum", classifier, &parameters));
        }
    }
    for variant in &mut variants {
        variant.split_by = None;
    }
    match variants.is_empty() {
        true => not_testable(
            "it needs a second architecture, task or curriculum (batch size with dataset seed)",
        ),
        false => Ok(variants),
    }
}

fn samples(
    facts: &Facts,
    measures: &[&str],
    classifier: Kind,
) -> Result<Vec<Variant>, NotTestable> {
    let (Some(cadence), Some(last)) = (cadence(&facts.epochs), facts.epochs.last()) else {
        return not_testable("it needs checkpoints at even distances");
    };
    let mut variants = Vec::new();
    for measure in measures {
        for period in PERIODS.map(|checkpoints| checkpoints * cadence) {
            for samples in SAMPLES
                .into_iter()
                .filter(|samples| (samples - 1) * period <= *last)
            {
                let (samples, period) = (samples.to_string(), period.to_string());
                let parameters = [
                    ("measure", *measure),
                    ("samples", &*samples),
                    ("period", &*period),
                ];
                variants.push(variant("figure_4a", classifier, &parameters));
            }
        }
    }
    match variants.is_empty() {
        true => not_testable("it needs more checkpoints"),
        false => Ok(variants),
    }
}

/// The distance between checkpoints, where it is one.
pub(super) fn cadence(epochs: &[i64]) -> Option<i64> {
    let first = epochs.get(1)? - epochs.first()?;
    let is_even = epochs.windows(2).all(|pair| pair[1] - pair[0] == first);
    is_even.then_some(first)
}

fn portions(
    facts: &Facts,
    measures: &[&str],
    classifier: Kind,
) -> Result<Vec<Variant>, NotTestable> {
    if facts.epochs.len() < PORTIONS.len() {
        return not_testable("it needs at least three checkpoints");
    }
    let mut variants = Vec::new();
    for measure in measures {
        for train in PORTIONS {
            for test in PORTIONS {
                let parameters = [
                    ("measure", *measure),
                    ("train_portion", train),
                    ("test_portion", test),
                ];
                variants.push(variant("figure_4b", classifier, &parameters));
            }
        }
    }
    Ok(variants)
}

fn pairs(facts: &Facts) -> Result<Vec<Variant>, NotTestable> {
    let rules = &facts.learning_rules;
    let pair = |first: usize, second: usize| {
        let parameters = [
            ("measure", ALL),
            ("first_rule", &*rules[first]),
            ("second_rule", &*rules[second]),
        ];
        variant("figure_s1", Kind::RandomForest, &parameters)
    };
    let of_first = |first: usize| (first + 1..rules.len()).map(move |second| pair(first, second));
    Ok((0..rules.len()).flat_map(of_first).collect())
}

/// The observation conditions that networks were observed under, else those of their recordings, for every measure.
fn conditions(facts: &Facts) -> Result<Vec<Variant>, NotTestable> {
    let compared = [
        LearningRule::FeedbackAlignment,
        LearningRule::InformationAlignment,
    ]
    .map(|rule| rule.to_string());
    if !compared
        .iter()
        .all(|rule| facts.learning_rules.contains(rule))
    {
        return not_testable("it needs runs of feedback_alignment and information_alignment");
    }
    let architectures = &facts.architectures;
    let studied = architectures.iter().find(|name| *name == "resnet18");
    let architecture = studied.or(architectures.first());
    let written = |number: &f64| format!("{number:?}");
    let observed: Vec<(String, String)> = facts
        .conditions
        .iter()
        .map(|(fraction, noise)| (written(fraction), written(noise)))
        .collect();
    let recorded = RECORDED_FRACTIONS.iter().flat_map(|fraction| {
        let of_noise = |noise: &str| ((*fraction).to_owned(), noise.to_owned());
        RECORDED_NOISES.map(of_noise)
    });
    let (experiment, conditions) = match (observed.len(), facts.recorded_units) {
        (2.., _) if architecture.is_some() => ("figure_5", observed),
        (_, 1..) => ("figure_5_recorded", recorded.collect()),
        _ => {
            return not_testable(
                "it needs networks observed under several conditions (`engram observe`), or recordings of single units",
            );
        }
    };
    let mut variants = Vec::new();
    for measure in &MEASURES[..3] {
        for (fraction, noise) in &conditions {
            let mut parameters = vec![
                ("measure", *measure),
                ("unit_fraction", fraction),
                ("noise_stddev", noise),
            ];
            if experiment == "figure_5" {
                parameters.extend(architecture.map(|name| ("architecture", name.as_str())));
            }
            variants.push(variant(experiment, Kind::RandomForest, &parameters));
        }
    }
    Ok(variants)
}

/// Counts by what sets them apart, for a plan that is shown before it is run.
pub fn counted(variants: &[Variant]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for variant in variants {
        *counts.entry(variant.experiment).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests;
