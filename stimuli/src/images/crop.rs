//! Which part of a picture is seen.

use engram_schemas::randomness::ChaCha8Rng;

use super::draw::between;
use super::resample::Region;

/// The size of which the residual networks' recipe states its scales.
const RECIPE_SIDE: f64 = 224.0;

/// Length that the shorter side is brought to before the middle is cut out.
const MIDDLE_SCALE: f64 = 256.0;

/// Lengths that the shorter side is brought to before a random place is cut out.
const SCALES: (f64, f64) = (256.0, 480.0);

/// Ratios of width to height of a random resized crop.
const RATIOS: (f64, f64) = (3.0 / 4.0, 4.0 / 3.0);

/// All of a square picture, and the largest square in the middle of another.
pub(crate) fn whole([width, height]: [usize; 2]) -> Region {
    middle([width, height], 1.0)
}

/// The middle, as the residual networks' recipe has it: the shorter side brought to 256 / 224 of the size that is wanted, and the
/// middle cut out.
pub(crate) fn validation([width, height]: [usize; 2]) -> Region {
    middle([width, height], RECIPE_SIDE / MIDDLE_SCALE)
}

fn middle(size: [usize; 2], share: f64) -> Region {
    let [width, height] = size.map(|length| length as f64);
    let side = width.min(height) * share;
    Region {
        left: (width - side) / 2.0,
        top: (height - side) / 2.0,
        width: side,
        height: side,
    }
}

/// A random place at a random scale: the shorter side brought to 256 to 480 224ths of the size that is wanted.
///
/// # References
/// He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, section 3.4.
pub(crate) fn random_scale(size: [usize; 2], random: &mut ChaCha8Rng) -> Region {
    let [width, height] = size.map(|length| length as f64);
    let scale = between(random, SCALES.0, SCALES.1);
    let side = width.min(height) * RECIPE_SIDE / scale;
    Region {
        left: between(random, 0.0, width - side),
        top: between(random, 0.0, height - side),
        width: side,
        height: side,
    }
}

/// A random part of the area in a random shape: a share from `least_area` to 1, width to height from 3/4 to 4/3. Where
/// ten draws do not fit into the picture, the middle is taken.
///
/// # References
/// Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, section 6.
pub(crate) fn random_area(size: [usize; 2], least_area: f64, random: &mut ChaCha8Rng) -> Region {
    let [width, height] = size.map(|length| length as f64);
    for _ in 0..10 {
        let area = width * height * between(random, least_area, 1.0);
        let ratio = between(random, RATIOS.0.ln(), RATIOS.1.ln()).exp();
        let region = Region {
            left: 0.0,
            top: 0.0,
            width: (area * ratio).sqrt(),
            height: (area / ratio).sqrt(),
        };
        if region.width <= width && region.height <= height {
            return Region {
                left: between(random, 0.0, width - region.width),
                top: between(random, 0.0, height - region.height),
                ..region
            };
        }
    }
    whole(size)
}

#[cfg(test)]
mod tests;
