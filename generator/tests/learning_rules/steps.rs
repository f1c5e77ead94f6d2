//! Steps by hand. Of the last layer they follow from its input, the outputs and the targets, whatever the rule sends down.

use engram_generator::learning_rules::alignment_loss::{
    Coefficients, alignment_gradient, alignment_loss,
};
use engram_generator::network::LayerRecord;
use engram_plan::learning_rule::Momentum;
use engram_plan::{Lars, LearningRuleSettings as Settings, RunConfiguration};
use engram_schemas::{LearningRule as Rule, randomness};
use rand_distr::{Distribution, StandardNormal};
use tch::{Kind, Tensor};

use crate::{Pupil, batches, configuration, copies, difference};

const RATE: f64 = 0.05;
const FACTOR: f64 = 0.5;
const DECAY: f64 = 1e-3;
const LAST: usize = 3;

/// The derivative of the loss with respect to the outputs, `[64, 10]`.
fn error(records: &[LayerRecord], labels: &Tensor) -> Tensor {
    let target = labels.one_hot(10).to_kind(Kind::Float);
    (records[LAST].sums.detach().softmax(1, Kind::Float) - target) / 64.0
}

/// The kernel, its bias, its feedback kernel and its input as they were, and the kernel's gradient.
struct Before {
    kernel: Tensor,
    bias: Tensor,
    feedback: Option<Tensor>,
    input: Tensor,
    error: Tensor,
    gradient: Tensor,
}

/// One step of a rule at half of its rate, and what it started from.
fn one_step(configuration: &RunConfiguration) -> (Before, Pupil) {
    let mut pupil = Pupil::new(configuration);
    let batch = &batches(1)[0];
    let records = pupil.records(batch);
    let layer = &pupil.network.layers[LAST];
    let error = error(&records, &batch.labels);
    let input = records[LAST].input.copy();
    let before = Before {
        kernel: layer.kernel.detach().copy(),
        bias: layer.bias.as_ref().unwrap().detach().copy(),
        feedback: layer.feedback.as_ref().map(Tensor::copy),
        gradient: error.tr().matmul(&input),
        error,
        input,
    };
    pupil.learn(batch, FACTOR);
    (before, pupil)
}

#[test]
fn one_step_of_every_rules_last_layer() {
    for &rule in Rule::ALL {
        let mut configuration = configuration(rule);
        if let Settings::Sgdm(settings) = &mut configuration.learning_rule {
            *settings = Momentum {
                momentum: 0.9,
                nesterov: true,
            };
        }
        let (before, pupil) = one_step(&configuration);
        let decay = if rule == Rule::KolenPollack { 2.0 } else { 1.0 } * DECAY;
        let step = |gradient: &Tensor| match rule {
            // A first Nesterov step is 1 + momentum gradients long, a first Adam step the rate, by the gradient's sign.
            Rule::Sgdm => gradient * (RATE * FACTOR * 1.9),
            Rule::Adam => gradient / (gradient.abs() + 1e-8) * (1e-3 * FACTOR),
            _ => gradient * (RATE * FACTOR),
        };
        let layer = &pupil.network.layers[LAST];
        let expected = &before.kernel - step(&(&before.gradient + &before.kernel * decay));
        let apart = difference(&layer.kernel, &expected);
        assert!(apart < 1e-6, "{rule}: kernel, {apart}");
        let summed = before
            .error
            .sum_dim_intlist([0i64].as_slice(), false, Kind::Float);
        let apart = difference(
            layer.bias.as_ref().unwrap(),
            &(&before.bias - step(&summed)),
        );
        assert!(apart < 1e-6, "{rule}: bias, {apart}");
        assert!(difference(&layer.kernel, &before.kernel) > 1e-5, "{rule}");
    }
}

