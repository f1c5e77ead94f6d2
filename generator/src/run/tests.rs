use super::*;
use crate::network::{Keep, Layer, Nonlinearity, Signal};
use crate::observe::activity_change;
use crate::write::to_parquet;
use engram_plan::learning_rule::{Adam, InformationAlignment, Momentum};
use engram_plan::{
    Initialization, LearningRuleSettings, Observation, RunConfiguration, Schedule, TaskSettings,
};
use engram_schemas::{Architecture, Task};
use tch::Kind;

static NEVER: AtomicBool = AtomicBool::new(false);

fn run(architecture: Architecture, learning_rule: LearningRuleSettings) -> PlannedRun {
    PlannedRun::new(RunConfiguration {
        task: TaskSettings::new(Task::Digits),
        architecture,
        initialization: Initialization::FanIn,
        learning_rule,
        learning_rate: 0.05,
        alignment_learning_rate: Some(0.05),
        weight_decay: 1e-5,
        batch_size: 64,
        model_seed: 3,
        dataset_seed: 1,
        epochs: 1,
        checkpoint_every: 1,
        observation: Observation::default(),
        schedule: Schedule::default(),
        gradient_clip_norm: None,
        lars: None,
    })
}

fn feedback_alignment() -> LearningRuleSettings {
    LearningRuleSettings::FeedbackAlignment(Momentum::default())
}

/// A network with its rule and a batch to learn from.
fn prepare(run: &PlannedRun) -> (Network, Box<dyn LearningRule>, tasks::Examples) {
    let rule = learning_rules::new(&run.configuration);
    let network = Network::new(&run.configuration, rule.signal(), Device::Cpu).unwrap();
    let data = tasks::load(&run.configuration, Device::Cpu).unwrap();
    (network, rule, data.train.narrow(0, 64))
}

fn learn(network: &mut Network, rule: &mut dyn LearningRule, batch: &tasks::Examples) {
    let (outputs, records) =
        network.forward(&batch.inputs, Mode::Train, rule.signal(), rule.keep());
    rule.step(network, &tasks::loss(&outputs, &batch.labels), &records);
}

fn difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

/// Largest change of a kernel or its difference to the other network's, over all parameters.
fn distance(a: &Network, b: &Network) -> f64 {
    a.parameters()
        .iter()
        .zip(b.parameters())
        .map(|(a, b)| difference(a, b))
        .fold(0.0, f64::max)
}

#[test]
fn feedback_alignment_with_b_equal_to_w_is_backpropagation() {
    for architecture in [Architecture::Knet4, Architecture::Knet5Lrn] {
        let (mut feedback, mut feedback_rule, batch) =
            prepare(&run(architecture, feedback_alignment()));
        let (mut backprop, mut backprop_rule, _) = prepare(&run(
            architecture,
            LearningRuleSettings::Sgdm(Momentum::default()),
        ));
        assert_eq!(
            distance(&feedback, &backprop),
            0.0,
            "both start from the same forward kernels"
        );
        let start: Vec<Tensor> = backprop
            .parameters()
            .iter()
            .map(|parameter| parameter.detach().copy())
            .collect();
        for _ in 0..5 {
            for layer in &mut feedback.layers {
                layer.feedback = Some(layer.kernel.detach().copy());
            }
            learn(&mut feedback, feedback_rule.as_mut(), &batch);
            learn(&mut backprop, backprop_rule.as_mut(), &batch);
            assert!(
                distance(&feedback, &backprop) < 1e-6,
                "{architecture}: {}",
                distance(&feedback, &backprop)
            );
        }
        let parameters = backprop.parameters();
        let moved = parameters
            .iter()
            .zip(&start)
            .map(|(now, then)| difference(now, then));
        assert!(
            moved.fold(0.0, f64::max) > 1e-3,
            "nothing was learned, so nothing was compared"
        );
    }
}

#[test]
fn feedback_alignment_differs_from_backpropagation_below_the_last_layer_only() {
    let (mut feedback, mut feedback_rule, batch) =
        prepare(&run(Architecture::Knet4, feedback_alignment()));
    let (mut backprop, mut backprop_rule, _) = prepare(&run(
        Architecture::Knet4,
        LearningRuleSettings::Sgdm(Momentum::default()),
    ));
    let fixed: Vec<Tensor> = feedback
        .layers
        .iter()
        .map(|layer| layer.feedback.as_ref().unwrap().copy())
        .collect();
    learn(&mut feedback, feedback_rule.as_mut(), &batch);
    learn(&mut backprop, backprop_rule.as_mut(), &batch);
    let apart = |index: usize| {
        difference(
            &feedback.layers[index].kernel,
            &backprop.layers[index].kernel,
        )
    };
    assert!(apart(3) < 1e-7 && apart(0) > 1e-4 && apart(1) > 1e-4 && apart(2) > 1e-4);
    for (layer, then) in feedback.layers.iter().zip(fixed) {
        assert_eq!(
            difference(layer.feedback.as_ref().unwrap(), &then),
            0.0,
            "B is fixed"
        );
    }
}

