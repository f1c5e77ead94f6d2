//! Nearest-rank quantiles of the values and of their absolute values.
//!
//! The quantile q of n values is the one of rank ceil(q n), counted from 1 in ascending order (NumPy's
//! `method="inverted_cdf"`); nothing is interpolated.
//!
//! A long row is counted into bins by the top bits of its patterns: sign, exponent and the fraction's first bits. The
//! bins of a sign are ordered, so one table of counts places both quantiles of the values, and, the two signs added
//! up, both of the absolute values. Only the values in the four bins that were hit are looked at again. A short row
//! does not repay clearing and walking the table and is selected from directly.

use crate::{Scratch, value::Value};

/// Bits of a pattern that choose its bin.
pub(crate) const BIN_BITS: u32 = 12;

const BINS: usize = 1 << BIN_BITS;
const SIGN: usize = BINS / 2;

/// Rows shorter than this are selected from directly. Around this length both ways were measured to take the same time;
/// at 65,536 values counting is three times faster, at 256 selecting is.
const SHORT: usize = 1024;

/// Median and third quartile of the values and of their absolute values.
#[derive(Debug, PartialEq)]
pub(crate) struct Quantiles {
    pub(crate) raw: [f64; 2],
    pub(crate) abs: [f64; 2],
}

impl Quantiles {
    /// What they are where there is no order.
    pub(crate) const NAN: Self = Self {
        raw: [f64::NAN; 2],
        abs: [f64::NAN; 2],
    };
}

/// Median and third quartile of `values`, none of which is NaN, and of their absolute values. NaN of no values.
pub(crate) fn quantiles<T: Value>(values: &[T], scratch: &mut Scratch) -> Quantiles {
    let Some(ranks) = ranks(values.len()) else {
        return Quantiles::NAN;
    };
    let quantiles = if values.len() < SHORT {
        select(values, ranks, scratch)
    } else {
        count(values, ranks, scratch)
    };
    Quantiles {
        raw: unsigned_zeros(quantiles.raw),
        abs: quantiles.abs,
    }
}

/// Those of the values alone, as [`quantiles`] has them.
pub(crate) fn raw_quantiles<T: Value>(values: &[T], scratch: &mut Scratch) -> [f64; 2] {
    let Some(ranks) = ranks(values.len()) else {
        return Quantiles::NAN.raw;
    };
    unsigned_zeros(if values.len() < SHORT {
        select_raw(values, ranks, scratch)
    } else {
        count_raw(values, ranks, scratch)
    })
}

/// The ranks of median and third quartile of `n` values, from 0; of no values there are none.
fn ranks(n: usize) -> Option<[usize; 2]> {
    (n > 0).then(|| [n.div_ceil(2) - 1, (n - n / 4) - 1])
}

/// Which of the two zeros stands at a rank would depend on the way taken.
fn unsigned_zeros(quantiles: [f64; 2]) -> [f64; 2] {
    quantiles.map(|value| value + 0.0)
}

/// By partial sorting of all values.
fn select<T: Value>(values: &[T], ranks: [usize; 2], scratch: &mut Scratch) -> Quantiles {
    Quantiles {
        raw: select_raw(values, ranks, scratch),
        abs: select_by(values, T::abs_bits, ranks, scratch).map(T::of_bits),
    }
}

fn select_raw<T: Value>(values: &[T], ranks: [usize; 2], scratch: &mut Scratch) -> [f64; 2] {
    select_by(values, T::key, ranks, scratch).map(T::of_key)
}

fn select_by<T: Value>(
    values: &[T],
    key: impl Fn(T::Bits) -> T::Bits,
    [median, third_quartile]: [usize; 2],
    scratch: &mut Scratch,
) -> [T::Bits; 2] {
    let buffer = T::buffer(scratch);
    buffer.clear();
    buffer.extend(values.iter().map(|value| key(value.bits())));
    let (below, &mut upper, _) = buffer.select_nth_unstable(third_quartile);
    let lower = if median < below.len() {
        *below.select_nth_unstable(median).1
    } else {
        upper
    };
    [lower, upper]
}

