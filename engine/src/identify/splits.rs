//! Which examples a classifier learns from and which it is tested on.
//!
//! Test examples are equally many in every class, so that guessing is right in one case of the number of classes, however
//! many examples a class has.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use engram_schemas::randomness::{ChaCha8Rng, generator};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What is kept together on one side of a split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitBy {
    /// One example, that is one layer: other layers of the same network may be on the other side.
    #[default]
    Example,
    /// All examples of a run: the classifier is tested on networks of which it saw nothing.
    Run,
}

impl SplitBy {
    /// The name in settings, results and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Example => "example",
            Self::Run => "run",
        }
    }
}

impl fmt::Display for SplitBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SplitBy {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self> {
        [Self::Example, Self::Run]
            .into_iter()
            .find(|choice| choice.as_str() == given)
            .ok_or_else(|| Error::Splits {
                reason: format!("`{given}` is nothing to split by; known are example and run"),
            })
    }
}

/// How splits are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SplitSettings {
    /// Number of splits, each made independently of the others.
    pub n_splits: usize,
    /// Share of the examples to test on, above 0 and below 1.
    pub test_fraction: f64,
    /// What is kept together.
    pub split_by: SplitBy,
    /// Seed of the choice.
    pub seed: u64,
}

impl Default for SplitSettings {
    fn default() -> Self {
        Self {
            n_splits: 10,
            test_fraction: 0.25,
            split_by: SplitBy::Example,
            seed: 0,
        }
    }
}

/// The sides of a split: numbers of examples, rising.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Examples to learn from.
    pub train: Vec<usize>,
    /// Examples to test on, equally many of every class.
    pub test: Vec<usize>,
    /// Examples of tested runs that would have made one class' test examples more than another's. Always empty for
    /// [`SplitBy::Example`].
    pub left_out: Vec<usize>,
}

/// Makes splits of examples with the given `labels`, each below `n_classes`.
///
/// The test takes the same number of units (examples or runs) of every class: `test_fraction` of the units of the
/// smallest class. With [`SplitBy::Run`] the classes' runs may have unequal numbers of examples; then the surplus of
/// test examples is left out. The rest is trained on.
///
/// `runs` holds the run of every example; it is needed for [`SplitBy::Run`] only.
///
/// # Errors
/// [`Error::Splits`] for settings out of range, for fewer than two classes, for a class with fewer than two units, and
/// for a run whose examples are of several classes.
pub(super) fn splits(
    labels: &[u32],
    n_classes: usize,
    runs: Option<&[String]>,
    settings: &SplitSettings,
) -> Result<Vec<Split>> {
    let refuse = |reason: String| Err(Error::Splits { reason });
    let fraction = settings.test_fraction;
    if !(fraction > 0.0 && fraction < 1.0) {
        return refuse(format!(
            "the share to test on is {fraction} and must lie between 0 and 1"
        ));
    }
    if settings.n_splits == 0 {
        return refuse("the number of splits is 0 and must be at least 1".to_owned());
    }
    let units = match (settings.split_by, runs) {
        (SplitBy::Example, _) => examples_by_class(labels, n_classes),
        (SplitBy::Run, Some(runs)) => runs_by_class(labels, n_classes, runs)?,
        (SplitBy::Run, None) => {
            return refuse("splitting by run needs the run of every example".to_owned());
        }
    };
    let smallest = units.iter().map(Vec::len).min().unwrap_or(0);
    if n_classes < 2 {
        return refuse(format!(
            "there is nothing to tell apart in {n_classes} class(es)"
        ));
    }
    if smallest < 2 {
        let unit = settings.split_by;
        return refuse(format!(
            "the smallest class has {smallest} {unit}(s), and each side needs one"
        ));
    }
    let n_test = ((smallest as f64 * fraction).round() as usize).clamp(1, smallest - 1);
    Ok((0..settings.n_splits as u64)
        .map(|split| {
            one_split(
                &units,
                n_test,
                &mut generator("splits", settings.seed, split),
            )
        })
        .collect())
}

/// Examples that stay together.
type Unit = Vec<usize>;

fn examples_by_class(labels: &[u32], n_classes: usize) -> Vec<Vec<Unit>> {
    let mut units = vec![Vec::new(); n_classes];
    for (example, &label) in labels.iter().enumerate() {
        units[label as usize].push(vec![example]);
    }
    units
}

fn runs_by_class(labels: &[u32], n_classes: usize, runs: &[String]) -> Result<Vec<Vec<Unit>>> {
    let mut by_run: BTreeMap<&str, (u32, Unit)> = BTreeMap::new();
    for (example, (&label, run)) in labels.iter().zip(runs).enumerate() {
        let (class, unit) = by_run.entry(run).or_insert_with(|| (label, Vec::new()));
        if *class != label {
            let reason =
                format!("run {run} has examples of several classes; split by example instead");
            return Err(Error::Splits { reason });
        }
        unit.push(example);
    }
    let mut units = vec![Vec::new(); n_classes];
    for (class, unit) in by_run.into_values() {
        units[class as usize].push(unit);
    }
    Ok(units)
}

fn one_split(units: &[Vec<Unit>], n_test: usize, random: &mut ChaCha8Rng) -> Split {
    let mut split = Split {
        train: Vec::new(),
        test: Vec::new(),
        left_out: Vec::new(),
    };
    let mut tests = Vec::with_capacity(units.len());
    for of_class in units {
        let mut order: Vec<&Unit> = of_class.iter().collect();
        order.shuffle(random);
        let (test, train) = order.split_at(n_test);
        split.train.extend(train.iter().copied().flatten());
        tests.push(
            test.iter()
                .copied()
                .flatten()
                .copied()
                .collect::<Vec<usize>>(),
        );
    }
    let n_balanced = tests.iter().map(Vec::len).min().unwrap_or(0);
    for mut test in tests {
        if test.len() > n_balanced {
            test.shuffle(random);
        }
        split.left_out.extend_from_slice(&test[n_balanced..]);
        test.truncate(n_balanced);
        split.test.extend(test);
    }
    split.train.sort_unstable();
    split.test.sort_unstable();
    split.left_out.sort_unstable();
    split
}

#[cfg(test)]
mod tests;
