//! The published names of the observed statistics.

use engram_schemas::Observable;
use engram_schemas::observable::{Function, Measure, Statistic};

/// How a measure is spelled in front of a name.
const MEASURES: &[(&str, Measure)] = &[
    ("weight", Measure::Weight),
    ("weights", Measure::Weight),
    ("act", Measure::Activation),
    ("activation", Measure::Activation),
    ("activations", Measure::Activation),
    ("grad", Measure::ActivityChange),
    ("gradavg", Measure::ActivityChange),
    ("gradmean", Measure::ActivityChange),
    ("gradient", Measure::ActivityChange),
    ("actgrad", Measure::ActivityChange),
    ("actchange", Measure::ActivityChange),
    ("activitychange", Measure::ActivityChange),
];

/// How a function is spelled behind the measure.
const FUNCTIONS: &[(&str, Function)] = &[
    ("raw", Function::Raw),
    ("id", Function::Raw),
    ("identity", Function::Raw),
    ("", Function::Raw),
    ("abs", Function::Abs),
    ("absolute", Function::Abs),
    ("sq", Function::Square),
    ("square", Function::Square),
    ("squared", Function::Square),
];

/// How a statistic is spelled at the end.
const STATISTICS: &[(&str, Statistic)] = &[
    ("norm", Statistic::Norm),
    ("l2norm", Statistic::Norm),
    ("mean", Statistic::Mean),
    ("avg", Statistic::Mean),
    ("average", Statistic::Mean),
    ("var", Statistic::Var),
    ("variance", Statistic::Var),
    ("skew", Statistic::Skew),
    ("skewness", Statistic::Skew),
    ("kurt", Statistic::Kurtosis),
    ("kurtosis", Statistic::Kurtosis),
    ("median", Statistic::Median),
    ("quartile", Statistic::ThirdQuartile),
    ("thirdquartile", Statistic::ThirdQuartile),
    ("quartile3", Statistic::ThirdQuartile),
    ("q3", Statistic::ThirdQuartile),
];

/// How the mean of an activity change is spelled, which has no other statistic.
const ONLY_MEAN: &[&str] = &["", "id", "identity", "mean", "avg"];

/// The name of an observable in the manner of the study's, as in `weightabs_median`.
pub fn name(observable: Observable) -> String {
    let measure = match observable.measure {
        Measure::Weight => "weight",
        Measure::Activation => "act",
        Measure::ActivityChange => "gradavg",
    };
    let function = match observable.function {
        Function::Raw => "raw",
        Function::Abs => "abs",
        Function::Square => "sq",
    };
    match observable.measure {
        // Nothing but its mean is known of it, so that the name tells no statistic.
        Measure::ActivityChange => format!("{measure}{function}_id"),
        _ => format!("{measure}{function}_{}", observable.statistic.as_str()),
    }
}

/// The observable that `name` stands for, as in `weightabs_median`; nothing where there is none, or more than one.
pub(super) fn recognise(name: &str) -> Option<Observable> {
    let name = super::categories::letters(name);
    let mut found: Option<Observable> = None;
    for (start, measure) in MEASURES {
        for (middle, function) in FUNCTIONS {
            let end = name
                .strip_prefix(start)
                .and_then(|rest| rest.strip_prefix(middle));
            let Some(statistic) = end.and_then(|end| statistic(*measure, end)) else {
                continue;
            };
            let observable = Observable {
                measure: *measure,
                function: *function,
                statistic,
            };
            match found {
                Some(other) if other != observable => return None,
                _ => found = Some(observable),
            }
        }
    }
    found
}

fn statistic(measure: Measure, name: &str) -> Option<Statistic> {
    if measure == Measure::ActivityChange {
        return ONLY_MEAN.contains(&name).then_some(Statistic::Mean);
    }
    let known = STATISTICS.iter().find(|(spelling, _)| *spelling == name);
    known.map(|&(_, statistic)| statistic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_written_are_recognised() {
        for observable in Observable::all() {
            assert_eq!(recognise(&name(observable)), Some(observable));
        }
        let of = |column: &str| Observable::all().find(|observable| observable.column() == column);
        let abs_median = of("weight_abs_median").unwrap();
        assert_eq!(name(abs_median), "weightabs_median");
        assert_eq!(
            name(of("activity_change_square_mean").unwrap()),
            "gradavgsq_id"
        );
    }

    #[test]
    fn published_names_are_our_columns() {
        for (name, column) in [
            ("weightabs_median", "weight_abs_median"),
            ("weightraw_norm", "weight_raw_norm"),
            (
                "weightsquare_third_quartile",
                "weight_square_third_quartile",
            ),
            ("weightsq_quartile", "weight_square_third_quartile"),
            ("actraw_norm", "activation_raw_norm"),
            ("activation_squared_variance", "activation_square_var"),
            ("act_kurtosis", "activation_raw_kurtosis"),
            ("gradavgsq_id", "activity_change_square_mean"),
            ("gradavgraw_id", "activity_change_raw_mean"),
            ("gradavg_id", "activity_change_raw_mean"),
            ("gradabs_mean", "activity_change_abs_mean"),
        ] {
            assert_eq!(
                recognise(name).map(Observable::column).as_deref(),
                Some(column),
                "{name}"
            );
        }
        for name in [
            "weightabs_std",
            "gradavgsq_median",
            "bias_mean",
            "",
            "weight",
        ] {
            assert_eq!(recognise(name), None, "{name}");
        }
    }

    #[test]
    fn every_column_of_ours_is_its_own_name() {
        for observable in Observable::all() {
            assert_eq!(
                recognise(&observable.column()),
                Some(observable),
                "{observable}"
            );
        }
    }
}
