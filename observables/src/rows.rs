//! The average over stimuli, and rows spread over threads.

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::{Observation, Scratch, observe, value::Value};

/// Values that do not fill rows of equal length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RaggedRows {
    /// Number of values given.
    pub n_values: usize,
    /// Values a row.
    pub n_units: usize,
}

impl fmt::Display for RaggedRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} values do not fill rows of {} units",
            self.n_values, self.n_units
        )
    }
}

impl Error for RaggedRows {}

/// Rows by values below which another thread costs more to start than it saves.
const VALUES_A_THREAD: usize = 1 << 17;

/// Average over the rows of `values`, `[n_stimuli, n_units]` in row-major order, of each row's observation, computed by
/// at most `n_threads` threads.
///
/// This is the study's reduction of activations: a statistic is of one stimulus over all units, and its value is the
/// mean over stimuli. No rows have NaN as the mean of every statistic, and a statistic that is NaN in one row is NaN.
/// The result does not depend on the number of threads.
///
/// # Errors
/// [`RaggedRows`] when `n_units` is 0 or does not divide the number of values.
pub fn mean_observation<T: Value>(
    values: &[T],
    n_units: usize,
    n_threads: usize,
) -> Result<Observation, RaggedRows> {
    if n_units == 0 || !values.len().is_multiple_of(n_units) {
        return Err(RaggedRows {
            n_values: values.len(),
            n_units,
        });
    }
    let n_rows = values.len() / n_units;
    let observations = each_row(
        n_rows,
        n_units,
        n_threads,
        Scratch::default,
        |row, scratch| observe(&values[row * n_units..][..n_units], scratch),
    );
    let mut sums = [0.0; Observation::COUNT];
    for observation in observations {
        for (sum, statistic) in sums.iter_mut().zip(observation.to_array()) {
            *sum += statistic;
        }
    }
    Ok(Observation::from_array(sums.map(|sum| sum / n_rows as f64)))
}

/// What `work` makes of each of `n_rows` rows of `n_units` values, in the order of the rows.
///
/// Threads take row after row, each with a `workspace` of its own, so a thread that is held up holds up nobody; there
/// are at most `n_threads`, and no more than the work is worth. As each row is worked on alone, and results stand in
/// the order of the rows, they do not depend on the threads. A panic of `work` goes on in the caller.
pub fn each_row<W, R: Send>(
    n_rows: usize,
    n_units: usize,
    n_threads: usize,
    workspace: impl Fn() -> W + Sync,
    work: impl Fn(usize, &mut W) -> R + Sync,
) -> Vec<R> {
    let n_threads = n_threads
        .min(n_rows)
        .min(n_rows.saturating_mul(n_units) / VALUES_A_THREAD);
    if n_threads < 2 {
        let mut own = workspace();
        return (0..n_rows).map(|row| work(row, &mut own)).collect();
    }
    let next = AtomicUsize::new(0);
    let take_rows = || {
        let mut own = workspace();
        let mut done = Vec::new();
        loop {
            let row = next.fetch_add(1, Ordering::Relaxed);
            if row >= n_rows {
                return done;
            }
            done.push((row, work(row, &mut own)));
        }
    };
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let others: Vec<_> = (1..n_threads).map(|_| scope.spawn(take_rows)).collect();
        let mut done = take_rows();
        for other in others {
            match other.join() {
                Ok(rows) => done.extend(rows),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(row, _)| *row);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_mean_of_the_rows() {
        let values = [1.0f32, 2.0, 6.0, -1.0, 0.0, 4.0];
        let mut scratch = Scratch::default();
        let mean = mean_observation(&values, 3, 1).unwrap();
        let rows = [
            observe(&values[..3], &mut scratch),
            observe(&values[3..], &mut scratch),
        ];
        let [first, second] = rows.map(Observation::to_array);
        for ((mean, first), second) in mean.to_array().into_iter().zip(first).zip(second) {
            assert_eq!(mean, (first + second) / 2.0);
        }
        assert_eq!(
            [mean.raw.mean, mean.raw.median, mean.abs.median],
            [2.0, 1.0, 1.5]
        );
    }

    #[test]
    fn rows_must_be_whole() {
        let error = mean_observation(&[1.0; 7], 3, 1).unwrap_err();
        assert_eq!(error.to_string(), "7 values do not fill rows of 3 units");
        assert!(mean_observation(&[0.0f32; 0], 0, 1).is_err());
        assert!(
            mean_observation(&[0.0f32; 0], 3, 1)
                .unwrap()
                .raw
                .norm
                .is_nan()
        );
    }

    #[test]
    fn threads_change_no_bit() {
        let values: Vec<f32> = (0..37 * 20_000)
            .map(|i| (i as f32 * 0.37).sin() * (1 + i % 5) as f32)
            .collect();
        let one = mean_observation(&values, 20_000, 1).unwrap();
        for n_threads in [2, 3, 64] {
            assert_eq!(mean_observation(&values, 20_000, n_threads).unwrap(), one);
        }
        let rows = each_row(
            1000,
            1 << 20,
            4,
            || 0,
            |row, count| {
                *count += 1;
                row
            },
        );
        assert!(rows.into_iter().eq(0..1000));
    }

    #[test]
    #[should_panic(expected = "row 7")]
    fn a_panic_goes_on_in_the_caller() {
        each_row(
            9,
            1 << 20,
            2,
            || (),
            |row, ()| assert!(row != 7, "row {row}"),
        );
    }
}
