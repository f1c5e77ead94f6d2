//! What the columns of the tables mean, in a sentence each, for the words of a release.

use engram_schemas::{Observable, recordings, trajectories};
use trajectories::column;

/// What a column of `trajectories` or `recordings` means.
pub fn meaning(name: &str) -> String {
    let text = match name {
        column::TASK => "task that the network was trained on (partition)",
        column::ARCHITECTURE => "architecture of the network (partition)",
        column::RUN_ID => "hash of the run's resolved configuration",
        column::LEARNING_RULE => "learning rule that changed the weights: what is to be identified",
        column::BATCH_SIZE => "examples a training step",
        column::MODEL_SEED => "seed of initial weights, feedback weights and data order",
        column::DATASET_SEED => "seed of the split into training and validation examples",
        column::LEARNING_RATE => "learning rate: the base rate times batch size / 256",
        column::STATUS => "trained, or diverged: the loss stopped being finite",
        column::LAYER => "name of the layer",
        column::LAYER_INDEX => "place of the layer, from 0 at the input",
        column::DEPTH => "early, middle or deep third of the network",
        column::N_UNITS => "outputs of the layer a stimulus",
        column::N_WEIGHTS => "entries of the layer's forward kernel",
        column::EPOCH => "epochs trained when this was observed",
        column::STEP => "optimizer steps taken when this was observed",
        column::VALIDATION_LOSS => "mean loss over the validation examples",
        column::VALIDATION_ACCURACY => {
            "share of validation examples classified correctly; NULL without classes"
        }
        column::UNIT_FRACTION => "share of the units that were observed",
        column::NOISE_STDDEV => "standard deviation of the Gaussian noise added to every unit",
        column::OBSERVATION_SEED => "seed of the choice of units and of the noise",
        column::DEFINITION => {
            "how weight norms and activity change are defined: standard or published"
        }
        column::FEEDBACK_ANGLE => {
            "angle between feedback and forward kernel, in degrees; NULL unless asked for"
        }
        column::GRADIENT_ANGLE => {
            "angle between the rule's gradient and that of backpropagation, in degrees; NULL unless asked for"
        }
        recordings::column::MEASURE => "what was recorded: weight, activation or activity_change",
        recordings::column::STIMULUS => {
            "place among the validation stimuli, from 0; NULL for weights"
        }
        recordings::column::N_CANDIDATES => "what the recorded units are a uniform sample of",
        recordings::column::VALUES => {
            "values of the recorded units, always in the same random order"
        }
        _ => return observed(name),
    };
    text.to_owned()
}

/// What an observed statistic is.
fn observed(name: &str) -> String {
    let Some(observable) = Observable::all().find(|observable| observable.column() == name) else {
        return String::new();
    };
    let function = match observable.function.as_str() {
        "abs" => "absolute ",
        "square" => "squared ",
        _ => "",
    };
    let of = match observable.measure.as_str() {
        "weight" => "weights of the layer",
        "activation" => "activations of a stimulus, averaged over validation stimuli",
        _ => "derivatives of the layer's outputs by its inputs, over validation stimuli",
    };
    let statistic = observable.statistic.as_str().replace('_', " ");
    format!("{statistic} of the {function}{of}")
}
