//! Error signals and steps of the image architectures.

use super::*;
use crate::learning_rules;

/// Gradients of all parameters in one training pass.
fn gradients(network: &Network, input: &Tensor, labels: &Tensor, signal: Signal) -> Vec<Tensor> {
    let (output, _) = network.forward(input, TRAIN, signal, Keep::Nothing);
    let loss = output.cross_entropy_for_logits(labels);
    Tensor::run_backward(&[loss], &network.parameters(), false, false)
}

/// With B = W the signal through the feedback kernels is backpropagation's, through shortcuts, normalisations, uneven
/// padding and dropout; with B of its own it is another one below the classifier.
#[test]
fn feedback_alignment_with_b_equal_to_w_is_backpropagation() {
    use Architecture::{AlexnetLrn, Resnet18, Resnet18v2};
    for architecture in [AlexnetLrn, Resnet18, Resnet18v2] {
        let side = if architecture == AlexnetLrn { 67 } else { 16 };
        let configuration = configuration(architecture, Task::Imagenet, side);
        let mut network = network(&configuration, Signal::Feedback);
        // A scale of 0 at the end of every block would send no signal into it.
        tch::no_grad(|| {
            for (name, mut tensor) in network.state() {
                if name.ends_with(".scale") {
                    let _ = tensor.fill_(0.7);
                }
            }
        });
        let input = images(&configuration, 4);
        let labels = Tensor::from_slice(&[0i64, 3, 6, 9]);
        let backprop = gradients(&network, &input, &labels, Signal::Forward);
        let own = gradients(&network, &input, &labels, Signal::Feedback);
        for layer in &mut network.layers {
            layer.feedback = Some(layer.kernel.detach().copy());
        }
        let tied = gradients(&network, &input, &labels, Signal::Feedback);
        let scale = |gradient: &Tensor| gradient.abs().max().double_value(&[]);
        for (index, expected) in backprop.iter().enumerate() {
            assert!(scale(expected) > 0.0, "{architecture}, parameter {index}");
            let apart = difference(&tied[index], expected) / scale(expected);
            assert!(apart < 1e-4, "{architecture}, parameter {index}: {apart}");
        }
        let last = network.layers.len() - 1;
        for (index, layer) in network.layers.iter().enumerate() {
            let apart = difference(&own[index], &backprop[index]) / scale(&backprop[index]);
            let name = &layer.spec.name;
            assert_eq!(
                apart < 1e-4,
                index == last,
                "{architecture}, {name}: {apart}"
            );
        }
    }
}

/// A few steps on one small batch, whose loss must fall.
#[test]
fn every_kind_of_image_architecture_learns_a_small_batch() {
    use Architecture::{Alexnet, Resnet18, Resnet18v2};
    use LearningRuleSettings::{FeedbackAlignment, Sgdm};
    for (architecture, side, n_steps) in [(Resnet18, 32, 6), (Resnet18v2, 32, 6), (Alexnet, 67, 10)]
    {
        for rule in [
            Sgdm(Momentum::default()),
            FeedbackAlignment(Momentum::default()),
        ] {
            let mut configuration = configuration(architecture, Task::Imagenet, side);
            configuration.learning_rule = rule;
            configuration.learning_rate = 0.02;
            let mut rule = learning_rules::new(&configuration);
            let mut network = network(&configuration, rule.signal());
            let input = images(&configuration, 8);
            let labels = Tensor::from_slice(&[0i64, 1, 2, 3, 4, 5, 6, 7]);
            let mut losses = Vec::new();
            for _ in 0..=n_steps {
                // One mask for all steps, so that losses can be compared.
                let (output, records) = network.forward(&input, TRAIN, rule.signal(), rule.keep());
                let loss = output.cross_entropy_for_logits(&labels);
                losses.push(loss.double_value(&[]));
                rule.step(&mut network, &loss, &records, 1.0);
            }
            let name = configuration.learning_rule.rule();
            assert!(
                losses[n_steps] < 0.8 * losses[0],
                "{architecture}, {name}: {losses:?}"
            );
        }
    }
}
