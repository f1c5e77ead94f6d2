//! Where the trainer is: the one executable that is linked to libtorch.

use std::path::PathBuf;

use crate::{Error, Result};

/// The executable's name.
pub const NAME: &str = "engram-trainer";

/// The environment variable that names another executable than the one beside this command.
pub const VARIABLE: &str = "ENGRAM_TRAINER";

/// The trainer that the environment names, else the one in this command's folder. Cargo's tests and benchmarks, which
/// lie in a folder below the commands', find it there.
///
/// # Errors
/// [`Error::NoTrainer`] when it is not there.
pub fn executable() -> Result<PathBuf> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let path = named.unwrap_or_else(|| {
        // A process that does not know where it lies looks in the working folder.
        let command = std::env::current_exe().unwrap_or_default();
        let mut folders = command.ancestors().skip(1);
        let commands = folders.find(|folder| !folder.ends_with("deps"));
        commands.map_or_else(|| NAME.into(), |folder| folder.join(NAME))
    });
    match path.is_file() {
        true => Ok(path),
        false => Err(Error::NoTrainer { path }),
    }
}
