//! Where an unfinished run goes on from: everything that its remaining numbers follow from, as one safetensors file.
//!
//! A run that is restored goes on bit for bit: weights, feedback weights, running statistics and optimizer state are
//! stored as they are, the observations so far with them, and whatever is random depends on seeds and counts alone.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::{Error, Result};

/// How far a run has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The epoch in progress, from 1.
    pub epoch: usize,
    /// Batches of that epoch that were learned from.
    pub batch: usize,
    /// Steps of all epochs.
    pub step: usize,
    /// Sum of the losses of that epoch's batches, as the bits of an f64: the number may not be finite.
    pub loss_bits: u64,
}

/// Named tensors with what identifies them.
#[derive(Debug)]
pub struct Saved {
    /// The run's configuration as JSON: a file of another configuration is not this run's.
    pub configuration: String,
    /// How far the run has come.
    pub position: Position,
    /// The tensors, by name.
    pub tensors: BTreeMap<String, Tensor>,
}

/// The one entry of the file's metadata; a map of several would be stored in any order.
const ENTRY: &str = "engram";

/// What the entry holds, as JSON.
#[derive(Serialize, Deserialize)]
struct Header {
    code_version: String,
    position: Position,
    configuration: String,
}

impl Saved {
    /// The file. Equal states give equal bytes.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] for a tensor of a kind that is not stored.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let stored: Vec<(&String, Dtype, Vec<usize>, Vec<u8>)> = self
            .tensors
            .iter()
            .map(|(name, tensor)| {
                let (kind, bytes) = bytes(tensor).ok_or_else(|| Error::Checkpoint {
                    reason: format!("tensor `{name}` is of kind {:?}", tensor.kind()),
                })?;
                let shape = tensor.size().iter().map(|&size| size as usize).collect();
                Ok((name, kind, shape, bytes))
            })
            .collect::<Result<_>>()?;
        let views = stored
            .iter()
            .map(|(name, kind, shape, bytes)| {
                let view = TensorView::new(*kind, shape.clone(), bytes).map_err(unreadable)?;
                Ok((name.as_str(), view))
            })
            .collect::<Result<Vec<_>>>()?;
        let header = Header {
            code_version: env!("CARGO_PKG_VERSION").to_owned(),
            position: self.position.clone(),
            configuration: self.configuration.clone(),
        };
        let header = serde_json::to_string(&header).map_err(unreadable)?;
        let metadata = [(ENTRY.to_owned(), header)];
        serialize(views, &Some(metadata.into())).map_err(unreadable)
    }

    /// Reads a file that [`Saved::to_bytes`] made.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when it is another kind of file, damaged, or of another version of the program.
    pub fn from_bytes(file: &[u8], device: Device) -> Result<Self> {
        let (_, metadata) = SafeTensors::read_metadata(file).map_err(unreadable)?;
        let entry = metadata.metadata().as_ref().and_then(|all| all.get(ENTRY));
        let entry = entry.ok_or_else(|| Error::Checkpoint {
            reason: format!("its metadata have no `{ENTRY}`"),
        })?;
        let header: Header = serde_json::from_str(entry).map_err(unreadable)?;
        if header.code_version != env!("CARGO_PKG_VERSION") {
            return Err(Error::Checkpoint {
                reason: format!("it is of version {} of the program", header.code_version),
            });
        }
        let all = SafeTensors::deserialize(file).map_err(unreadable)?;
        let tensors = all
            .tensors()
            .into_iter()
            .map(|(name, view)| {
                let kind = match view.dtype() {
                    Dtype::F32 => Kind::Float,
                    Dtype::F64 => Kind::Double,
                    Dtype::I64 => Kind::Int64,
                    other => {
                        return Err(Error::Checkpoint {
                            reason: format!("tensor `{name}` is of kind {other:?}"),
                        });
                    }
                };
                let shape: Vec<i64> = view.shape().iter().map(|&size| size as i64).collect();
                let tensor = Tensor::from_data_size(view.data(), &shape, kind);
                Ok((name, tensor.to_device(device)))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            configuration: header.configuration,
            position: header.position,
            tensors,
        })
    }
}

/// Named tensors as a part of something larger.
pub(crate) fn as_part(part: &str, tensors: Vec<(String, Tensor)>) -> Vec<(String, Tensor)> {
    let tensors = tensors.into_iter();
    tensors
        .map(|(name, tensor)| (format!("{part}/{name}"), tensor))
        .collect()
}

/// The tensors that [`as_part`] put into `all`, by their own names.
pub(crate) fn part(part: &str, all: &BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    let own = all.iter().filter_map(|(name, tensor)| {
        let name = name.strip_prefix(part)?.strip_prefix('/')?;
        Some((name.to_owned(), tensor.shallow_clone()))
    });
    own.collect()
}

/// What is said of a checkpoint that lacks a tensor.
pub(crate) fn missing(name: &str) -> Error {
    Error::Checkpoint {
        reason: format!("it has no `{name}`"),
    }
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::Checkpoint {
        reason: error.to_string(),
    }
}

/// The values of a tensor as bytes in row-major order, little-endian.
fn bytes(tensor: &Tensor) -> Option<(Dtype, Vec<u8>)> {
    let tensor = tensor.detach().to_device(Device::Cpu).contiguous();
    let (dtype, width) = match tensor.kind() {
        Kind::Float => (Dtype::F32, 4),
        Kind::Double => (Dtype::F64, 8),
        Kind::Int64 => (Dtype::I64, 8),
        _ => return None,
    };
    let mut bytes = vec![0u8; tensor.numel() * width];
    tensor.copy_data_u8(&mut bytes, tensor.numel());
    Some((dtype, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> Saved {
        let tensors = [
            (
                "a".to_owned(),
                Tensor::from_slice(&[1.5f32, f32::NAN]).view([2, 1]),
            ),
            ("b".to_owned(), Tensor::from_slice(&[f64::INFINITY])),
            ("c".to_owned(), Tensor::from(7i64)),
        ];
        Saved {
            configuration: "{}".to_owned(),
            position: Position {
                epoch: 3,
                batch: 1,
                step: 41,
                loss_bits: f64::NAN.to_bits(),
            },
            tensors: tensors.into(),
        }
    }

    #[test]
    fn a_checkpoint_comes_back_bit_for_bit() {
        let file = saved().to_bytes().unwrap();
        assert_eq!(file, saved().to_bytes().unwrap());
        let back = Saved::from_bytes(&file, Device::Cpu).unwrap();
        assert_eq!(back.position, saved().position);
        assert_eq!(back.to_bytes().unwrap(), file);
        assert_eq!(back.tensors["a"].size(), [2, 1]);
    }

    #[test]
    fn a_damaged_file_is_no_checkpoint() {
        let file = saved().to_bytes().unwrap();
        for cut in [0, 7, 60, file.len() - 1] {
            let error = Saved::from_bytes(&file[..cut], Device::Cpu).unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with("the checkpoint cannot be used"),
                "{error}"
            );
        }
    }
}
