use engram_observables::{Scratch, observe};
use engram_plan::learning_rule::Momentum;
use engram_plan::{
    Initialization, LearningRuleSettings, PlannedRun, RunConfiguration, Schedule, TaskSettings,
};
use engram_schemas::observable::Measure;
use engram_schemas::{Architecture, Definition, Task};

mod definitions;
use super::draw::{Moment, chosen, noise};
use super::tensor_statistics::tensor_statistics;
use super::*;
use crate::network::{Layer, LayerRecord, Nonlinearity};
use crate::projection::project_back;

mod draws;
mod rows;

fn planned(observation: Observation) -> PlannedRun {
    PlannedRun::new(RunConfiguration {
        task: TaskSettings::new(Task::Digits),
        architecture: Architecture::Knet4,
        initialization: Initialization::FanIn,
        learning_rule: LearningRuleSettings::FeedbackAlignment(Momentum::default()),
        learning_rate: 0.05,
        alignment_learning_rate: None,
        weight_decay: 1e-5,
        batch_size: 64,
        model_seed: 3,
        dataset_seed: 1,
        epochs: 1,
        checkpoint_every: 1,
        observation,
        schedule: Schedule::default(),
        gradient_clip_norm: None,
        lars: None,
    })
}

fn condition(unit_fraction: f64, noise_stddev: f64, seed: u64) -> ObservationCondition {
    ObservationCondition {
        unit_fraction,
        noise_stddev,
        seed,
        definition: Definition::Standard,
    }
}

fn published() -> ObservationCondition {
    ObservationCondition {
        definition: Definition::Published,
        ..ObservationCondition::default()
    }
}

/// Any scores: they are the caller's.
const EVALUATION: Evaluation = Evaluation {
    loss: 1.0,
    accuracy: None,
};

fn observation(conditions: &[ObservationCondition]) -> Observation {
    Observation {
        conditions: conditions.to_vec(),
        ..Observation::default()
    }
}

fn network(signal: Signal) -> Network {
    let configuration = planned(Observation::default()).configuration;
    Network::new(&configuration, signal, Device::Cpu).unwrap()
}

fn stimuli(n: usize) -> Examples {
    let configuration = planned(Observation::default()).configuration;
    crate::testing::examples(&configuration, n)
}

fn observer(conditions: &[ObservationCondition]) -> Observer {
    Observer::new(&observation(conditions))
}

fn seen(observer: &Observer, network: &Network, epoch: usize, n: usize) -> Checkpoint {
    observer
        .observe(network, epoch, EVALUATION, [Ok(stimuli(n))])
        .unwrap()
}

fn records(network: &Network, n: usize) -> Vec<LayerRecord> {
    let inputs = stimuli(n).inputs;
    tch::no_grad(|| {
        network
            .forward(&inputs, Mode::Evaluate, Signal::Forward, Keep::Records)
            .1
    })
}

/// A layer of the network with its record under either nonlinearity.
fn with_both_nonlinearities(record: LayerRecord) -> [LayerRecord; 2] {
    [Nonlinearity::Identity, Nonlinearity::Relu].map(|nonlinearity| LayerRecord {
        input: record.input.shallow_clone(),
        sums: record.sums.shallow_clone(),
        output: match nonlinearity {
            Nonlinearity::Identity => record.sums.shallow_clone(),
            Nonlinearity::Relu => record.sums.relu(),
        },
        nonlinearity,
    })
}

fn column(name: &str) -> usize {
    Observable::all()
        .position(|observable| observable.column() == name)
        .unwrap()
}

/// A form of what was seen in which NaN is equal to NaN.
fn bits(seen: &Checkpoint) -> String {
    format!("{seen:?}")
}

fn assert_close(a: f64, b: f64, relative: f64, what: &str) {
    let equal = (a - b).abs() <= relative * a.abs().max(b.abs()).max(1e-30);
    assert!(
        equal || (a.is_nan() && b.is_nan()) || a == b,
        "{what}: {a:e} and {b:e}"
    );
}

fn assert_all_close(a: &Checkpoint, b: &Checkpoint, relative: f64) {
    for (layer, (a, b)) in a.layers.iter().zip(&b.layers).enumerate() {
        for (condition, (a, b)) in a.iter().zip(b).enumerate() {
            for ((a, b), observable) in a.iter().zip(b).zip(Observable::all()) {
                let what = format!("layer {layer}, condition {condition}, {observable}");
                assert_close(*a, *b, relative, &what);
            }
        }
    }
}