/// By counting all values into bins and partial sorting of the bins hit.
fn count<T: Value>(values: &[T], ranks: [usize; 2], scratch: &mut Scratch) -> Quantiles {
    let counts = counts(values);
    let mut abs_counts = [0; SIGN];
    for (bin, count) in abs_counts.iter_mut().enumerate() {
        *count = counts[bin] + counts[bin + SIGN];
    }
    let raw = raw_places(&counts, ranks);
    let abs = places(&abs_counts, ranks);

    let mut wanted = [false; BINS];
    for place in raw {
        wanted[place.bin] = true;
    }
    for place in abs {
        wanted[place.bin] = true;
        wanted[place.bin + SIGN] = true;
    }
    // The gathered patterns are all the working memory: at most one copy of the values, where one bin holds all of them.
    let n_gathered = (0..BINS)
        .filter(|&bin| wanted[bin])
        .map(|bin| counts[bin] as usize)
        .sum::<usize>();
    let buffer = T::buffer(scratch);
    buffer.clear();
    // The branchless gathering writes one place beyond the last wanted pattern.
    let n_places = (n_gathered + 1).min(values.len());
    if buffer.capacity() < n_places {
        // Some more, as the next row wants nearly as many, but never more than the values are.
        buffer.reserve_exact((n_places + n_places / 4).min(values.len()));
    }
    buffer.resize(n_places, T::Bits::default());
    gather(values.iter().map(|value| value.bits()), buffer, |bits| {
        wanted[T::bin(bits)]
    });
    let gathered = &mut buffer[..n_gathered];

    let mut at = |place: Place, bin: fn(T::Bits) -> usize, key: fn(T::Bits) -> T::Bits| {
        let n_part = partition(gathered, |bits| bin(bits) == place.bin);
        let part = &mut gathered[..n_part];
        key(*part
            .select_nth_unstable_by_key(place.rank, |&bits| key(bits))
            .1)
    };
    let raw = raw.map(|place| T::of_key(at(place, T::bin, T::key)));
    // Rectified outputs have no negative bin, and are their own absolute values.
    let abs = if counts[SIGN..].iter().all(|&count| count == 0) {
        raw
    } else {
        abs.map(|place| T::of_bits(at(place, |bits| T::bin(T::abs_bits(bits)), T::abs_bits)))
    };
    Quantiles { raw, abs }
}

/// The same of the values alone. Each bin is gathered by itself: values of a bin are rare, so that whole blocks are passed
/// over, by comparisons that vectorise. For four bins that would take longer than [`gather`].
fn count_raw<T: Value>(values: &[T], ranks: [usize; 2], scratch: &mut Scratch) -> [f64; 2] {
    const BLOCK: usize = 16;
    let counts = counts(values);
    let buffer = T::buffer(scratch);
    raw_places(&counts, ranks).map(|Place { bin, rank }| {
        buffer.clear();
        // Some more, as the next row wants nearly as many, but never more than the values are.
        let n = counts[bin] as usize;
        if buffer.capacity() < n {
            buffer.reserve_exact((n + n / 4).min(values.len()));
        }
        for block in values.chunks(BLOCK) {
            let is_wanted = |value: &&T| T::is_in(value.bits(), bin);
            let n_wanted: u32 = block.iter().map(|value| u32::from(is_wanted(&value))).sum();
            if n_wanted > 0 {
                let wanted = block.iter().filter(is_wanted);
                buffer.extend(wanted.map(|value| T::key(value.bits())));
            }
        }
        T::of_key(*buffer.select_nth_unstable(rank).1)
    })
}

/// Number of values in each bin.
fn counts<T: Value>(values: &[T]) -> [u32; BINS] {
    // Two tables, so that equal neighbours, of which rectified outputs are full, do not wait for each other's count.
    let mut tables = [[0; BINS]; 2];
    let (pairs, rest) = values.as_chunks::<2>();
    for pair in pairs {
        for (table, value) in tables.iter_mut().zip(pair) {
            table[T::bin(value.bits())] += 1;
        }
    }
    for value in rest {
        tables[0][T::bin(value.bits())] += 1;
    }
    let [mut counts, other] = tables;
    for (count, other) in counts.iter_mut().zip(other) {
        *count += other;
    }
    counts
}

/// The bin at a place in the order of the values: the negative ones, from their end, and then the others.
fn ascending_bin(step: usize) -> usize {
    if step < SIGN {
        BINS - 1 - step
    } else {
        step - SIGN
    }
}

/// A bin, and a rank among its values.
#[derive(Clone, Copy)]
struct Place {
    bin: usize,
    rank: usize,
}

/// Where each rank of the values lies.
fn raw_places(counts: &[u32; BINS], ranks: [usize; 2]) -> [Place; 2] {
    let mut ascending = *counts;
    ascending[SIGN..].reverse();
    ascending.rotate_left(SIGN);
    places(&ascending, ranks).map(|place| Place {
        bin: ascending_bin(place.bin),
        ..place
    })
}