/// The last layer's update by hand: its gradient is (softmax - target) times its input, whatever the rule sends down.
#[test]
fn one_update_of_every_rule_by_hand() {
    let rules = [
        LearningRuleSettings::Sgdm(Momentum {
            momentum: 0.9,
            nesterov: true,
        }),
        LearningRuleSettings::Adam(Adam::default()),
        feedback_alignment(),
        LearningRuleSettings::InformationAlignment(InformationAlignment::default()),
    ];
    for settings in rules {
        let run = run(Architecture::Knet4, settings.clone());
        let (mut network, mut rule, batch) = prepare(&run);
        let last = network.layers.len() - 1;
        let (outputs, records) =
            network.forward(&batch.inputs, Mode::Train, rule.signal(), Keep::Records);
        let target = batch.labels.one_hot(10).to_kind(Kind::Float);
        let error = (outputs.detach().softmax(1, Kind::Float) - target) / 64.0;
        let before = network.layers[last].kernel.detach().copy();
        let bias_before = network.layers[last].bias.as_ref().unwrap().detach().copy();
        let gradient = error.tr().matmul(&records[last].input) + &before * 1e-5;
        let bias_gradient = error.sum_dim_intlist([0i64].as_slice(), false, Kind::Float);
        let feedback_before = network.layers[last].feedback.as_ref().map(Tensor::copy);
        rule.step(
            &mut network,
            &tasks::loss(&outputs, &batch.labels),
            &records,
        );
        let step = |gradient: &Tensor| match settings {
            // A first Nesterov step is 1 + momentum gradients long, a first Adam step the rate, by the gradient's sign.
            LearningRuleSettings::Sgdm(_) => gradient * (0.05 * 1.9),
            LearningRuleSettings::Adam(_) => gradient / (gradient.abs() + 1e-8) * 0.05,
            _ => gradient * 0.05,
        };
        let layer = &network.layers[last];
        let name = settings.rule();
        assert!(
            difference(&layer.kernel, &(&before - step(&gradient))) < 1e-6,
            "{name}: kernel"
        );
        let bias = layer.bias.as_ref().unwrap();
        assert!(
            difference(bias, &(bias_before - step(&bias_gradient))) < 1e-6,
            "{name}: bias"
        );
        if let (LearningRuleSettings::InformationAlignment(settings), Some(b)) =
            (&settings, feedback_before)
        {
            // A dense layer's alignment gradient in matrices: (2 beta Y'(Y B) - alpha Y'X) / n + 2 gamma B, Y = X W'.
            let (x, y) = (
                &records[last].input,
                records[last].input.matmul(&before.tr()),
            );
            let amp = y.tr().matmul(x) * (-settings.alpha / 64.0);
            let null = y.tr().matmul(&y.matmul(&b)) * (2.0 * settings.beta / 64.0);
            let expected = &b - (amp + null + &b * (2.0 * settings.gamma)) * 0.05;
            let b_after = layer.feedback.as_ref().unwrap();
            assert!(difference(b_after, &expected) < 1e-6, "{name}: feedback");
            assert!(difference(b_after, &b) > 1e-6, "{name}: B moves");
        }
    }
}

/// The closed form of the alignment gradient against libtorch's differentiation of the loss as it is written down.
#[test]
fn alignment_gradient_is_that_of_the_alignment_loss() {
    use learning_rules::information_alignment::{Coefficients, alignment_gradient, alignment_loss};
    let (network, rule, batch) = prepare(&run(Architecture::Knet4, feedback_alignment()));
    let (_, records) = network.forward(&batch.inputs, Mode::Train, rule.signal(), Keep::Records);
    for coefficients in [
        Coefficients {
            alpha: 1.0,
            beta: 0.0,
            gamma: 0.0,
        },
        Coefficients {
            alpha: 0.0,
            beta: 1.0,
            gamma: 0.0,
        },
        Coefficients {
            alpha: 0.0,
            beta: 0.0,
            gamma: 1.0,
        },
        Coefficients {
            alpha: 0.3,
            beta: 0.2,
            gamma: 0.1,
        },
    ] {
        for (layer, record) in network.layers.iter().zip(&records) {
            let double = |tensor: &Tensor| tensor.detach().to_kind(Kind::Double);
            let feedback = double(layer.feedback.as_ref().unwrap()).set_requires_grad(true);
            let (input, sums) = (double(&record.input), double(&record.sums));
            let kernel = layer.spec.kernel;
            // B' y differentiates through libtorch's own transposed convolution here.
            let loss = alignment_loss_by_autograd(layer, &input, &sums, &feedback, coefficients);
            let written = alignment_loss(kernel, &input, &sums, &feedback.detach(), coefficients);
            assert!(
                (loss.double_value(&[]) - written.double_value(&[])).abs()
                    < 1e-9 * written.abs().double_value(&[])
            );
            let expected = &Tensor::run_backward(&[loss], &[&feedback], false, false)[0];
            let ours = alignment_gradient(kernel, &input, &sums, &feedback.detach(), coefficients);
            let scale = expected.abs().max().double_value(&[]);
            assert!(
                difference(&ours, expected) < 1e-10 * scale,
                "{}: {coefficients:?}",
                layer.spec.name
            );
        }
    }
}

