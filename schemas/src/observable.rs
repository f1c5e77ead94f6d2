//! The 45 observables of a layer at a checkpoint, and the names of their columns.
//!
//! An observable is a measure (what is recorded), a function (applied to every recorded value) and a statistic (over the
//! values). Weights and activations have all seven statistics, the activity change is one number a stimulus and has the
//! mean alone: 2 x 3 x 7 + 3 = 45.
//!
//! # References
//! Nayebi et al., "Identifying Learning Rules From Neural Network Observables", NeurIPS 2020.

use std::fmt;

/// What is recorded of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// The forward kernel's entries, without the bias.
    Weight,
    /// The layer's outputs, after its own nonlinearity where it has one.
    Activation,
    /// The derivative of the layer's outputs with respect to its inputs, summed over both and divided by the number of
    /// outputs.
    ActivityChange,
}

/// What is applied to every recorded value before the statistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// The value itself.
    Raw,
    /// Its absolute value.
    Abs,
    /// Its square.
    Square,
}

/// What is computed over the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// Frobenius (L2) norm.
    Norm,
    /// Arithmetic mean.
    Mean,
    /// Population variance.
    Var,
    /// Pearson's second coefficient of skewness, 3 (mean - median) / standard deviation.
    Skew,
    /// Kurtosis, not in excess: 3 for a normal distribution.
    Kurtosis,
    /// 50th percentile, nearest rank.
    Median,
    /// 75th percentile, nearest rank.
    ThirdQuartile,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Self; 3] = [Self::Weight, Self::Activation, Self::ActivityChange];

    /// The name in columns and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Activation => "activation",
            Self::ActivityChange => "activity_change",
        }
    }

    /// The statistics that this measure has.
    pub const fn statistics(self) -> &'static [Statistic] {
        match self {
            Self::Weight | Self::Activation => &Statistic::ALL,
            Self::ActivityChange => &[Statistic::Mean],
        }
    }
}

impl Function {
    /// Every function, in the order in which `engram-observables` returns them.
    pub const ALL: [Self; 3] = [Self::Raw, Self::Abs, Self::Square];

    /// The name in columns and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Abs => "abs",
            Self::Square => "square",
        }
    }
}

impl Statistic {
    /// Every statistic, in the order in which `engram-observables` returns them.
    pub const ALL: [Self; 7] = [
        Self::Norm,
        Self::Mean,
        Self::Var,
        Self::Skew,
        Self::Kurtosis,
        Self::Median,
        Self::ThirdQuartile,
    ];

    /// The name in columns and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Norm => "norm",
            Self::Mean => "mean",
            Self::Var => "var",
            Self::Skew => "skew",
            Self::Kurtosis => "kurtosis",
            Self::Median => "median",
            Self::ThirdQuartile => "third_quartile",
        }
    }
}

/// One column of observed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Observable {
    /// What is recorded.
    pub measure: Measure,
    /// What is applied to every value.
    pub function: Function,
    /// What is computed over the values.
    pub statistic: Statistic,
}

impl Observable {
    /// Number of observables.
    pub const COUNT: usize = 45;

    /// All 45 in the order of the columns: by measure, then function, then statistic.
    pub fn all() -> impl Iterator<Item = Self> {
        Measure::ALL.into_iter().flat_map(|measure| {
            Function::ALL.into_iter().flat_map(move |function| {
                measure.statistics().iter().map(move |&statistic| Self {
                    measure,
                    function,
                    statistic,
                })
            })
        })
    }

    /// The column's name, `<measure>_<function>_<statistic>`.
    pub fn column(self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Observable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}_{}_{}",
            self.measure.as_str(),
            self.function.as_str(),
            self.statistic.as_str()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_forty_five_distinct_columns() {
        let names: std::collections::BTreeSet<_> =
            Observable::all().map(Observable::column).collect();
        assert_eq!(names.len(), Observable::COUNT);
        for name in [
            "weight_abs_median",
            "activation_raw_norm",
            "activity_change_square_mean",
        ] {
            assert!(names.contains(name), "{name}");
        }
    }
}