/// In matrices, with x the inputs, y = x W' the sums and n the batch: amp is -y'x / n, null 2 y'(y B) / n, sparse
/// 2 (x B')'x / n, the agreement -W, decay 2 B.
#[test]
fn one_step_of_every_feedback_kernel() {
    for &rule in Rule::ALL {
        let configuration = configuration(rule);
        let (before, pupil) = one_step(&configuration);
        let after = pupil.network.layers[LAST].feedback.as_ref();
        let Some(b) = &before.feedback else {
            assert!(after.is_none(), "{rule}");
            continue;
        };
        let (x, w) = (&before.input, &before.kernel);
        let y = x.matmul(&w.tr());
        let amp = y.tr().matmul(x) / -64.0;
        let null = y.tr().matmul(&y.matmul(b)) * (2.0 / 64.0);
        let sparse = x.matmul(&b.tr()).tr().matmul(x) * (2.0 / 64.0);
        let decay = b * 2.0;
        let gradient = match &configuration.learning_rule {
            Settings::FeedbackAlignment(_) => b.zeros_like(),
            Settings::InformationAlignment(of) => {
                amp * of.alpha + null * of.beta + decay * of.gamma
            }
            Settings::WeightMirror(of) => amp * of.alpha + decay * of.gamma,
            Settings::SymmetricAlignment(of) => w * -of.alpha + decay * of.gamma,
            Settings::ActivationAlignment(of) => amp * of.alpha + sparse * of.beta,
            Settings::KolenPollack(of) => &before.gradient + b * (DECAY + of.decay),
            // These are made anew before every pass, from the kernel as it is then.
            _ => b.zeros_like(),
        };
        let apart = difference(after.unwrap(), &(b - &gradient * (RATE * FACTOR)));
        assert!(apart < 1e-6, "{rule}: {apart}");
        let first = pupil.network.layers[0].feedback.as_ref().unwrap();
        let moves = gradient.abs().max().double_value(&[]) > 0.0;
        assert_eq!(difference(after.unwrap(), b) > 1e-8, moves, "{rule}");
        if rule != Rule::KolenPollack {
            let start = Pupil::new(&configuration).network.layers.remove(0);
            let same = difference(&first.abs(), &start.feedback.unwrap().abs()) == 0.0;
            let is_sign = matches!(rule, Rule::UniformSign | Rule::BatchwiseRandomSign);
            assert_eq!(same, !is_sign, "{rule}: nobody aligns the first layer");
        }
    }
}

#[test]
fn sign_symmetric_feedback_has_the_kernels_signs_and_its_own_magnitudes() {
    let batches = batches(2);
    for rule in [
        Rule::UniformSign,
        Rule::BatchwiseRandomSign,
        Rule::FixedRandomSign,
    ] {
        let mut pupil = Pupil::new(&configuration(rule));
        let drawn = copies(
            pupil
                .network
                .layers
                .iter()
                .map(|layer| layer.feedback.as_ref().unwrap())
                .collect(),
        );
        let mut magnitudes: Vec<Vec<Tensor>> = Vec::new();
        for batch in &batches {
            let before = copies(
                pupil
                    .network
                    .layers
                    .iter()
                    .map(|layer| &layer.kernel)
                    .collect(),
            );
            pupil.learn(batch, 1.0);
            let layers = pupil.network.layers.iter();
            let used: Vec<&Tensor> = layers
                .map(|layer| layer.feedback.as_ref().unwrap())
                .collect();
            for (feedback, kernel) in used.iter().zip(&before) {
                assert_eq!(difference(&feedback.sign(), &kernel.sign()), 0.0, "{rule}");
            }
            magnitudes.push(used.into_iter().map(Tensor::abs).collect());
        }
        for layer in 0..drawn.len() {
            let [first, second] = [&magnitudes[0][layer], &magnitudes[1][layer]];
            let rms = drawn[layer].square().mean(Kind::Float).sqrt();
            match rule {
                Rule::UniformSign => {
                    assert!(difference(first, &first.ones_like().g_mul(&rms)) < 1e-7)
                }
                Rule::FixedRandomSign => assert_eq!(difference(first, &drawn[layer].abs()), 0.0),
                _ => assert!(difference(first, second) > 1e-3),
            }
            if rule != Rule::BatchwiseRandomSign {
                assert_eq!(difference(first, second), 0.0, "{rule}");
            }
        }
    }
}

