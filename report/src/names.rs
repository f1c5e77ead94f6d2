//! What things are called in the table and in figures, and the colours that they have in all of them.

use engram_schemas::observable::Measure;
use engram_schemas::{Architecture, LearningRule, Task};
use plotters::style::RGBColor;

use crate::drawing::palette;

/// The parameter that names the measure.
pub(crate) const MEASURE: &str = "measure";
/// Every measure together.
pub(crate) const ALL_MEASURES: &str = "all";
/// Weights.
pub(crate) const WEIGHT: &str = Measure::Weight.as_str();
/// Activations.
pub(crate) const ACTIVATION: &str = Measure::Activation.as_str();
/// Activity change.
pub(crate) const ACTIVITY_CHANGE: &str = Measure::ActivityChange.as_str();
/// The measures by themselves.
pub(crate) const SINGLE_MEASURES: [&str; 3] = [WEIGHT, ACTIVATION, ACTIVITY_CHANGE];
/// The measures in the order of the figures.
pub(crate) const MEASURES: [&str; 4] = [WEIGHT, ACTIVATION, ACTIVITY_CHANGE, ALL_MEASURES];

/// The random forest.
pub(crate) const RANDOM_FOREST: &str = "random_forest";
/// The linear support vector machine.
pub(crate) const LINEAR_SVM: &str = "linear_svm";
/// The convolution over time.
pub(crate) const CONV1D_MLP: &str = "conv1d_mlp";
/// Quantiles of intervals of the trajectory.
pub(crate) const QUANT: &str = "quant";
/// The classifiers in the order of the figures.
pub(crate) const CLASSIFIERS: [&str; 4] = [RANDOM_FOREST, LINEAR_SVM, CONV1D_MLP, QUANT];

/// Classifier and measure of the supplement's versions of figures that show the forest on all measures.
pub(crate) const BEYOND_THE_FOREST_ON_ALL: [(&str, &str); 7] = [
    (RANDOM_FOREST, WEIGHT),
    (RANDOM_FOREST, ACTIVATION),
    (RANDOM_FOREST, ACTIVITY_CHANGE),
    (LINEAR_SVM, WEIGHT),
    (LINEAR_SVM, ACTIVATION),
    (LINEAR_SVM, ACTIVITY_CHANGE),
    (LINEAR_SVM, ALL_MEASURES),
];
/// Classifier and measure of the supplement's versions of figures that show both on all measures.
pub(crate) const FOREST_AND_SVM_ON_SINGLE_MEASURES: [(&str, &str); 6] = [
    (RANDOM_FOREST, WEIGHT),
    (RANDOM_FOREST, ACTIVATION),
    (RANDOM_FOREST, ACTIVITY_CHANGE),
    (LINEAR_SVM, WEIGHT),
    (LINEAR_SVM, ACTIVATION),
    (LINEAR_SVM, ACTIVITY_CHANGE),
];

/// The depth indicators among the statistics that importances are given for.
pub(crate) const DEPTH: &str = "depth";

