//! A region of a picture, brought to a size.

use super::Picture;

/// A rectangle of a picture, in pixels from its upper left corner; borders may lie inside pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Region {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// For each place of a result, the pixels that it is a weighted mean of.
struct Mixture {
    /// `[n]`: the first pixel, and where the weights begin and end.
    places: Vec<(usize, usize, usize)>,
    weights: Vec<f32>,
}

impl Mixture {
    /// Weights fall linearly from the middle of each place to that of its neighbours, or over one pixel where places are
    /// smaller than pixels: linear interpolation that takes every pixel into account when it makes a picture smaller.
    fn new(start: f64, length: f64, n: usize, n_pixels: usize) -> Self {
        let scale = length / n as f64;
        let reach = scale.max(1.0);
        let mut mixture = Self {
            places: Vec::with_capacity(n),
            weights: Vec::new(),
        };
        for place in 0..n {
            let centre = start + (place as f64 + 0.5) * scale;
            let first = ((centre - reach).floor().max(0.0) as usize).min(n_pixels - 1);
            let last = ((centre + reach).ceil().max(0.0) as usize).clamp(first + 1, n_pixels);
            let weight =
                |pixel: usize| (1.0 - ((pixel as f64 + 0.5 - centre) / reach).abs()).max(0.0);
            let sum: f64 = (first..last).map(weight).sum();
            let begin = mixture.weights.len();
            mixture
                .weights
                .extend((first..last).map(|pixel| (weight(pixel) / sum) as f32));
            mixture.places.push((first, begin, mixture.weights.len()));
        }
        mixture
    }

    /// The pixels that one place mixes, with their weights.
    fn of(&self, place: usize) -> (usize, &[f32]) {
        let (first, begin, end) = self.places[place];
        (first, &self.weights[begin..end])
    }
}

/// Writes `region` of a picture into `values`, `[3, side, side]`, from 0 to 1. The region lies within the picture.
pub(crate) fn resample(picture: &Picture, region: Region, side: usize, values: &mut [f32]) {
    let columns = Mixture::new(region.left, region.width, side, picture.width);
    let rows = Mixture::new(region.top, region.height, side, picture.height);
    // Rows first become as wide as the result, only those that are needed.
    let top = rows.places.iter().map(|place| place.0).min().unwrap_or(0);
    let bottom = (0..side)
        .map(|row| rows.of(row))
        .map(|(first, weights)| first + weights.len());
    let bottom = bottom.max().unwrap_or(0);
    let mut narrowed = vec![0.0f32; (bottom - top) * side * 3];
    for (row, narrowed) in (top..bottom).zip(narrowed.chunks_exact_mut(side * 3)) {
        let pixels = &picture.pixels[row * picture.width * 3..][..picture.width * 3];
        for (column, narrowed) in narrowed.chunks_exact_mut(3).enumerate() {
            let (first, weights) = columns.of(column);
            let mut sums = [0.0f32; 3];
            for (pixel, weight) in pixels[first * 3..].chunks_exact(3).zip(weights) {
                for (sum, &value) in sums.iter_mut().zip(pixel) {
                    *sum += weight * f32::from(value);
                }
            }
            narrowed.copy_from_slice(&sums);
        }
    }
    let full = f32::from(picture.full);
    let mut line = vec![0.0f32; side * 3];
    for row in 0..side {
        let (first, weights) = rows.of(row);
        line.fill(0.0);
        for (narrowed, weight) in narrowed[(first - top) * side * 3..]
            .chunks_exact(side * 3)
            .zip(weights)
        {
            for (sum, value) in line.iter_mut().zip(narrowed) {
                *sum += weight * value;
            }
        }
        for (channel, plane) in values.chunks_exact_mut(side * side).enumerate() {
            let plane = &mut plane[row * side..][..side];
            for (value, pixel) in plane.iter_mut().zip(line.chunks_exact(3)) {
                *value = pixel[channel] / full;
            }
        }
    }
}

#[cfg(test)]
mod tests;
