//! What can be observed: `f32` and `f64`, and how each becomes an integer that sorts like the number.

use std::fmt::Debug;

use crate::{Observation, Scratch, Statistics};

/// A floating-point type whose values can be observed; `f32` and `f64` are, and no other type can be.
pub trait Value: sealed::Sealed {}

impl<T: sealed::Sealed> Value for T {}

pub(crate) mod sealed {
    use super::{Debug, Observation, Scratch, Statistics};

    /// What the passes need to know of a type. The integer operations are stated on bit patterns.
    pub trait Sealed: Copy + PartialOrd + Debug + Sync {
        /// Unsigned integer of the same width.
        type Bits: Copy + Ord + Default;

        /// The value in the type of all arithmetic, without loss.
        fn to_f64(self) -> f64;

        /// The bit pattern: the sign on top, then exponent and fraction.
        fn bits(self) -> Self::Bits;

        /// The top [`BIN_BITS`](crate::quantile::BIN_BITS) bits of a pattern.
        fn bin(bits: Self::Bits) -> usize;

        /// Whether a pattern has these top bits. Compared in the pattern's own width, so that several are at once.
        fn is_in(bits: Self::Bits, bin: usize) -> bool;

        /// The pattern of the absolute value.
        fn abs_bits(bits: Self::Bits) -> Self::Bits;

        /// An integer that sorts as the number does, for all but NaN.
        fn key(bits: Self::Bits) -> Self::Bits;

        /// The number of which [`Sealed::key`] made the integer.
        fn of_key(key: Self::Bits) -> f64;

        /// The number of a pattern.
        fn of_bits(bits: Self::Bits) -> f64;

        /// The scratch's buffer of this width.
        fn buffer(scratch: &mut Scratch) -> &mut Vec<Self::Bits>;

        /// [`observe`](crate::observe) for this type. Being no generic function it is compiled in this crate, with
        /// this crate's optimisation level, and not with the caller's.
        fn observe(values: &[Self], scratch: &mut Scratch) -> Observation;

        /// [`observe_raw`](crate::observe_raw) for this type.
        fn observe_raw(values: &[Self], scratch: &mut Scratch) -> Statistics;
    }
}

macro_rules! value {
    ($float:ty, $bits:ty, $buffer:ident) => {
        impl sealed::Sealed for $float {
            type Bits = $bits;

            #[inline]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline]
            fn bits(self) -> $bits {
                self.to_bits()
            }

            #[inline]
            fn bin(bits: $bits) -> usize {
                (bits >> (<$bits>::BITS - crate::quantile::BIN_BITS)) as usize
            }

            #[inline]
            fn is_in(bits: $bits, bin: usize) -> bool {
                bits >> (<$bits>::BITS - crate::quantile::BIN_BITS) == bin as $bits
            }

            #[inline]
            fn abs_bits(bits: $bits) -> $bits {
                bits & (<$bits>::MAX >> 1)
            }

            #[inline]
            fn key(bits: $bits) -> $bits {
                // Negative numbers sort backwards by their patterns and below all others: all their bits flip; of the
                // others only the sign does.
                let sign = bits >> (<$bits>::BITS - 1);
                bits ^ (sign.wrapping_neg() | !(<$bits>::MAX >> 1))
            }

            #[inline]
            fn of_key(key: $bits) -> f64 {
                let negative = (key >> (<$bits>::BITS - 1)) ^ 1;
                Self::of_bits(key ^ (negative.wrapping_neg() | !(<$bits>::MAX >> 1)))
            }

            #[inline]
            fn of_bits(bits: $bits) -> f64 {
                f64::from(<$float>::from_bits(bits))
            }

            #[inline]
            fn buffer(scratch: &mut Scratch) -> &mut Vec<$bits> {
                &mut scratch.$buffer
            }

            fn observe(values: &[Self], scratch: &mut Scratch) -> Observation {
                crate::observe_values(values, scratch)
            }

            fn observe_raw(values: &[Self], scratch: &mut Scratch) -> Statistics {
                crate::observe_raw_values(values, scratch)
            }
        }
    };
}

value!(f32, u32, narrow);
value!(f64, u64, wide);

#[cfg(test)]
mod tests {
    use super::sealed::Sealed;

    #[test]
    fn keys_sort_as_the_numbers_do() {
        let numbers = [
            f32::NEG_INFINITY,
            f32::MIN,
            -1.5,
            -1.0,
            -1e-45,
            -0.0,
            0.0,
            1e-45,
            1.0,
            1.5,
            f32::MAX,
        ];
        let keys = numbers.map(|number| f32::key(number.bits()));
        assert!(keys.is_sorted_by(|a, b| a < b));
        assert!(
            keys.iter()
                .zip(numbers)
                .all(|(&key, number)| f32::of_key(key) == f64::from(number))
        );
        let wide = numbers.map(|number| f64::key(f64::from(number).bits()));
        assert!(wide.is_sorted_by(|a, b| a < b));
        assert!(
            wide.iter()
                .zip(numbers)
                .all(|(&key, number)| f64::of_key(key) == f64::from(number))
        );
    }
}
