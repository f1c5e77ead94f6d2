//! C9, figure 4b. For the random forest on all measures: the mean accuracy from a third to itself is above that from a third
//! to another; and the mean accuracy between middle and late, both ways, is above that between early and middle and
//! that between early and late (paired differences). For the linear SVM: the mean accuracy from a third to another is at most [`NEAR`] above
//! chance. Rows: `figure_4b`, measure `all`, split by example, with a third's accuracy on itself among them.

use super::parts::{Parts, interval};
use super::{Claim, Verdict};
use crate::estimate::signed;
use crate::portions::{PORTIONS, from_to};
use crate::{BySplit, Missing, Results, names};

pub(super) const CLAIM: Claim = Claim {
    id: "C9",
    statement: "Accuracy drops from one third of the trajectories to another; middle and late correspond most; the linear SVM \
                is near chance.",
    test,
};

/// An accuracy this little above chance is near it: ten examples in a hundred.
const NEAR: f64 = 0.1;

fn test(results: &Results<'_>) -> Verdict {
    let mut parts = Parts::default();
    let forest = |pairs: &[(&str, &str)]| between(results, names::RANDOM_FOREST, pairs);
    let own = PORTIONS.map(|portion| (portion, portion));
    let [early, middle, late] = PORTIONS;
    let both = |a, b| [(a, b), (b, a)];
    let mut compare = |name: &str, upper: &[(&str, &str)], lower: &[(&str, &str)]| match (
        forest(upper),
        forest(lower),
    ) {
        (Ok(upper), Ok(lower)) => parts.above_zero(name, &upper.minus(&lower)),
        (upper, lower) => {
            for missing in [upper.err(), lower.err()].into_iter().flatten() {
                parts.missing(missing);
            }
        }
    };
    compare("forest, same third − other third", &own, &others());
    compare(
        "forest, middle/late − early/middle",
        &both(middle, late),
        &both(early, middle),
    );
    compare(
        "forest, middle/late − early/late",
        &both(middle, late),
        &both(early, late),
    );
    let chance = results.chance(&from_to(
        names::LINEAR_SVM,
        names::ALL_MEASURES,
        early,
        late,
    ));
    match (between(results, names::LINEAR_SVM, &others()), chance) {
        (Ok(svm), Some(chance)) => {
            let above = svm.estimate().map_or(f64::NAN, |estimate| estimate.mean) - chance;
            parts.judged(
                "the SVM is near chance",
                above <= NEAR,
                format!(
                    "SVM, other third − chance {}, at most {NEAR}",
                    signed(above)
                ),
                match svm.interval() {
                    Some(_) => format!("accuracy in {}", interval(&svm)),
                    None => interval(&svm),
                },
            );
        }
        (svm, _) => parts.missing(
            svm.err()
                .unwrap_or_else(|| Missing::of("figure_4b, linear_svm")),
        ),
    }
    parts.verdict()
}

/// From every third to every other.
fn others() -> Vec<(&'static str, &'static str)> {
    PORTIONS
        .into_iter()
        .flat_map(|train| PORTIONS.into_iter().map(move |test| (train, test)))
        .filter(|(train, test)| train != test)
        .collect()
}

/// Mean accuracy over pairs of thirds, by split.
fn between(
    results: &Results<'_>,
    classifier: &str,
    pairs: &[(&str, &str)],
) -> Result<BySplit, Missing> {
    let mut found = Vec::new();
    let mut missing: Option<Missing> = None;
    for (train, test) in pairs {
        match results.accuracies(&from_to(classifier, names::ALL_MEASURES, train, test)) {
            Ok(accuracies) => found.push(accuracies),
            Err(next) => missing = Some(missing.map_or(next.clone(), |missing| missing.and(next))),
        }
    }
    match missing {
        Some(missing) => Err(missing),
        None => BySplit::mean_of(&found).ok_or_else(|| Missing::of("figure_4b")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::super::checking::{failed, missing, outcome, shift};
    use super::*;

    #[test]
    fn holds() {
        assert_eq!(outcome(&CLAIM, |_| {}), Outcome::Holds);
    }

    #[test]
    fn fails_when_early_corresponds_as_well() {
        let why = failed(outcome(&CLAIM, |rows| {
            let words = [
                "\"all\"",
                "\"test_portion\":\"late\"",
                "\"train_portion\":\"early\"",
            ];
            shift(rows, "figure_4b", "random_forest", &words, 0.45);
        }));
        assert_eq!(why, "not shown: forest, middle/late − early/late");
    }

    #[test]
    fn fails_when_the_svm_is_far_from_chance() {
        let why = failed(outcome(&CLAIM, |rows| {
            shift(
                rows,
                "figure_4b",
                "linear_svm",
                &["\"all\"", "\"test_portion\":\"late\""],
                0.3,
            );
        }));
        assert_eq!(why, "not shown: the SVM is near chance");
    }

    #[test]
    fn is_not_testable_without_a_pair() {
        let why = missing(outcome(&CLAIM, |rows| {
            rows.retain(|row| {
                row.experiment != "figure_4b"
                    || !row.parameters.contains("\"test_portion\":\"early\"")
            });
        }));
        assert!(why.contains("figure_4b, random_forest, measure = all, train_portion = middle, test_portion = early"), "{why}");
    }
}
