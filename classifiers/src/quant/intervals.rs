//! QUANT's intervals and the quantiles over them.

/// An interval of a series: from the first point up to but not including the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The dyadic intervals of a series of `length` points: the series, its halves, its quarters, up to `depth` levels and
/// no finer than single points; and, where intervals of a level are longer than one point, those again shifted by half
/// their length.
pub(super) fn dyadic(length: usize, depth: usize) -> Vec<Interval> {
    let n_levels = length.checked_ilog2().map_or(0, |log| log as usize + 1);
    let mut intervals = Vec::new();
    for level in 0..n_levels.min(depth) {
        let n = 1 << level;
        let first = intervals.len();
        intervals.extend((0..n).map(|place| Interval {
            start: place * length / n,
            end: (place + 1) * length / n,
        }));
        let mut widths: Vec<usize> = intervals[first..]
            .iter()
            .map(|interval| interval.end - interval.start)
            .collect();
        widths.sort_unstable();
        // The lower median: a level with many single points is not shifted.
        if n > 1 && widths[(n - 1) / 2] > 1 {
            let shift = length.div_ceil(2 * n);
            for place in first..first + n - 1 {
                let Interval { start, end } = intervals[place];
                intervals.push(Interval {
                    start: start + shift,
                    end: end + shift,
                });
            }
        }
    }
    intervals
}

/// Number of quantiles of an interval of `width` points: one for every `divisor` points, and one.
pub(super) fn n_quantiles(width: usize, divisor: usize) -> usize {
    1 + width.saturating_sub(1) / divisor
}

/// Appends an interval's quantiles: evenly spaced from the least value to the largest, interpolated linearly, every
/// second one less the interval's mean; the median where there is one only. `scratch` is overwritten.
pub(super) fn push_quantiles(
    values: &[f64],
    divisor: usize,
    scratch: &mut Vec<f64>,
    quantiles: &mut Vec<f32>,
) {
    scratch.clear();
    scratch.extend_from_slice(values);
    scratch.sort_unstable_by(f64::total_cmp);
    let n = n_quantiles(values.len(), divisor);
    if n == 1 {
        quantiles.push(finite(interpolated(scratch, 0.5)));
        return;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    for place in 0..n {
        let quantile = interpolated(scratch, place as f64 / (n - 1) as f64);
        quantiles.push(finite(if place % 2 == 1 {
            quantile - mean
        } else {
            quantile
        }));
    }
}

fn interpolated(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let lower = place.floor() as usize;
    let upper = (lower + 1).min(sorted.len() - 1);
    sorted[lower] + (place - lower as f64) * (sorted[upper] - sorted[lower])
}

/// The nearest finite `f32`: sums and differences of the largest values would not be finite.
fn finite(value: f64) -> f32 {
    (value as f32).clamp(f32::MIN, f32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(length: usize, depth: usize) -> Vec<(usize, usize)> {
        dyadic(length, depth)
            .iter()
            .map(|interval| (interval.start, interval.end))
            .collect()
    }

    #[test]
    fn intervals_halve_and_shift() {
        assert_eq!(pairs(1, 6), [(0, 1)]);
        assert_eq!(pairs(2, 6), [(0, 2), (0, 1), (1, 2)]);
        assert_eq!(
            pairs(5, 2),
            [(0, 5), (0, 2), (2, 5), (2, 4)],
            "halves of 2 and 3, and the first shifted by 2"
        );
        assert_eq!(pairs(5, 1), [(0, 5)]);
        assert_eq!(pairs(0, 6), []);
    }

    #[test]
    fn no_interval_leaves_the_series() {
        for length in 1..200 {
            for interval in dyadic(length, 8) {
                assert!(interval.start < interval.end && interval.end <= length);
            }
        }
    }

    #[test]
    fn every_second_quantile_is_less_the_mean() {
        let mut quantiles = Vec::new();
        // Five points: quantiles 0 and 1, mean 3.
        push_quantiles(
            &[5.0, 1.0, 2.0, 4.0, 3.0],
            4,
            &mut Vec::new(),
            &mut quantiles,
        );
        assert_eq!(quantiles, [1.0, 2.0]);
        quantiles.clear();
        push_quantiles(&[1.0, 4.0], 4, &mut Vec::new(), &mut quantiles);
        assert_eq!(quantiles, [2.5]);
    }
}
