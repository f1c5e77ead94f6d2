//! What a fitting process is told, and what it answers.
//!
//! The request is a line of JSON, then the inputs (32-bit floats) and the labels (32-bit whole numbers), little-endian. The
//! answer is one line of JSON for each network, in the order that they were asked for.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use super::{Conv1dMlpSettings, Shape};

/// Networks to fit to the same examples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Each network's settings and sizes.
    pub networks: Vec<(Conv1dMlpSettings, Shape)>,
    /// Number of examples.
    pub n_examples: usize,
    /// Seed of the first weights and of the order of examples.
    pub seed: u64,
    /// Inputs of every example: channel by channel, each point by point.
    #[serde(skip)]
    pub inputs: Vec<f32>,
    /// Class of every example.
    #[serde(skip)]
    pub labels: Vec<u32>,
}

/// What a network has learned: all row-major.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// `[filters, channels, kernel]`
    pub filters: Vec<f32>,
    /// `[filters]`
    pub filter_biases: Vec<f32>,
    /// `[classes, filters * places after pooling]`: filter by filter, each place by place.
    pub dense: Vec<f32>,
    /// `[classes]`
    pub dense_biases: Vec<f32>,
}

impl Request {
    /// Writes the request.
    ///
    /// # Errors
    /// When nobody reads it.
    pub fn write(&self, mut to: impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut to, self)?;
        to.write_all(b"\n")?;
        for value in &self.inputs {
            to.write_all(&value.to_le_bytes())?;
        }
        for label in &self.labels {
            to.write_all(&label.to_le_bytes())?;
        }
        to.flush()
    }

    /// Reads what [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// When it ends too early or is something else.
    pub fn read(mut from: impl BufRead) -> io::Result<Self> {
        let mut head = String::new();
        from.read_line(&mut head)?;
        let mut request: Self = serde_json::from_str(&head)?;
        let n_inputs = request
            .networks
            .first()
            .map_or(0, |(_, shape)| shape.n_inputs());
        let mut next = || -> io::Result<[u8; 4]> {
            let mut bytes = [0; 4];
            from.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        request.inputs = (0..request.n_examples * n_inputs)
            .map(|_| next().map(f32::from_le_bytes))
            .collect::<io::Result<_>>()?;
        request.labels = (0..request.n_examples)
            .map(|_| next().map(u32::from_le_bytes))
            .collect::<io::Result<_>>()?;
        Ok(request)
    }
}

impl Weights {
    /// Whether they are those of a network of this shape, and finite.
    pub(super) fn fit(&self, shape: &Shape) -> bool {
        let lengths = [
            (
                &self.filters,
                shape.n_filters * shape.n_channels * shape.kernel,
            ),
            (&self.filter_biases, shape.n_filters),
            (
                &self.dense,
                shape.n_classes * shape.n_filters * shape.n_pooled(),
            ),
            (&self.dense_biases, shape.n_classes),
        ];
        lengths.iter().all(|(values, length)| {
            values.len() == *length && values.iter().all(|value| value.is_finite())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conv1d_mlp::Pooling;

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let shape = Shape {
            n_channels: 2,
            n_points: 3,
            kernel: 2,
            n_filters: 4,
            stride: 1,
            pooling: Pooling::Max,
            n_classes: 2,
        };
        let request = Request {
            networks: vec![(Conv1dMlpSettings::default(), shape)],
            n_examples: 2,
            seed: u64::MAX,
            inputs: (0..12).map(|n| n as f32 / 7.0).collect(),
            labels: vec![1, 0],
        };
        let mut bytes = Vec::new();
        request.write(&mut bytes).unwrap();
        assert_eq!(Request::read(&*bytes).unwrap(), request);
        assert!(Request::read(&bytes[..bytes.len() - 1]).is_err());
    }
}
