//! A few numbers that are added, subtracted and multiplied side by side.
//!
//! Each lane is an accumulator of its own, so the additions of a long sum do not wait for each other, and the compiler
//! turns an operation on all lanes into vector instructions of whatever width the target has. The number of lanes, and
//! with it the order of summation, is the same on every target.

use std::array;
use std::ops::{AddAssign, Sub};

/// Number of lanes. With eight the compiler was seen to vectorise the sums over `f32` on plain x86-64, with two or four
/// it was not, and they took twice as long.
pub(crate) const LANES: usize = 8;

/// Numbers side by side.
#[derive(Clone, Copy, Default)]
pub(crate) struct Lanes(pub(crate) [f64; LANES]);

impl Lanes {
    /// The same number in every lane.
    #[inline(always)]
    pub(crate) fn splat(value: f64) -> Self {
        Self([value; LANES])
    }

    /// Absolute values.
    #[inline(always)]
    pub(crate) fn abs(self) -> Self {
        Self(self.0.map(f64::abs))
    }

    /// Squares.
    #[inline(always)]
    pub(crate) fn squared(self) -> Self {
        Self(self.0.map(|value| value * value))
    }

    /// The lanes added up, first to last.
    #[inline(always)]
    pub(crate) fn sum(self) -> f64 {
        self.0.into_iter().sum()
    }
}

impl Sub for Lanes {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(array::from_fn(|lane| self.0[lane] - other.0[lane]))
    }
}

impl AddAssign for Lanes {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        for (sum, term) in self.0.iter_mut().zip(other.0) {
            *sum += term;
        }
    }
}
