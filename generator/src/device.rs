//! Devices by name.

use tch::Device;

use crate::{Error, Result};

/// The device called `cpu` or `cuda:INDEX`.
///
/// # Errors
/// [`Error::Device`] when the name is neither, or the device is not there.
pub fn parse(name: &str) -> Result<Device> {
    let refuse = |reason: &str| Error::Device {
        device: name.to_owned(),
        reason: reason.to_owned(),
    };
    let device = match name.split_once(':') {
        None if name == "cpu" => Device::Cpu,
        None if name == "cuda" => Device::Cuda(0),
        Some(("cuda", index)) => Device::Cuda(
            index
                .parse()
                .map_err(|_| refuse("the part after `cuda:` is no number"))?,
        ),
        _ => return Err(refuse("use `cpu` or `cuda:0`")),
    };
    if let Device::Cuda(index) = device {
        let found = tch::Cuda::device_count();
        if !tch::Cuda::is_available() {
            return Err(refuse(
                "libtorch sees no CUDA device; `make setup TORCH=cuda` fetches libtorch with CUDA",
            ));
        }
        if index as i64 >= found {
            return Err(refuse(&format!(
                "there are {found} CUDA devices, counted from 0"
            )));
        }
    }
    Ok(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert_eq!(parse("cpu").unwrap(), Device::Cpu);
        assert_eq!(
            parse("gpu").unwrap_err().to_string(),
            "device `gpu` cannot be used: use `cpu` or `cuda:0`"
        );
        assert!(
            parse("cuda:x")
                .unwrap_err()
                .to_string()
                .ends_with("is no number")
        );
    }
}