/// F of the layer that the last one reads, drawn again; from there autograd goes through pool, normalisation and the
/// layer itself.
#[test]
fn direct_feedback_sends_the_outputs_error_to_every_layer() {
    let configuration = configuration(Rule::DirectFeedbackAlignment);
    let mut pupil = Pupil::new(&configuration);
    let batch = &batches(1)[0];
    let (loss, records) = pupil.pass(batch);
    let error = error(&records, &batch.labels);
    let expected: Vec<Tensor> = (1..4)
        .map(|index| {
            let input = records[index].input.flatten(1, -1);
            let units = input.size()[1];
            let generator = randomness::generator("direct feedback", 3, index as u64);
            let values: Vec<f32> = StandardNormal
                .sample_iter(generator)
                .take((10 * units) as usize)
                .map(|normal: f64| (normal / (units as f64).sqrt()) as f32)
                .collect();
            let sent = error.matmul(&Tensor::from_slice(&values).view([10, units]));
            let below = &pupil.network.layers[index - 1].kernel;
            let product = (input * sent).sum(Kind::Float);
            Tensor::run_backward(&[product], &[below], true, false).remove(0)
        })
        .collect();
    let before = copies(
        pupil
            .network
            .layers
            .iter()
            .map(|layer| &layer.kernel)
            .collect(),
    );
    pupil.rule.step(&mut pupil.network, &loss, &records, 1.0);
    for (index, gradient) in expected.iter().enumerate() {
        let step = (gradient + &before[index] * DECAY) * RATE;
        let apart = difference(
            &pupil.network.layers[index].kernel,
            &(&before[index] - &step),
        );
        assert!(apart < 1e-6, "{index}: {apart}");
        assert!(step.abs().max().double_value(&[]) > 1e-6);
    }
}

#[test]
fn clipping_and_layer_wise_scaling_by_hand() {
    let mut configuration = configuration(Rule::Sgdm);
    let batch = &batches(1)[0];
    let mut free = Pupil::new(&configuration);
    let (loss, _) = free.pass(batch);
    let gradients = Tensor::run_backward(&[loss], &free.network.parameters(), false, false);
    let squares: f64 = gradients
        .iter()
        .map(|gradient| gradient.square().sum(Kind::Double).double_value(&[]))
        .sum();
    let norm = squares.sqrt() / 4.0;
    configuration.gradient_clip_norm = Some(norm);
    for lars in [None, Some(Lars::default())] {
        configuration.lars = lars;
        let mut pupil = Pupil::new(&configuration);
        let before = copies(pupil.network.parameters());
        pupil.learn(batch, FACTOR);
        let parameters = pupil.network.parameters();
        for (place, (gradient, before)) in gradients.iter().zip(&before).enumerate() {
            let gradient = gradient / 4.0;
            let is_kernel = place < pupil.network.layers.len();
            let decay = if is_kernel { DECAY } else { 0.0 };
            let (w, g) = (before.norm(), gradient.norm());
            let trust = match lars {
                Some(lars) if is_kernel => &w * lars.trust_coefficient / (g + &w * DECAY),
                _ => Tensor::from(1f32),
            };
            let change = (gradient + before * decay) * trust * (RATE * FACTOR);
            let expected = before - &change;
            let apart = difference(parameters[place], &expected);
            let size = change.abs().max().double_value(&[]);
            assert!(
                apart < 1e-4 * size + 1e-7,
                "{lars:?} {place}: {apart} of {size}"
            );
        }
    }
}

