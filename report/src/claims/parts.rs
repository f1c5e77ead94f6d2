//! The parts of a claim, and the verdict that follows from them.

use super::{Outcome, Verdict};
use crate::estimate::signed;
use crate::{BySplit, Missing};

/// Parts judged so far.
#[derive(Debug, Default)]
pub(super) struct Parts {
    failed: Vec<String>,
    missing: Option<Missing>,
    statistics: Vec<String>,
    uncertainties: Vec<String>,
}

impl Parts {
    /// A part that was judged: its name, the number that decided, and how sure it is.
    pub(super) fn judged(
        &mut self,
        name: &str,
        held: bool,
        statistic: String,
        uncertainty: String,
    ) {
        if !held {
            self.failed.push(name.to_owned());
        }
        self.statistics.push(statistic);
        self.uncertainties.push(uncertainty);
    }

    /// A part that says that a difference is above zero.
    pub(super) fn above_zero(&mut self, name: &str, difference: &BySplit) {
        self.sign(name, difference, is_above_zero(difference));
    }

    /// A part that says that a difference is not below zero: it fails when that is shown.
    pub(super) fn not_below_zero(&mut self, name: &str, difference: &BySplit) {
        let is_below_zero = is_above_zero(&difference.negative());
        self.sign(name, difference, !is_below_zero);
    }

    /// A difference that decides nothing by itself.
    pub(super) fn told(&mut self, name: &str, difference: &BySplit) {
        self.sign(name, difference, true);
    }

    /// A part whose rows are not there.
    pub(super) fn missing(&mut self, missing: Missing) {
        self.missing = Some(match self.missing.take() {
            Some(known) => known.and(missing),
            None => missing,
        });
    }

    /// The verdict of all parts.
    pub(super) fn verdict(self) -> Verdict {
        let missing = self.missing.map(|missing| format!("no rows of {missing}"));
        let outcome = if !self.failed.is_empty() {
            let failed = format!("not shown: {}", self.failed.join("; "));
            Outcome::DoesNotHold {
                why: [Some(failed), missing]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join("; "),
            }
        } else if let Some(why) = missing {
            Outcome::NotTestable { why }
        } else if self.statistics.is_empty() {
            Outcome::NotTestable {
                why: "nothing was computed".to_owned(),
            }
        } else {
            Outcome::Holds
        };
        Verdict {
            outcome,
            statistic: self.statistics.join("; "),
            uncertainty: self.uncertainties.join("; "),
        }
    }

    fn sign(&mut self, name: &str, difference: &BySplit, held: bool) {
        let Some(estimate) = difference.estimate() else {
            self.missing(Missing::of(format!("splits that both sides have ({name})")));
            return;
        };
        self.judged(
            name,
            held,
            format!("{name} {}", signed(estimate.mean)),
            interval(difference),
        );
    }
}

/// Whether a difference is shown to be above zero: by its interval, or of a single split by its sign.
pub(super) fn is_above_zero(difference: &BySplit) -> bool {
    let by_sign = || {
        let estimate = difference.estimate();
        estimate.is_some_and(|estimate| estimate.mean > 0.0)
    };
    let interval = difference.interval();
    interval.map_or_else(by_sign, |(low, _)| low > 0.0)
}

/// The interval of a difference in words.
pub(super) fn interval(difference: &BySplit) -> String {
    match difference.interval() {
        Some((low, high)) => format!("[{}, {}]", signed(low), signed(high)),
        None => "one split, no interval".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_outweighs_what_is_missing() {
        let mut parts = Parts::default();
        parts.judged("first", true, "a".to_owned(), "b".to_owned());
        parts.missing(Missing::of("figure_5"));
        parts.judged("second", false, "c".to_owned(), "d".to_owned());
        let verdict = parts.verdict();
        assert_eq!(
            verdict.outcome,
            Outcome::DoesNotHold {
                why: "not shown: second; no rows of figure_5".to_owned()
            }
        );
        assert_eq!(verdict.statistic, "a; c");
    }

    #[test]
    fn nothing_is_not_testable() {
        assert!(matches!(
            Parts::default().verdict().outcome,
            Outcome::NotTestable { .. }
        ));
    }
}
