//! What networks among the classifiers are fitted on, as an argument.

use clap::Args;
use engram_classifiers::conv1d_mlp;

/// The argument of commands that fit classifiers.
#[derive(Clone, Debug, Args)]
pub(crate) struct FittingArguments {
    /// Device to fit Conv1D MLPs on: `cpu` or `cuda:INDEX`
    ///
    /// What is learned on another device is another network by the last digits of its sums, which training makes larger.
    /// The other classifiers learn on the CPU.
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
}

impl FittingArguments {
    /// Fits on this device what the command fits.
    pub(crate) fn apply(&self) {
        conv1d_mlp::fit_on(self.device.clone());
    }
}
