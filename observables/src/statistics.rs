//! The seven statistics, and the result's shape.

/// Seven statistics of a set of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// Frobenius (L2) norm.
    pub norm: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Population variance: divided by the number of values.
    pub var: f64,
    /// Pearson's second coefficient of skewness, 3 (mean - median) / standard deviation.
    pub skew: f64,
    /// Fourth central moment over the squared variance: 3 for a normal distribution, not in excess of it.
    pub kurtosis: f64,
    /// 50th percentile, nearest rank.
    pub median: f64,
    /// 75th percentile, nearest rank.
    pub third_quartile: f64,
}

impl Statistics {
    /// Number of statistics.
    pub const COUNT: usize = 7;

    /// All seven in the order of the fields, which is the order of `engram_schemas::observable::Statistic::ALL`.
    pub fn to_array(self) -> [f64; Self::COUNT] {
        [
            self.norm,
            self.mean,
            self.var,
            self.skew,
            self.kurtosis,
            self.median,
            self.third_quartile,
        ]
    }

    /// The reverse of [`Statistics::to_array`].
    pub fn from_array(array: [f64; Self::COUNT]) -> Self {
        let [norm, mean, var, skew, kurtosis, median, third_quartile] = array;
        Self {
            norm,
            mean,
            var,
            skew,
            kurtosis,
            median,
            third_quartile,
        }
    }
}

/// The statistics of a set of values under the three functions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// Of the values themselves.
    pub raw: Statistics,
    /// Of their absolute values.
    pub abs: Statistics,
    /// Of their squares.
    pub square: Statistics,
}

impl Observation {
    /// Number of numbers in an observation.
    pub const COUNT: usize = 3 * Statistics::COUNT;

    /// All 21, by function and then statistic, which is the order of a measure's columns in `engram-schemas`.
    pub fn to_array(self) -> [f64; Self::COUNT] {
        let mut array = [0.0; Self::COUNT];
        let functions = [self.raw, self.abs, self.square];
        for (part, statistics) in array.chunks_exact_mut(Statistics::COUNT).zip(functions) {
            part.copy_from_slice(&statistics.to_array());
        }
        array
    }

    /// The reverse of [`Observation::to_array`].
    pub fn from_array(array: [f64; Self::COUNT]) -> Self {
        let part = |function: usize| {
            Statistics::from_array(std::array::from_fn(|statistic| {
                array[function * Statistics::COUNT + statistic]
            }))
        };
        Self {
            raw: part(0),
            abs: part(1),
            square: part(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_round_trip_in_the_order_of_the_fields() {
        let array: [f64; Observation::COUNT] = std::array::from_fn(|place| place as f64);
        let observation = Observation::from_array(array);
        assert_eq!(observation.to_array(), array);
        assert_eq!(
            [observation.raw.norm, observation.raw.third_quartile],
            [0.0, 6.0]
        );
        assert_eq!([observation.abs.mean, observation.square.var], [8.0, 16.0]);
        assert_eq!(
            [
                observation.raw.skew,
                observation.raw.kurtosis,
                observation.raw.median
            ],
            [3.0, 4.0, 5.0]
        );
    }
}
