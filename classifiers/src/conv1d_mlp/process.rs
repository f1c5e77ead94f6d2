//! The process that fits networks: the trainer, which alone is linked to libtorch.

use std::io::{BufRead, BufReader, BufWriter, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{PoisonError, RwLock};

use super::{Request, Weights};
use crate::{Error, Result};

/// The trainer's subcommand.
pub const SUBCOMMAND: &str = "fit";

/// What the processes compute on; the trainer's own choice as long as nothing is said.
static DEVICE: RwLock<String> = RwLock::new(String::new());

/// Fits networks from now on, in all of this process, on a device: `cpu`, as without it, or `cuda:INDEX`.
pub fn fit_on(device: String) {
    *DEVICE.write().unwrap_or_else(PoisonError::into_inner) = device;
}

/// The networks that a request asks for, in its order.
///
/// # Errors
/// [`Error::Trainer`] when there is no trainer, or when it ends without an answer.
pub(super) fn fit(request: &Request) -> Result<Vec<Weights>> {
    let executable = engram_plan::trainer::executable().map_err(|error| Error::Trainer {
        reason: error.to_string(),
        hint: error.hint(),
    })?;
    let mut command = Command::new(&executable);
    command.arg(SUBCOMMAND);
    let device = DEVICE.read().unwrap_or_else(PoisonError::into_inner);
    if !device.is_empty() {
        command.args(["--device", &device]);
    }
    drop(device);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            failed(format!(
                "{} cannot be started: {error}",
                executable.display()
            ))
        })?;
    let answer = converse(&mut child, request);
    if answer.is_err() {
        // It may still be at work, and nobody waits for that any more.
        let _ = child.kill();
    }
    let mut words = String::new();
    if let Some(mut errors) = child.stderr.take() {
        let _ = errors.read_to_string(&mut words);
    }
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    match answer {
        Ok(weights) if status.success() && weights.len() == request.networks.len() => Ok(weights),
        Ok(_) => Err(failed(format!(
            "engram-trainer ended with {status}: {}",
            words.trim()
        ))),
        Err(error) => Err(failed(format!("{error}; {}", words.trim()))),
    }
}

fn converse(child: &mut Child, request: &Request) -> std::io::Result<Vec<Weights>> {
    // Dropped at the end of the statement: the trainer begins when it has read all.
    if let Some(input) = child.stdin.take() {
        // A trainer that gives up while it is told says why on its standard error.
        let _ = request.write(BufWriter::new(input));
    }
    let mut weights = Vec::new();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line?;
            // Native libraries may print to standard output what they please.
            if line.starts_with('{') {
                weights.push(serde_json::from_str(&line)?);
            }
        }
    }
    Ok(weights)
}

fn failed(reason: String) -> Error {
    Error::Trainer { reason, hint: None }
}
