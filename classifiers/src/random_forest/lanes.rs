//! Operations on the bins of many features side by side, a feature a lane of vector registers.
//!
//! They are written out for registers, where the compiler left to itself keeps counts in memory.

use pulp::Simd;

/// Features that are looked at together: no register has more lanes of a byte.
pub(super) const FEATURES_AT_ONCE: usize = 32;

/// Thresholds that samples are compared with together: as many as stay in registers with their counts.
pub(super) const THRESHOLDS_AT_ONCE: usize = 4;

/// A byte for each of the features.
pub(super) type Bins = [u8; FEATURES_AT_ONCE];

/// Counts of samples above each of some thresholds.
pub(super) type Counts = [Bins; THRESHOLDS_AT_ONCE];

/// What turns the order of unsigned bytes into that of signed ones, which processors compare.
const SIGN: u8 = 0x80;

/// Sums up the weights of the samples whose bins are above each of `thresholds`. All weights together are no more than a
/// byte holds.
#[inline(always)]
pub(super) fn count_above<S: Simd>(
    simd: S,
    bins: &[Bins],
    weights: &[u8],
    thresholds: &Counts,
) -> Counts {
    let sign = simd.splat_u8s(SIGN);
    let signed = |bins: S::u8s| simd.transmute_i8s_u8s(simd.xor_u8s(bins, sign));
    let mut counted = [[0; FEATURES_AT_ONCE]; THRESHOLDS_AT_ONCE];
    for lanes in 0..n_registers::<S>() {
        let thresholds: [S::i8s; THRESHOLDS_AT_ONCE] =
            std::array::from_fn(|number| signed(load::<S>(&thresholds[number], lanes)));
        let mut counts = [simd.splat_u8s(0); THRESHOLDS_AT_ONCE];
        for (bins, &weight) in bins.iter().zip(weights) {
            let (bins, weight) = (signed(load::<S>(bins, lanes)), simd.splat_u8s(weight));
            for (count, &threshold) in counts.iter_mut().zip(&thresholds) {
                let is_above = mask(simd, simd.greater_than_i8s(bins, threshold));
                *count = simd.add_u8s(*count, simd.and_u8s(is_above, weight));
            }
        }
        for (counted, count) in counted.iter_mut().zip(counts) {
            S::as_mut_simd_u8s(counted).0[lanes] = count;
        }
    }
    counted
}

/// The lowest and the highest bin of every feature.
#[inline(always)]
pub(super) fn extremes<S: Simd>(simd: S, bins: &[Bins]) -> (Bins, Bins) {
    let (mut lowest, mut highest) = ([u8::MAX; FEATURES_AT_ONCE], [0; FEATURES_AT_ONCE]);
    for lanes in 0..n_registers::<S>() {
        let (mut low, mut high) = (simd.splat_u8s(u8::MAX), simd.splat_u8s(0));
        for bins in bins {
            let bins = load::<S>(bins, lanes);
            (low, high) = (simd.min_u8s(low, bins), simd.max_u8s(high, bins));
        }
        S::as_mut_simd_u8s(&mut lowest).0[lanes] = low;
        S::as_mut_simd_u8s(&mut highest).0[lanes] = high;
    }
    (lowest, highest)
}

/// Registers that hold a byte of each feature.
#[inline(always)]
const fn n_registers<S: Simd>() -> usize {
    const { assert!(FEATURES_AT_ONCE.is_multiple_of(S::U8_LANES)) };
    FEATURES_AT_ONCE / S::U8_LANES
}

#[inline(always)]
fn load<S: Simd>(bins: &Bins, lanes: usize) -> S::u8s {
    S::as_simd_u8s(bins).0[lanes]
}

/// All bits of a byte where the mask holds.
#[inline(always)]
fn mask<S: Simd>(simd: S, mask: S::m8s) -> S::u8s {
    let bits = simd.transmute_u8s_m8s(mask);
    match S::IS_SCALAR {
        true => simd.sub_u8s(simd.splat_u8s(0), bits),
        false => bits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engram_schemas::randomness::generator;
    use rand::RngExt;

    #[test]
    fn counts_and_extremes_are_those_of_single_bytes_on_any_processor() {
        let mut random = generator("lanes", 0, 0);
        let mut byte = |range| random.random_range(range) as u8;
        let weights: Vec<u8> = (0..50).map(|_| byte(1..5)).collect();
        let mut bins = |n: usize| -> Vec<Bins> {
            (0..n).map(|_| std::array::from_fn(|_| byte(0..256))).collect()
        };
        let (samples, thresholds) = (bins(50), bins(THRESHOLDS_AT_ONCE));
        let thresholds: Counts = std::array::from_fn(|number| thresholds[number]);
        struct Work<'a>(&'a [Bins], &'a [u8], &'a Counts);
        impl pulp::WithSimd for Work<'_> {
            type Output = (Counts, (Bins, Bins));

            fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
                (
                    count_above(simd, self.0, self.1, self.2),
                    extremes(simd, self.0),
                )
            }
        }
        let work = || Work(&samples, &weights, &thresholds);
        let found = pulp::Arch::new().dispatch(work());
        assert_eq!(found, pulp::WithSimd::with_simd(work(), pulp::Scalar));
        let (counts, (lowest, highest)) = found;
        for feature in 0..FEATURES_AT_ONCE {
            let of_feature = || samples.iter().map(|bins| bins[feature]);
            assert_eq!(Some(lowest[feature]), of_feature().min());
            assert_eq!(Some(highest[feature]), of_feature().max());
            for (counts, threshold) in counts.iter().zip(&thresholds) {
                let above = of_feature().zip(&weights);
                let above = above.filter(|(bin, _)| *bin > threshold[feature]);
                let expected: u8 = above.map(|(_, weight)| weight).sum();
                assert_eq!(counts[feature], expected);
            }
        }
    }
}