fn alignment_loss_by_autograd(
    layer: &Layer,
    input: &Tensor,
    sums: &Tensor,
    feedback: &Tensor,
    coefficients: learning_rules::information_alignment::Coefficients,
) -> Tensor {
    let batch = input.size()[0] as f64;
    let (forth, back) = if input.dim() == 2 {
        (
            input.linear(feedback, None::<Tensor>),
            sums.matmul(feedback),
        )
    } else {
        let none = None::<Tensor>;
        let forth = input.conv2d(feedback, none.as_ref(), [1, 1], [2, 2], [1, 1], 1);
        (
            forth,
            sums.conv_transpose2d(feedback, none.as_ref(), [1, 1], [2, 2], [0, 0], 1, [1, 1]),
        )
    };
    assert_eq!(layer.spec.kernel.shape().len(), input.dim());
    let amp = (sums * forth).sum(Kind::Double) / -batch;
    let null = back.square().sum(Kind::Double) / batch;
    amp * coefficients.alpha
        + null * coefficients.beta
        + feedback.square().sum(Kind::Double) * coefficients.gamma
}

/// The derivative along the direction in which every input grows alike, by central differences in double precision.
#[test]
fn activity_change_is_the_finite_difference() {
    let (network, rule, batch) = prepare(&run(Architecture::Knet4, feedback_alignment()));
    let (_, records) = network.forward(&batch.inputs, Mode::Train, rule.signal(), Keep::Records);
    for (layer, record) in network.layers.iter().zip(&records) {
        let double = |tensor: &Tensor| tensor.detach().to_kind(Kind::Double);
        let (input, weight) = (double(&record.input), double(&layer.kernel));
        let bias = layer.bias.as_ref().map(double);
        let mean_output = |shift: f64| {
            let sums = crate::projection::project(
                layer.spec.kernel,
                &(&input + shift),
                &weight,
                bias.as_ref(),
            );
            let output = if record.nonlinearity == Nonlinearity::Relu {
                sums.relu()
            } else {
                sums
            };
            output.flatten(1, -1).mean_dim(1, false, Kind::Double)
        };
        let h = 1e-7;
        let expected = (mean_output(h) - mean_output(-h)) / (2.0 * h);
        let ours = activity_change(layer, record);
        assert!(
            difference(&ours, &expected) < 1e-4,
            "{}: {}",
            layer.spec.name,
            difference(&ours, &expected)
        );
        // The same as the sum of the input's gradient over its entries, by differentiation.
        let input = input.set_requires_grad(true);
        let sums = crate::projection::project(layer.spec.kernel, &input, &weight, bias.as_ref());
        let output = if record.nonlinearity == Nonlinearity::Relu {
            sums.relu()
        } else {
            sums
        };
        let n_units = output.numel() as f64 / 64.0;
        let gradient =
            &Tensor::run_backward(&[output.sum(Kind::Double)], &[&input], false, false)[0];
        let expected =
            gradient
                .flatten(1, -1)
                .sum_dim_intlist([1i64].as_slice(), false, Kind::Double)
                / n_units;
        assert!(difference(&ours, &expected) < 1e-5, "{}", layer.spec.name);
    }
}