/// Every condition by hand: noise on all units, then the choice, then the statistics, then the mean over stimuli.
#[test]
fn noise_comes_before_the_choice_and_both_before_the_function() {
    let network = network(Signal::Forward);
    let (index, n, epoch) = (1, 7, 4);
    let layer = &network.layers[index];
    let record = &records(&network, n)[index];
    let conditions = [
        condition(0.3, 0.5, 9),
        condition(1.0, 0.5, 9),
        condition(0.3, 0.0, 2),
    ];
    let found = seen(&observer(&conditions), &network, epoch, n);
    let look =
        |units: &[f32], choice: &str, purpose: &str, stimulus, condition: &ObservationCondition| {
            let mut normals = Vec::new();
            let moment = Moment {
                layer: index,
                epoch,
                stimulus,
            };
            draw::fill(
                &mut normals,
                units.len(),
                &mut moment.noise(purpose, condition.seed),
            );
            let n_chosen = (condition.unit_fraction * units.len() as f64).ceil() as usize;
            let order = draw::order(choice, condition.seed, index, units.len(), n_chosen);
            let chosen: Vec<f32> = draw::ascending(&order, units.len())
                .into_iter()
                .map(|unit| unit as usize)
                .map(|unit| {
                    let noise = condition.noise_stddev * f64::from(normals[unit]);
                    (f64::from(units[unit]) + noise) as f32
                })
                .collect();
            assert_eq!(chosen.len(), n_chosen);
            observe(&chosen, &mut Scratch::default()).to_array()
        };
    let outputs = values(&record.output);
    for (condition, found) in conditions.iter().zip(&found.layers[index]) {
        let weights = look(
            &values(&layer.kernel),
            chosen::WEIGHTS,
            noise::WEIGHTS,
            0,
            condition,
        );
        assert_eq!(found[..21], weights);
        let mut sums = [0.0; 21];
        for (stimulus, units) in outputs.chunks_exact(outputs.len() / n).enumerate() {
            let statistics = look(units, chosen::UNITS, noise::UNITS, stimulus, condition);
            for (sum, statistic) in sums.iter_mut().zip(statistics) {
                *sum += statistic;
            }
        }
        assert_eq!(found[21..42], sums.map(|sum| sum / n as f64));
    }
}

/// Against the transposed projection and against differentiation: sampled outputs are summed, the gradients of sampled
/// inputs are added up, and the number of sampled outputs divides.
#[test]
fn activity_change_of_sampled_units_is_the_sampled_gradient() {
    let network = network(Signal::Forward);
    let conditions = [
        condition(0.2, 0.0, 5),
        condition(0.7, 0.0, 6),
        condition(1.0, 0.0, 7),
    ];
    let views = Views::new(&conditions);
    for (index, record) in records(&network, 5).into_iter().enumerate() {
        let layer = &network.layers[index];
        for record in with_both_nonlinearities(record) {
            let gates = change::Gates::new(&conditions, &views, index, layer, &record);
            let units = values(&record.output);
            let n_units = units.len() / 5;
            let n_inputs = record.input.numel() / 5;
            for (condition, &place) in conditions.iter().zip(&gates.of_condition) {
                let gate = &gates.gates[place];
                let mask = |purpose, n: usize, like: &Tensor| {
                    let n_chosen = draw::n_chosen(condition.unit_fraction, n);
                    let mut mask = vec![0.0f32; n];
                    for unit in draw::order(purpose, condition.seed, index, n, n_chosen) {
                        mask[unit as usize] = 1.0;
                    }
                    Tensor::from_slice(&mask).view_as(&like.narrow(0, 0, 1))
                };
                let outputs = mask(chosen::OUTPUTS, n_units, &record.output);
                let inputs = mask(chosen::INPUTS, n_inputs, &record.input);
                let slopes = match record.nonlinearity {
                    Nonlinearity::Identity => record.sums.ones_like(),
                    Nonlinearity::Relu => record.sums.gt(0.0).to_kind(Kind::Float),
                };
                let kernel = layer.kernel.detach();
                let by_hand = project_back(
                    layer.spec.kernel,
                    &(&slopes * &outputs),
                    &record.input,
                    &kernel,
                );
                let by_autograd = gradient(layer, &record, &outputs);
                for gradient in [by_hand, by_autograd] {
                    let sums = (gradient * &inputs).flatten(1, -1).sum_dim_intlist(
                        [1i64].as_slice(),
                        false,
                        Kind::Double,
                    );
                    let scale = sums.abs().max().double_value(&[]).max(1e-3);
                    let on_device = doubles(&gate.sums(&record));
                    for (stimulus, expected) in doubles(&sums).into_iter().enumerate() {
                        let ours = gate.sum(&units[stimulus * n_units..][..n_units]);
                        let what = format!("{} {condition:?}: {ours} {expected}", layer.spec.name);
                        assert!((ours - expected).abs() < 1e-5 * scale, "{what}");
                        assert!((on_device[stimulus] - ours).abs() < 1e-6 * scale, "{what}");
                    }
                }
                let f = condition.unit_fraction;
                assert_eq!(gate.n_outputs, (f * n_units as f64).ceil() as usize);
                assert_eq!(gate.n_inputs, (f * n_inputs as f64).ceil() as usize);
            }
        }
    }
}

