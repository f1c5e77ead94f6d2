//! Every architecture in plain loops and double precision, written from the published descriptions and sharing no code
//! with the passes: kernels by name, batch normalisations in the order in which they are applied.

use super::*;

/// One image's maps, `[channels, side, side]`, or a dense layer's units with a side of 1.
#[derive(Clone)]
pub(super) struct Maps {
    pub(super) side: usize,
    pub(super) values: Vec<f64>,
}

impl Maps {
    fn channels(&self) -> usize {
        self.values.len() / (self.side * self.side)
    }

    /// A value, or nothing beyond the border.
    fn at(&self, channel: usize, row: isize, column: isize) -> Option<f64> {
        let inside = 0..self.side as isize;
        let place = |row: isize, column: isize| {
            (channel * self.side + row as usize) * self.side + column as usize
        };
        (inside.contains(&row) && inside.contains(&column)).then(|| self.values[place(row, column)])
    }

    /// The same image with every map summarised or changed, one value after another, given channel and place.
    fn with(&self, side: usize, value: impl Fn(usize, usize) -> f64) -> Self {
        let area = side * side;
        Self {
            side,
            values: (0..self.channels() * area)
                .map(|index| value(index / area, index % area))
                .collect(),
        }
    }
}

/// Zeros beyond the border, or none.
#[derive(Clone, Copy, PartialEq)]
enum Border {
    Same,
    Valid,
}

/// Positions of a window along a side, and how far before the border the first one starts.
fn positions(side: usize, size: usize, stride: usize, border: Border) -> (usize, isize) {
    if border == Border::Valid {
        return ((side - size) / stride + 1, 0);
    }
    let n = side.div_ceil(stride);
    // Half of the zeros that are needed lie before, the odd one after.
    let zeros = ((n - 1) * stride + size).saturating_sub(side);
    (n, (zeros / 2) as isize)
}

pub(super) struct Reference {
    /// Shapes and values of the network's state, by name.
    pub(super) state: BTreeMap<String, (Vec<i64>, Vec<f64>)>,
    /// Whether batch normalisations use the batch.
    pub(super) is_training: bool,
    /// Names and sums of the weighted layers, as they come.
    pub(super) sums: Vec<(String, Vec<Maps>)>,
    next_norm: usize,
}

impl Reference {
    pub(super) fn new(state: BTreeMap<String, (Vec<i64>, Vec<f64>)>, is_training: bool) -> Self {
        Self {
            state,
            is_training,
            sums: Vec::new(),
            next_norm: 0,
        }
    }

    fn convolution(&mut self, name: &str, x: &[Maps], stride: usize, border: Border) -> Vec<Maps> {
        let (shape, kernel) = &self.state[&format!("{name}.kernel")];
        let bias = self.state.get(&format!("{name}.bias"));
        let (outputs, inputs, size) = (shape[0] as usize, shape[1] as usize, shape[2] as usize);
        let convolve = |image: &Maps| {
            assert_eq!(image.channels(), inputs, "{name}");
            let (side, before) = positions(image.side, size, stride, border);
            let mut values = vec![0.0; outputs * side * side];
            let mut window = vec![0.0; inputs * size * size];
            for place in 0..side * side {
                let (row, column) = (place / side * stride, place % side * stride);
                for (index, value) in window.iter_mut().enumerate() {
                    let (y, x) = (index / size % size, index % size);
                    let row = (row + y) as isize - before;
                    let column = (column + x) as isize - before;
                    *value = image.at(index / (size * size), row, column).unwrap_or(0.0);
                }
                for (output, kernel) in kernel.chunks_exact(window.len()).enumerate() {
                    let bias = bias.map_or(0.0, |(_, bias)| bias[output]);
                    values[output * side * side + place] = dot(kernel, &window) + bias;
                }
            }
            Maps { side, values }
        };
        let convolved: Vec<Maps> = x.iter().map(convolve).collect();
        self.sums.push((name.to_owned(), convolved.clone()));
        convolved
    }

    /// All maps of an image, one after another, into a dense layer.
    pub(super) fn dense(&mut self, name: &str, x: &[Maps]) -> Vec<Maps> {
        let (shape, kernel) = &self.state[&format!("{name}.kernel")];
        let bias = self.state.get(&format!("{name}.bias"));
        let project = |image: &Maps| {
            assert_eq!(image.values.len() as i64, shape[1], "{name}");
            let rows = kernel.chunks_exact(image.values.len()).enumerate();
            let sum = |(output, row): (usize, &[f64])| {
                dot(row, &image.values) + bias.map_or(0.0, |(_, bias)| bias[output])
            };
            Maps {
                side: 1,
                values: rows.map(sum).collect(),
            }
        };
        let projected: Vec<Maps> = x.iter().map(project).collect();
        self.sums.push((name.to_owned(), projected.clone()));
        projected
    }

    pub(super) fn batch_norm(&mut self, x: &[Maps]) -> Vec<Maps> {
        let part = |name: &str| &self.state[&format!("norm{:03}.{name}", self.next_norm)].1;
        let (scale, shift) = (part("scale"), part("shift"));
        let (channels, area) = (x[0].channels(), x[0].side * x[0].side);
        assert_eq!(channels, scale.len());
        let mut normalised = x.to_vec();
        for channel in 0..channels {
            let place = channel * area..(channel + 1) * area;
            let all: Vec<f64> = x
                .iter()
                .flat_map(|image| image.values[place.clone()].to_vec())
                .collect();
            let (center, variance) = if self.is_training {
                let center = mean(&all);
                let squares: Vec<f64> = all.iter().map(|v| (v - center).powi(2)).collect();
                (center, mean(&squares))
            } else {
                (part("running_mean")[channel], part("running_var")[channel])
            };
            let gain = scale[channel] / (variance + 1e-5).sqrt();
            for image in &mut normalised {
                for value in &mut image.values[place.clone()] {
                    *value = (*value - center) * gain + shift[channel];
                }
            }
        }
        self.next_norm += 1;
        normalised
    }