/// The columns hold what their names say: computed again by libtorch from the same pass.
#[test]
fn columns_hold_what_their_names_say() {
    let planned = run(Architecture::Knet4, feedback_alignment());
    let (network, _, batch) = prepare(&planned);
    let seen = Observer::new(&planned.configuration.observation, Scoring::Classes)
        .observe(&network, 0, once(Ok(batch.narrow(0, 64))))
        .unwrap();
    let (_, records) = network.forward(
        &batch.inputs,
        Mode::Evaluate,
        Signal::Forward,
        Keep::Records,
    );
    for ((layer, record), values) in network.layers.iter().zip(&records).zip(&seen.layers) {
        let column = |name: &str| {
            let place = engram_schemas::Observable::all().position(|o| o.column() == name);
            values[0][place.unwrap()]
        };
        let double = |tensor: &Tensor| tensor.detach().to_kind(Kind::Double);
        let weight = double(&layer.kernel);
        let activation = double(&record.output).flatten(1, -1);
        let mean_over_stimuli = |x: Tensor| x.mean(Kind::Double).double_value(&[]);
        let rows = [1i64];
        let norm = |x: &Tensor| {
            x.square()
                .sum_dim_intlist(rows.as_slice(), false, Kind::Double)
                .sqrt()
        };
        let rank = |x: &Tensor, share: f64| {
            let n = x.size()[1];
            x.sort(1, false)
                .0
                .select(1, (share * n as f64).ceil() as i64 - 1)
        };
        let change = activity_change(layer, record);
        let expected = [
            (
                "weight_raw_norm",
                weight.square().sum(Kind::Double).sqrt().double_value(&[]),
            ),
            (
                "weight_abs_mean",
                weight.abs().mean(Kind::Double).double_value(&[]),
            ),
            (
                "weight_square_var",
                weight.square().var(false).double_value(&[]),
            ),
            (
                "weight_raw_median",
                mean_over_stimuli(rank(&weight.view([1, -1]), 0.5)),
            ),
            ("activation_raw_norm", mean_over_stimuli(norm(&activation))),
            (
                "activation_square_norm",
                mean_over_stimuli(norm(&activation.square())),
            ),
            (
                "activation_raw_mean",
                mean_over_stimuli(activation.shallow_clone()),
            ),
            (
                "activation_abs_third_quartile",
                mean_over_stimuli(rank(&activation.abs(), 0.75)),
            ),
            (
                "activity_change_raw_mean",
                mean_over_stimuli(change.shallow_clone()),
            ),
            ("activity_change_abs_mean", mean_over_stimuli(change.abs())),
            (
                "activity_change_square_mean",
                mean_over_stimuli(change.square()),
            ),
        ];
        for (name, expected) in expected {
            let difference = (column(name) - expected).abs();
            assert!(
                difference <= 1e-9 * (1.0 + expected.abs()),
                "{} {name}: {} and {expected}",
                layer.spec.name,
                column(name)
            );
        }
    }
}

#[test]
fn equal_runs_are_equal_bytes_and_other_seeds_are_not() {
    tch::set_num_threads(1);
    let planned = run(
        Architecture::Knet4,
        LearningRuleSettings::Sgdm(Momentum::default()),
    );
    let bytes = |run: &PlannedRun| {
        to_parquet(&train(run, Device::Cpu, &NEVER, &mut |_| {}).unwrap()).unwrap()
    };
    assert_eq!(bytes(&planned), bytes(&planned));
    let mut other = planned.configuration.clone();
    other.model_seed += 1;
    assert_ne!(bytes(&planned), bytes(&PlannedRun::new(other)));
}

#[test]
fn a_diverging_run_keeps_its_rows_up_to_there() {
    let mut configuration = run(
        Architecture::Knet4Lrn,
        LearningRuleSettings::Sgdm(Momentum::default()),
    )
    .configuration;
    configuration.learning_rate = 1e6;
    configuration.epochs = 3;
    let trajectory = train(
        &PlannedRun::new(configuration),
        Device::Cpu,
        &NEVER,
        &mut |_| {},
    )
    .unwrap();
    assert_eq!(trajectory.status, Status::Diverged);
    let batch = trajectory.to_batch().unwrap();
    assert_eq!(batch.num_rows(), 4 * trajectory.checkpoints().len());
    assert!((1..4).contains(&trajectory.checkpoints().len()));
}

#[test]
fn a_stop_ends_the_run_and_a_panic_is_an_error() {
    let planned = run(
        Architecture::Knet4,
        LearningRuleSettings::Sgdm(Momentum::default()),
    );
    let stopped = train_on_thread(&planned, Device::Cpu, &AtomicBool::new(true), &mut |_| {});
    assert!(matches!(stopped, Err(Error::Stopped)));
    let failed = train_on_thread(&planned, Device::Cpu, &NEVER, &mut |_| {
        panic!("libtorch says no")
    });
    assert_eq!(
        failed.unwrap_err().to_string(),
        "training failed inside libtorch: libtorch says no"
    );
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let mut configuration = run(Architecture::Resnet18, feedback_alignment()).configuration;
    configuration.task.image_size = Some(64);
    let refused = train(
        &PlannedRun::new(configuration),
        Device::Cpu,
        &NEVER,
        &mut |_| {},
    );
    assert!(matches!(
        refused,
        Err(Error::UnknownArchitecture(Architecture::Resnet18))
    ));
    assert_eq!(
        prepare(&run(Architecture::Knet4, feedback_alignment()))
            .0
            .layers[0]
            .spec
            .name,
        "conv1"
    );
    assert_eq!(
        Signal::Feedback,
        learning_rules::new(&run(Architecture::Knet4, feedback_alignment()).configuration).signal()
    );
}