/// A name as a figure shows it.
pub(crate) fn label(name: &str) -> String {
    let known = match name {
        WEIGHT => "Weights",
        ACTIVATION => "Activations",
        ACTIVITY_CHANGE => "Activity change",
        ALL_MEASURES => "All",
        RANDOM_FOREST => "Random forest",
        LINEAR_SVM => "Linear SVM",
        CONV1D_MLP => "Conv1D MLP",
        QUANT => "QUANT",
        DEPTH => "Depth of the layer",
        "early" => "Early",
        "middle" => "Middle",
        "late" => "Late",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    if let Ok(rule) = name.parse::<LearningRule>() {
        return rule_label(rule);
    }
    if let Ok(task) = name.parse::<Task>() {
        return match task {
            Task::Imagenet => "ImageNet",
            Task::Simclr => "SimCLR",
            Task::Wsn => "WSN",
            Task::Cifar10 => "CIFAR-10",
            Task::Digits => "Digits",
            Task::DigitsSimclr => "Digits SimCLR",
            Task::ImageFolder => "Image folder",
        }
        .to_owned();
    }
    if name.parse::<Architecture>().is_ok() {
        return name
            .replace("alexnet", "AlexNet")
            .replace("resnet", "ResNet-")
            .replace("knet", "KNet-")
            .replace("_lrn", " LRN")
            .replace("v2", " v2");
    }
    plain(name)
}

/// A rule's name, short enough for a column: those of the study as it writes them, others by their initials.
fn rule_label(rule: LearningRule) -> String {
    match rule {
        LearningRule::Sgdm => "SGDM",
        LearningRule::Adam => "Adam",
        LearningRule::FeedbackAlignment => "FA",
        LearningRule::InformationAlignment => "IA",
        LearningRule::KolenPollack => "KP",
        LearningRule::WeightMirror => "WM",
        LearningRule::SymmetricAlignment => "SA",
        LearningRule::ActivationAlignment => "AA",
        LearningRule::UniformSign => "US",
        LearningRule::BatchwiseRandomSign => "BRS",
        LearningRule::FixedRandomSign => "FRS",
        LearningRule::DirectFeedbackAlignment => "DFA",
    }
    .to_owned()
}

/// What the initials among the rules' names stand for, as a sentence; nothing when there are none.
pub(crate) fn initials<'a>(rules: impl IntoIterator<Item = &'a String>) -> String {
    let words: Vec<String> = rules
        .into_iter()
        .filter_map(|name| {
            let rule = name.parse::<LearningRule>().ok()?;
            let named = matches!(rule, LearningRule::Sgdm | LearningRule::Adam);
            (!named).then(|| {
                let words = name
                    .replace("kolen_pollack", "Kolen-Pollack")
                    .replace('_', " ");
                format!("{} {words}", rule_label(rule))
            })
        })
        .collect();
    if words.is_empty() {
        String::new()
    } else {
        format!(" {}.", words.join(", "))
    }
}

/// Words for underscores, with a capital letter.
fn plain(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A statistic as a figure shows it: `weight_abs_median` is `Weight, |x|: median`.
pub(crate) fn statistic(name: &str) -> String {
    let Some(measure) = measure_of(name) else {
        return label(name);
    };
    let rest = name[measure.len()..].trim_start_matches('_');
    let (function, statistic) = rest.split_once('_').unwrap_or(("raw", rest));
    let values = match function {
        "abs" => "|x|",
        "square" => "x²",
        _ => "x",
    };
    let measure = match measure {
        WEIGHT => "Weight",
        ACTIVATION => "Activation",
        _ => "Activity change",
    };
    let statistic = match statistic {
        "var" => "variance".to_owned(),
        "skew" => "skewness".to_owned(),
        other => other.replace('_', " "),
    };
    format!("{measure} {values}, {statistic}")
}

/// A panel's title: classifier and measure.
pub(crate) fn pair(classifier: &str, measure: &str) -> String {
    format!("{}, {}", label(classifier), label(measure).to_lowercase())
}

/// The measure that a statistic is of; none for the depth indicators.
pub(crate) fn measure_of(statistic: &str) -> Option<&'static str> {
    SINGLE_MEASURES
        .into_iter()
        .find(|measure| statistic.starts_with(measure))
}

/// The colour of a measure or a classifier; of the depth indicators for every other name.
pub(crate) fn color(name: &str) -> RGBColor {
    match name {
        RANDOM_FOREST => palette::BLUE,
        LINEAR_SVM => palette::ORANGE,
        CONV1D_MLP => palette::GREEN,
        QUANT => palette::PURPLE,
        WEIGHT => palette::VERMILION,
        ACTIVATION => palette::SKY_BLUE,
        ACTIVITY_CHANGE => palette::GREEN,
        ALL_MEASURES => palette::BLACK,
        _ => palette::GREY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_as_the_field_writes_them() {
        assert_eq!(label("feedback_alignment"), "FA");
        assert_eq!(label("knet4_lrn"), "KNet-4 LRN");
        assert_eq!(label("resnet18v2"), "ResNet-18 v2");
        assert_eq!(label("weight_mirror"), "WM");
        assert_eq!(label("another_name"), "Another name");
        let rules = ["adam", "feedback_alignment"].map(str::to_owned);
        assert_eq!(initials(&rules), " FA feedback alignment.");
        assert_eq!(
            statistic("weight_abs_third_quartile"),
            "Weight |x|, third quartile"
        );
        assert_eq!(
            statistic("activity_change_square_mean"),
            "Activity change x², mean"
        );
        assert_eq!(statistic("depth"), "Depth of the layer");
    }
}
