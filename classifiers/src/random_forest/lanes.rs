//! Operations on the bins of many features side by side, a feature a lane of vector registers.
//!
//! They are written out for registers, where the compiler left to itself keeps counts in memory.

use pulp::Simd;
use pulp::bytemuck::cast;

/// Features that are looked at together: no register has more lanes of a byte.
pub(super) const FEATURES_AT_ONCE: usize = 32;

/// Thresholds that samples are compared with together: as many as stay in registers with their counts.
pub(super) const THRESHOLDS_AT_ONCE: usize = 4;

/// A byte for each of the features.
pub(super) type Bins = [u8; FEATURES_AT_ONCE];

/// Counts of samples above each of some thresholds.
pub(super) type Counts = [Bins; THRESHOLDS_AT_ONCE];

/// Sums up the weights of the samples whose bins are above each of `thresholds`. All weights together are no more than a
/// byte holds.
#[inline(always)]
pub(super) fn count_above<S: Simd>(
    simd: S,
    bins: &[Bins],
    weights: &[u8],
    thresholds: &Counts,
) -> Counts {
    let mut counted = [[0; FEATURES_AT_ONCE]; THRESHOLDS_AT_ONCE];
    for register in 0..n_registers::<S>() {
        let thresholds = thresholds.each_ref().map(|bins| load::<S>(bins, register));
        let mut counts = [simd.splat_u8s(0); THRESHOLDS_AT_ONCE];
        for (bins, &weight) in bins.iter().zip(weights) {
            let (bins, weight) = (load::<S>(bins, register), simd.splat_u8s(weight));
            for (count, &threshold) in counts.iter_mut().zip(&thresholds) {
                let is_above = mask(simd, simd.greater_than_u8s(bins, threshold));
                *count = simd.add_u8s(*count, simd.and_u8s(is_above, weight));
            }
        }
        for (counted, count) in counted.iter_mut().zip(counts) {
            S::as_mut_simd_u8s(counted).0[register] = count;
        }
    }
    counted
}

/// The lowest and the highest bin of every feature.
#[inline(always)]
pub(super) fn extremes<S: Simd>(simd: S, bins: &[Bins]) -> (Bins, Bins) {
    let (mut lowest, mut highest) = ([u8::MAX; FEATURES_AT_ONCE], [0; FEATURES_AT_ONCE]);
    for register in 0..n_registers::<S>() {
        let (mut low, mut high) = (simd.splat_u8s(u8::MAX), simd.splat_u8s(0));
        for bins in bins {
            let bins = load::<S>(bins, register);
            (low, high) = (simd.min_u8s(low, bins), simd.max_u8s(high, bins));
        }
        S::as_mut_simd_u8s(&mut lowest).0[register] = low;
        S::as_mut_simd_u8s(&mut highest).0[register] = high;
    }
    (lowest, highest)
}

/// Puts the first `WIDTH` bytes into all others.
#[inline(always)]
pub(super) fn repeat<const WIDTH: usize>(bins: &mut Bins) {
    let (chunks, _) = bins.as_chunks_mut::<WIDTH>();
    if let Some((first, others)) = chunks.split_first_mut() {
        others.fill(*first);
    }
}

/// The first `WIDTH` bytes of several beside each other.
#[inline(always)]
pub(super) fn beside<'a, const WIDTH: usize>(bins: impl Fn(usize) -> &'a Bins) -> Bins {
    let mut all = [0; FEATURES_AT_ONCE];
    for (place, chunk) in all.as_chunks_mut::<WIDTH>().0.iter_mut().enumerate() {
        if let Some(first) = bins(place).first_chunk::<WIDTH>() {
            *chunk = *first;
        }
    }
    all
}

/// Registers that hold a byte of each feature.
#[inline(always)]
pub(super) const fn n_registers<S: Simd>() -> usize {
    const { assert!(FEATURES_AT_ONCE.is_multiple_of(S::U8_LANES)) };
    FEATURES_AT_ONCE / S::U8_LANES
}

/// One of the registers that hold a byte of each feature.
#[inline(always)]
pub(super) fn load<S: Simd>(bins: &Bins, register: usize) -> S::u8s {
    S::as_simd_u8s(bins).0[register]
}

/// The bytes at even places and those at odd ones, widened. Not for processors without vector registers.
#[inline(always)]
pub(super) fn words<S: Simd>(simd: S, bytes: S::u8s) -> [S::u16s; 2] {
    let low = simd.splat_u32s(0x00ff_00ff);
    halves(simd, cast(bytes), low, 8).map(cast)
}

/// The words at even places and those at odd ones as numbers. Not for processors without vector registers.
#[inline(always)]
pub(super) fn numbers<S: Simd>(simd: S, words: S::u16s) -> [S::f32s; 2] {
    // A number this large has ones as its lowest digits: what is put there is added to it.
    const LARGE: f32 = (1 << 23) as f32;
    let large = simd.splat_f32s(LARGE);
    let low = simd.splat_u32s(0xffff);
    halves(simd, cast(words), low, 16).map(|half| {
        let added = simd.or_u32s(half, simd.transmute_u32s_f32s(large));
        simd.sub_f32s(simd.transmute_f32s_u32s(added), large)
    })
}

/// The feature whose byte [`words`] and then [`numbers`] put into `lane` of the half `of_word` of the half `of_byte`.
#[inline(always)]
pub(super) fn feature<S: Simd>(
    register: usize,
    (of_byte, of_word): (usize, usize),
    lane: usize,
) -> usize {
    register * S::U8_LANES + 4 * lane + 2 * of_word + of_byte
}

#[inline(always)]
fn halves<S: Simd>(simd: S, pairs: S::u32s, low: S::u32s, width: u32) -> [S::u32s; 2] {
    let shifted = simd.wrapping_dyn_shr_u32s(pairs, simd.splat_u32s(width));
    [simd.and_u32s(pairs, low), simd.and_u32s(shifted, low)]
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
    fn few_bytes_are_repeated_and_put_beside_others() {
        let of = |first: u8| -> Bins { std::array::from_fn(|place| first + place as u8) };
        let mut repeated = of(10);
        repeat::<16>(&mut repeated);
        assert_eq!(repeated[..16], of(10)[..16]);
        assert_eq!(repeated[16..], of(10)[..16]);
        let several: Vec<Bins> = (0..8).map(|n| of(20 * n)).collect();
        let beside = beside::<4>(|place| &several[place]);
        for (place, found) in beside.chunks_exact(4).enumerate() {
            assert_eq!(found, &several[place][..4]);
        }
    }

    #[test]
    fn counts_and_extremes_are_those_of_single_bytes_on_any_processor() {
        let mut random = generator("lanes", 0, 0);
        let mut byte = |range| random.random_range(range) as u8;
        let weights: Vec<u8> = (0..50).map(|_| byte(1..5)).collect();
        let mut bins = |n: usize| -> Vec<Bins> {
            (0..n)
                .map(|_| std::array::from_fn(|_| byte(0..256)))
                .collect()
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