/// The feedback kernels of the Kolen-Pollack rule come nearer to the forward ones by the decay alone, whatever is done to
/// the gradients on the way.
#[test]
fn kolen_pollack_kernels_meet_under_clipping_and_layer_wise_scaling() {
    for lars in [
        None,
        Some(Lars {
            trust_coefficient: 0.1,
        }),
    ] {
        let mut configuration = configuration(Rule::KolenPollack);
        configuration.gradient_clip_norm = Some(0.01);
        configuration.lars = lars;
        if let Settings::KolenPollack(settings) = &mut configuration.learning_rule {
            settings.decay = 0.2;
        }
        let mut pupil = Pupil::new(&configuration);
        let apart = |pupil: &Pupil| -> Vec<f64> {
            let layers = pupil.network.layers.iter();
            layers
                .map(|layer| {
                    let difference = layer.feedback.as_ref().unwrap() - layer.kernel.detach();
                    difference.norm().double_value(&[])
                })
                .collect()
        };
        let before = apart(&pupil);
        pupil.learn(&batches(1)[0], 1.0);
        for (before, after) in before.iter().zip(apart(&pupil)) {
            let share = after / before;
            match lars {
                None => assert!((share - (1.0 - RATE * 0.201)).abs() < 1e-5, "{share}"),
                Some(_) => assert!(share < 1.0 - 1e-3, "{share}"),
            }
        }
    }
}

/// The closed form against libtorch's differentiation of the loss as it is written down, each term alone and together.
#[test]
fn alignment_gradients_are_those_of_the_loss() {
    let mut pupil = Pupil::new(&configuration(Rule::FeedbackAlignment));
    let records = pupil.records(&batches(1)[0]);
    let none = Coefficients::default();
    let cases = [
        Coefficients { amp: 1.0, ..none },
        Coefficients { null: 1.0, ..none },
        Coefficients {
            sparse: 1.0,
            ..none
        },
        Coefficients {
            symmetric: 1.0,
            ..none
        },
        Coefficients { decay: 1.0, ..none },
        Coefficients {
            amp: 0.3,
            null: 0.2,
            sparse: 0.5,
            symmetric: 0.4,
            decay: 0.1,
        },
    ];
    for coefficients in cases {
        for (layer, record) in pupil.network.layers.iter().zip(&records) {
            let double = |tensor: &Tensor| tensor.detach().to_kind(Kind::Double);
            let (input, sums) = (double(&record.input), double(&record.sums));
            let weight = double(&layer.kernel);
            let feedback = double(layer.feedback.as_ref().unwrap()).set_requires_grad(true);
            let loss = by_libtorch(&input, &sums, &weight, &feedback, coefficients);
            let (kernel, b) = (layer.spec.kernel, feedback.detach());
            let written = alignment_loss(kernel, &input, &sums, &weight, &b, coefficients);
            let size = written.abs().double_value(&[]);
            assert!((loss.double_value(&[]) - written.double_value(&[])).abs() < 1e-9 * size);
            let expected = &Tensor::run_backward(&[loss], &[&feedback], false, false)[0];
            let ours = alignment_gradient(kernel, &input, &sums, &weight, &b, coefficients);
            let size = expected.abs().max().double_value(&[]);
            let name = &layer.spec.name;
            assert!(
                difference(&ours, expected) < 1e-10 * size,
                "{name}: {coefficients:?}"
            );
        }
    }
}

/// The loss with libtorch's own convolutions, forth and back.
fn by_libtorch(
    input: &Tensor,
    sums: &Tensor,
    weight: &Tensor,
    feedback: &Tensor,
    coefficients: Coefficients,
) -> Tensor {
    let none = None::<Tensor>;
    let (forth, back) = if input.dim() == 2 {
        (input.linear(feedback, none), sums.matmul(feedback))
    } else {
        (
            input.conv2d(feedback, none.as_ref(), [1, 1], [2, 2], [1, 1], 1),
            sums.conv_transpose2d(feedback, none.as_ref(), [1, 1], [2, 2], [0, 0], 1, [1, 1]),
        )
    };
    let n = input.size()[0] as f64;
    let sum = |tensor: Tensor| tensor.sum(Kind::Double);
    sum(sums * &forth) * (-coefficients.amp / n)
        + sum(back.square()) * (coefficients.null / n)
        + sum(forth.square()) * (coefficients.sparse / n)
        - sum(weight * feedback) * coefficients.symmetric
        + sum(feedback.square()) * coefficients.decay
}