    /// A residual network up to its classifier: post-activation, or pre-activation (`is_v2`).
    pub(super) fn residual(
        &mut self,
        images: &[Maps],
        n_blocks: [usize; 4],
        is_v2: bool,
    ) -> Vec<Maps> {
        let mut x = self.convolution("conv1", images, 2, Border::Same);
        if !is_v2 {
            x = relu(self.batch_norm(&x));
        }
        x = pool(&x, Border::Same, maximum);
        for (group, n_blocks) in (1..).zip(n_blocks) {
            for block in 1..=n_blocks {
                let stride = if group > 1 && block == 1 { 2 } else { 1 };
                let name = |part: &str| format!("group{group}_block{block}_{part}");
                let mut shortcut = x.clone();
                if is_v2 {
                    x = relu(self.batch_norm(&x));
                }
                if block == 1 {
                    shortcut = self.convolution(&name("projection"), &x, stride, Border::Same);
                    if !is_v2 {
                        shortcut = self.batch_norm(&shortcut);
                    }
                }
                x = self.convolution(&name("conv1"), &x, stride, Border::Same);
                x = relu(self.batch_norm(&x));
                x = self.convolution(&name("conv2"), &x, 1, Border::Same);
                if !is_v2 {
                    x = self.batch_norm(&x);
                }
                for (image, shortcut) in x.iter_mut().zip(&shortcut) {
                    for (value, more) in image.values.iter_mut().zip(&shortcut.values) {
                        *value += more;
                    }
                }
                if !is_v2 {
                    x = relu(x);
                }
            }
        }
        if is_v2 {
            x = relu(self.batch_norm(&x));
        }
        let average = |image: &Maps| {
            let area = image.side * image.side;
            image.with(1, |channel, _| {
                mean(&image.values[channel * area..(channel + 1) * area])
            })
        };
        x.iter().map(average).collect()
    }

    /// AlexNet up to its classifier, without dropout.
    pub(super) fn alexnet(&mut self, images: &[Maps], has_response_norm: bool) -> Vec<Maps> {
        let normalised = |x: Vec<Maps>| match has_response_norm {
            true => response_norm(&x, 5, 1e-4),
            false => x,
        };
        let x = normalised(relu(self.convolution("conv1", images, 4, Border::Valid)));
        let x = pool(&x, Border::Valid, maximum);
        let x = normalised(relu(self.convolution("conv2", &x, 1, Border::Same)));
        let mut x = pool(&x, Border::Valid, maximum);
        for name in ["conv3", "conv4", "conv5"] {
            x = relu(self.convolution(name, &x, 1, Border::Same));
        }
        x = pool(&x, Border::Valid, maximum);
        x = relu(self.dense("fc6", &x));
        relu(self.dense("fc7", &x))
    }

    /// A small network up to its classifier: normalised by batch or by response.
    pub(super) fn knet(
        &mut self,
        images: &[Maps],
        n_convolutions: usize,
        has_batch_norm: bool,
    ) -> Vec<Maps> {
        let mut x = self.convolution("conv1", images, 1, Border::Same);
        x = pool(&x, Border::Same, maximum);
        x = if has_batch_norm {
            relu(self.batch_norm(&x))
        } else {
            response_norm(&relu(x), 3, 5e-5)
        };
        for convolution in 2..=n_convolutions {
            x = relu(self.convolution(&format!("conv{convolution}"), &x, 1, Border::Same));
            x = pool(&x, Border::Same, mean);
            if has_batch_norm {
                x = self.batch_norm(&x);
            } else if convolution == 2 {
                x = response_norm(&x, 3, 5e-5);
            }
        }
        x
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn relu(mut x: Vec<Maps>) -> Vec<Maps> {
    let values = x.iter_mut().flat_map(|image| &mut image.values);
    values.for_each(|value| *value = value.max(0.0));
    x
}

fn maximum(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Windows of 3x3 at stride 2; what lies beyond the border does not count.
fn pool(x: &[Maps], border: Border, summary: fn(&[f64]) -> f64) -> Vec<Maps> {
    let pooled = |image: &Maps| {
        let (side, before) = positions(image.side, 3, 2, border);
        image.with(side, |channel, place| {
            let (row, column) = (place / side * 2, place % side * 2);
            let at = |step: usize| {
                let row = (row + step / 3) as isize - before;
                image.at(channel, row, (column + step % 3) as isize - before)
            };
            summary(&(0..9).filter_map(at).collect::<Vec<_>>())
        })
    };
    x.iter().map(pooled).collect()
}

/// x / (1 + alpha times the sum of squares of the channels at most `radius` away) ^ 0.75.
fn response_norm(x: &[Maps], radius: usize, alpha: f64) -> Vec<Maps> {
    let normalised = |image: &Maps| {
        let (area, last) = (image.side * image.side, image.channels() - 1);
        image.with(image.side, |channel, place| {
            let window = channel.saturating_sub(radius)..=(channel + radius).min(last);
            let squares: f64 = window
                .map(|channel| image.values[channel * area + place].powi(2))
                .sum();
            image.values[channel * area + place] / (1.0 + alpha * squares).powf(0.75)
        })
    };
    x.iter().map(normalised).collect()
}
