//! The views that a contrastive loss compares.
//!
//! # References
//! Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", ICML 2020, appendix A (crop,
//! flip, colour, blur) and B.9 (half the strength of colour and no blur for small pictures).

use engram_schemas::randomness::ChaCha8Rng;
use rand::seq::SliceRandom;

use super::draw::{between, chance};

/// Probabilities of the steps.
const JITTER: f64 = 0.8;
const GREY: f64 = 0.2;
const BLUR: f64 = 0.5;

/// Largest changes at strength 1: brightness, contrast and saturation by factors, the hue in turns of the colour circle.
const FACTORS: f64 = 0.8;
const TURN: f64 = 0.2;

/// Share of the side that the blur's window spans, and its standard deviations in pixels.
const WINDOW: usize = 10;
const DEVIATIONS: (f64, f64) = (0.1, 2.0);

/// Shares of red, green and blue in brightness (ITU-R BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// How strongly colours change, and whether pictures are blurred.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Contrast {
    /// Smallest share of the area that a crop keeps.
    pub(crate) least_area: f64,
    /// 1 for photographs.
    pub(crate) strength: f64,
    /// Whether half of the views are blurred.
    pub(crate) blur: bool,
}

impl Contrast {
    /// Changes the colours of a cropped view, `[3, side, side]` from 0 to 1.
    pub(crate) fn apply(self, side: usize, values: &mut [f32], random: &mut ChaCha8Rng) {
        if chance(random, JITTER) {
            self.jitter(values, random);
        }
        if chance(random, GREY) {
            saturate(values, 0.0);
        }
        if self.blur && chance(random, BLUR) {
            blur(side, values, between(random, DEVIATIONS.0, DEVIATIONS.1));
        }
    }

    /// The four changes of colour, in a random order.
    fn jitter(self, values: &mut [f32], random: &mut ChaCha8Rng) {
        let reach = FACTORS * self.strength;
        let [brightness, contrast, saturation] =
            [(); 3].map(|()| between(random, 1.0 - reach, 1.0 + reach) as f32);
        let turn = TURN * self.strength;
        let turn = between(random, -turn, turn) as f32;
        let mut order = [0, 1, 2, 3];
        order.shuffle(random);
        for change in order {
            match change {
                0 => mix(values, brightness, 0.0),
                1 => mix(values, contrast, mean_luma(values)),
                2 => saturate(values, saturation),
                _ => turn_hue(values, turn),
            }
        }
    }
}

/// Moves every value away from `pivot` by `factor`.
fn mix(values: &mut [f32], factor: f32, pivot: f32) {
    for value in values {
        *value = (pivot + factor * (*value - pivot)).clamp(0.0, 1.0);
    }
}

fn mean_luma(values: &[f32]) -> f32 {
    let n = values.len() / 3;
    let planes = values.chunks_exact(n.max(1)).zip(LUMA);
    let sum: f64 = planes
        .map(|(plane, share)| {
            f64::from(share) * plane.iter().map(|&value| f64::from(value)).sum::<f64>()
        })
        .sum();
    (sum / n.max(1) as f64) as f32
}

/// Calls `change` with the colour of every pixel.
fn each_colour(values: &mut [f32], change: impl Fn([f32; 3]) -> [f32; 3]) {
    let n = values.len() / 3;
    let (reds, rest) = values.split_at_mut(n);
    let (greens, blues) = rest.split_at_mut(n);
    for ((red, green), blue) in reds.iter_mut().zip(greens).zip(blues) {
        [*red, *green, *blue] = change([*red, *green, *blue]);
    }
}

/// Moves every colour away from the grey of its brightness by `factor`; 0 leaves grey.
fn saturate(values: &mut [f32], factor: f32) {
    each_colour(values, |colour| {
        let grey: f32 = colour
            .iter()
            .zip(LUMA)
            .map(|(value, share)| value * share)
            .sum();
        colour.map(|value| (grey + factor * (value - grey)).clamp(0.0, 1.0))
    });
}

/// Turns every hue by a share of the colour circle, with value and saturation (HSV) as they are.
fn turn_hue(values: &mut [f32], turn: f32) {
    each_colour(values, |[red, green, blue]| {
        let value = red.max(green).max(blue);
        let chroma = value - red.min(green).min(blue);
        if chroma <= 0.0 {
            return [red, green, blue];
        }
        let sixth = if value == red {
            (green - blue) / chroma
        } else if value == green {
            2.0 + (blue - red) / chroma
        } else {
            4.0 + (red - green) / chroma
        };
        let sixth = sixth + 6.0 * turn;
        // The colour's distance from the value, channel by channel, as a trapezium over the circle.
        [5.0, 3.0, 1.0].map(|offset| {
            let place = (offset + sixth).rem_euclid(6.0);
            value - chroma * place.min(4.0 - place).clamp(0.0, 1.0)
        })
    });
}

/// Gaussian blur of the given standard deviation, in pixels, in a window of a tenth of the side. At the borders the
/// window is cut and its weights are raised.
fn blur(side: usize, values: &mut [f32], deviation: f64) {
    let radius = side / WINDOW / 2;
    let weights: Vec<f32> = (0..=2 * radius)
        .map(|place| {
            let distance = (place as f64 - radius as f64) / deviation;
            (-0.5 * distance * distance).exp() as f32
        })
        .collect();
    // Places of a line and weights that fall on it, and the weights' sum.
    let windows: Vec<(usize, &[f32], f32)> = (0..side)
        .map(|centre| {
            let first = centre.saturating_sub(radius);
            let last = (centre + radius).min(side - 1);
            let weights = &weights[first + radius - centre..=last + radius - centre];
            (first, weights, weights.iter().sum())
        })
        .collect();
    let mut blurred = vec![0.0f32; side * side];
    for plane in values.chunks_exact_mut(side * side) {
        for (row, blurred) in plane.chunks_exact(side).zip(blurred.chunks_exact_mut(side)) {
            for (value, (first, weights, sum)) in blurred.iter_mut().zip(&windows) {
                let mixed: f32 = row[*first..].iter().zip(*weights).map(|(v, w)| v * w).sum();
                *value = mixed / sum;
            }
        }
        for (row, (first, weights, sum)) in plane.chunks_exact_mut(side).zip(&windows) {
            row.fill(0.0);
            for (blurred, weight) in blurred[first * side..].chunks_exact(side).zip(*weights) {
                for (value, blurred) in row.iter_mut().zip(blurred) {
                    *value += weight / sum * blurred;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