/// The gradient of the sum of the outputs in `mask` with respect to the inputs.
fn gradient(layer: &Layer, record: &LayerRecord, mask: &Tensor) -> Tensor {
    let input = record.input.detach().copy().set_requires_grad(true);
    let (kernel, bias) = (&layer.kernel.detach(), layer.bias.as_ref());
    let sums = crate::projection::project(layer.spec.kernel, &input, kernel, bias);
    let output = match record.nonlinearity {
        Nonlinearity::Identity => sums,
        Nonlinearity::Relu => sums.relu(),
    };
    Tensor::run_backward(&[(output * mask).sum(Kind::Float)], &[&input], false, false)
        .pop()
        .unwrap()
}

/// The noise of activity change has the spread of independent noise on every sampled input.
#[test]
fn noise_on_activity_change_has_the_spread_of_its_inputs() {
    let network = network(Signal::Forward);
    let stddev = 0.3;
    let conditions: Vec<ObservationCondition> =
        (0..400).map(|seed| condition(0.25, stddev, seed)).collect();
    let quiet: Vec<ObservationCondition> =
        (0..400).map(|seed| condition(0.25, 0.0, seed)).collect();
    let raw = column("activity_change_raw_mean");
    let last = network.layers.len() - 1;
    let noisy = seen(&observer(&conditions), &network, 2, 1);
    let quiet = seen(&observer(&quiet), &network, 2, 1);
    let (n_inputs, n_outputs) = (64 / 4, 3);
    assert_eq!(network.layers[last].spec.kernel.shape(), [10, 64]);
    let spread = stddev * f64::from(n_inputs).sqrt() / f64::from(n_outputs);
    let differences: Vec<f64> = noisy.layers[last]
        .iter()
        .zip(&quiet.layers[last])
        .map(|(noisy, quiet)| (noisy[raw] - quiet[raw]) / spread)
        .collect();
    let mean = differences.iter().sum::<f64>() / 400.0;
    let var = differences.iter().map(|d| d * d).sum::<f64>() / 400.0;
    assert!(mean.abs() < 0.2 && (var - 1.0).abs() < 0.25, "{mean} {var}");
}

#[test]
fn the_published_definition_differs_where_it_says() {
    for signal in [Signal::Forward, Signal::Feedback] {
        let network = network(signal);
        let conditions = [ObservationCondition::default(), published()];
        let found = seen(&observer(&conditions), &network, 0, 20);
        for (layer, found) in network.layers.iter().zip(&found.layers) {
            let kernel = layer.kernel.detach().to_kind(Kind::Double);
            // Slices along height for convolutions and along inputs for dense layers.
            let axis = if kernel.dim() == 4 { 2 } else { 1 };
            let slices = |values: Tensor| {
                let rows = values.transpose(0, axis).flatten(1, -1);
                let norms = rows
                    .square()
                    .sum_dim_intlist([1i64].as_slice(), false, Kind::Double);
                norms.sqrt().mean(Kind::Double).double_value(&[])
            };
            for (observable, (standard, published)) in
                Observable::all().zip(found[0].iter().zip(&found[1]))
            {
                let name = observable.column();
                let what = format!("{} {name}", layer.spec.name);
                match name.as_str() {
                    "weight_raw_norm" | "weight_abs_norm" => {
                        assert_close(*published, slices(kernel.copy()), 1e-12, &what);
                        assert!(published < standard, "{what}");
                    }
                    "weight_square_norm" => {
                        assert_close(*published, slices(kernel.square()), 1e-12, &what);
                    }
                    _ if observable.measure == Measure::ActivityChange
                        && signal == Signal::Feedback =>
                    {
                        assert_ne!(standard, published, "{what}");
                    }
                    _ => assert_eq!(standard.to_bits(), published.to_bits(), "{what}"),
                }
            }
        }
    }
}

#[test]
fn the_published_activity_change_is_that_of_the_feedback_kernel() {
    let mut network = network(Signal::Feedback);
    let found = seen(&observer(&[published()]), &network, 0, 9);
    let records = records(&network, 9);
    let raw = column("activity_change_raw_mean");
    for ((layer, record), found) in network.layers.iter_mut().zip(&records).zip(&found.layers) {
        layer.kernel = layer.feedback.as_ref().unwrap().copy();
        let expected = activity_change(layer, record)
            .mean(Kind::Double)
            .double_value(&[]);
        assert_close(found[0][raw], expected, 1e-9, &layer.spec.name);
    }
    // A feedback kernel of another shape is nothing to differentiate through.
    for layer in &mut network.layers {
        layer.feedback = Some(Tensor::zeros([3, 3], (Kind::Float, Device::Cpu)));
    }
    let conditions = [ObservationCondition::default(), published()];
    let found = seen(&observer(&conditions), &network, 0, 9);
    for found in &found.layers {
        assert_eq!(found[0][raw], found[1][raw]);
    }
}