/// Where each rank lies in bins that are given in ascending order.
fn places(counts: &[u32], ranks: [usize; 2]) -> [Place; 2] {
    // Whole stretches of bins are skipped by their sums, which vectorise; a walk bin by bin would not.
    const STRETCH: usize = 64;
    ranks.map(|rank| {
        let mut place = Place { bin: 0, rank };
        for stretch in counts.chunks(STRETCH) {
            let n = stretch.iter().sum::<u32>() as usize;
            if place.rank < n {
                break;
            }
            place.rank -= n;
            place.bin += STRETCH;
        }
        while let Some(&n) = counts.get(place.bin).filter(|&&n| n as usize <= place.rank) {
            place.rank -= n as usize;
            place.bin += 1;
        }
        place
    })
}

/// Copies the patterns that are wanted to the front of `to`, without a branch.
#[inline(always)]
fn gather<B: Copy>(patterns: impl Iterator<Item = B>, to: &mut [B], wanted: impl Fn(B) -> bool) {
    let mut n = 0;
    for bits in patterns {
        // Nothing is wanted behind the last place.
        let Some(place) = to.get_mut(n) else { return };
        *place = bits;
        n += usize::from(wanted(bits));
    }
}

/// Moves the patterns that are wanted to the front, without a branch, and returns their number.
#[inline(always)]
fn partition<B: Copy>(patterns: &mut [B], wanted: impl Fn(B) -> bool) -> usize {
    let mut n = 0;
    for place in 0..patterns.len() {
        let bits = patterns[place];
        patterns.swap(place, n);
        n += usize::from(wanted(bits));
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(values: &[f32], ranks: [usize; 2]) -> Quantiles {
        let sort = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            ranks.map(|rank| values[rank])
        };
        Quantiles {
            raw: sort(values.iter().map(|&value| f64::from(value)).collect()),
            abs: sort(values.iter().map(|&value| f64::from(value.abs())).collect()),
        }
    }

    #[test]
    fn both_ways_agree_with_sorting_at_every_rank() {
        let wave = |i: usize| (i as f32 * 0.7311).sin() * 10f32.powi((i % 7) as i32 - 3);
        let rows: [Vec<f32>; 5] = [
            (0..97).map(wave).collect(),
            (0..60).map(|i| wave(i).max(0.0)).collect(),
            (0..40).map(|i| -wave(i).abs()).collect(),
            vec![-3.5; 11],
            vec![
                f32::NEG_INFINITY,
                -1e-45,
                0.0,
                1e-45,
                1.0,
                -1.0,
                f32::INFINITY,
            ],
        ];
        let mut scratch = Scratch::default();
        for row in &rows {
            let wide: Vec<f64> = row.iter().map(|&value| f64::from(value)).collect();
            for upper in 0..row.len() {
                for lower in 0..=upper {
                    let ranks = [lower, upper];
                    let expected = sorted(row, ranks);
                    assert_eq!(select(row, ranks, &mut scratch), expected, "{ranks:?}");
                    assert_eq!(count(row, ranks, &mut scratch), expected, "{ranks:?}");
                    assert_eq!(select(&wide, ranks, &mut scratch), expected, "{ranks:?}");
                    assert_eq!(count(&wide, ranks, &mut scratch), expected, "{ranks:?}");
                }
            }
        }
    }

    #[test]
    fn ranks_are_the_nearest_ones() {
        for (n, median, third_quartile) in [
            (1, 1, 1),
            (2, 1, 2),
            (3, 2, 3),
            (4, 2, 3),
            (5, 3, 4),
            (8, 4, 6),
            (9, 5, 7),
        ] {
            let values: Vec<f64> = (1..=n).map(f64::from).collect();
            let quantiles = quantiles(&values, &mut Scratch::default());
            assert_eq!(
                quantiles.raw,
                [f64::from(median), f64::from(third_quartile)],
                "{n}"
            );
        }
    }

    #[test]
    fn working_memory_is_at_most_a_copy_of_the_values() {
        let n = 100_000;
        let spread: Vec<f32> = (0..n).map(|i| (i as f32 * 0.7311).sin()).collect();
        let one_bin: Vec<f32> = spread.iter().map(|x| 1.0 + x * 1e-3).collect();
        let of = |values: &[f32]| {
            let mut scratch = Scratch::default();
            let quantiles = quantiles(values, &mut scratch);
            assert_eq!(quantiles, sorted(values, [n / 2 - 1, n - n / 4 - 1]));
            scratch.n_bytes()
        };
        for values in [vec![1.5; n], one_bin, vec![-0.0; n]] {
            assert!(of(&values) <= 4 * n, "{}", of(&values));
        }
        assert!(of(&spread) < n, "{}", of(&spread));
    }

    #[test]
    fn a_zero_is_positive_whichever_way_was_taken() {
        for n in [3, 3 * SHORT] {
            let quantiles = quantiles(&vec![-0.0f32; n], &mut Scratch::default());
            assert!(quantiles.raw.iter().all(|value| value.is_sign_positive()));
        }
    }
}