#[test]
fn neither_memory_nor_batches_change_what_is_seen() {
    let network = network(Signal::Feedback);
    let conditions = [condition(0.5, 0.1, 3), published()];
    let whole = seen(&observer(&conditions), &network, 6, 50);
    let mut frugal = observer(&conditions);
    frugal.kept_bytes = 600 << 10;
    let at_once = frugal.stimuli_at_once(&network);
    assert!((2..20).contains(&at_once), "{at_once}");
    assert_all_close(&whole, &seen(&frugal, &network, 6, 50), 1e-5);
    let batches = [(0, 7), (7, 40), (47, 3)].map(|(start, n)| Ok(stimuli(50).narrow(start, n)));
    let divided = frugal.observe(&network, 6, EVALUATION, batches).unwrap();
    assert_all_close(&whole, &divided, 1e-5);
    // And equal batches give equal bits.
    let again = seen(&observer(&conditions), &network, 6, 50);
    assert_eq!(bits(&whole), bits(&again));
    frugal.kept_bytes = 1;
    assert_eq!(frugal.stimuli_at_once(&network), 1);
}

#[test]
fn a_batch_that_cannot_be_read_ends_the_observation() {
    let network = network(Signal::Forward);
    let observer = observer(&[ObservationCondition::default()]);
    let found = observer.observe(
        &network,
        0,
        EVALUATION,
        [Ok(stimuli(3)), Err(crate::Error::Stopped)],
    );
    assert!(matches!(found, Err(crate::Error::Stopped)));
    let nothing = observer.observe(&network, 0, EVALUATION, []).unwrap();
    assert!(nothing.layers[0][0][column("activation_raw_mean")].is_nan());
    assert!(nothing.layers[0][0][column("weight_raw_mean")].is_finite());
}

/// The devices' way of computing gives what the fused kernel gives, with every part of a condition.
#[test]
fn both_ways_of_computing_agree() {
    let network = network(Signal::Feedback);
    let conditions = [
        ObservationCondition::default(),
        published(),
        condition(0.3, 0.0, 1),
        condition(0.3, 0.2, 1),
        condition(1.0, 0.7, 2),
    ];
    let fused = observer(&conditions);
    let mut tensor = fused.clone();
    tensor.computation = Some(Computation::Tensor);
    assert_eq!(fused.computation_on(Device::Cpu), Computation::Fused);
    assert_eq!(fused.computation_on(Device::Cuda(0)), Computation::Tensor);
    assert_all_close(
        &seen(&fused, &network, 3, 30),
        &seen(&tensor, &network, 3, 30),
        1e-5,
    );
}

#[test]
fn tensor_statistics_agree_with_the_fused_kernel_on_awkward_rows() {
    let wave = |i: usize| (i as f32 * 0.731).sin() * (1 + i % 13) as f32;
    let n = 3000;
    let mut rows: Vec<Vec<f32>> = vec![
        (0..n).map(wave).collect(),
        (0..n).map(|i| wave(i).max(0.0)).collect(),
        (0..n).map(|i| 1e4 + wave(i) * 0.01).collect(),
        (0..n).map(|i| wave(i).round()).collect(),
        vec![0.1; n],
        vec![0.0; n],
        (0..n).map(|i| [0.1, -0.1, -0.1][i % 3]).collect(),
        (0..n).map(|i| -wave(i).abs() * 1e20).collect(),
    ];
    let mut spoilt = rows[0].clone();
    spoilt[17] = f32::NAN;
    rows.push(spoilt);
    let mut infinite = rows[0].clone();
    infinite[18] = f32::NEG_INFINITY;
    rows.push(infinite);
    for n in [n, 1, 2, 3, 4, 5] {
        let cut: Vec<f32> = rows.iter().flat_map(|row| row[..n].to_vec()).collect();
        let tensor = Tensor::from_slice(&cut).view([rows.len() as i64, n as i64]);
        let found = doubles(&tensor_statistics(&tensor));
        for (place, row) in cut.chunks_exact(n).enumerate() {
            let expected = observe(row, &mut Scratch::default()).to_array();
            for (statistic, expected) in expected.into_iter().enumerate() {
                let what = format!("row {place} of {n}, statistic {statistic}");
                assert_close(found[place * 21 + statistic], expected, 1e-5, &what);
            }
        }
    }
    let empty = tensor_statistics(&Tensor::zeros([0, 5], (Kind::Float, Device::Cpu)));
    assert_eq!(empty.size(), [0, 21]);
}
