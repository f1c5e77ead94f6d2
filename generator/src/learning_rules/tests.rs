use super::*;
use crate::network::Mode;
use crate::objective::Objective;
use crate::testing::{difference, distance, feedback_alignment, learn, prepare, run};
use engram_plan::LearningRuleSettings;
use engram_plan::learning_rule::{Adam, InformationAlignment, Momentum};
use engram_schemas::Architecture;
use tch::Kind;

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
        let (outputs, records) = network.forward(
            &batch.inputs,
            Mode::Train { step: 0 },
            rule.signal(),
            Keep::Records,
        );
        let target = batch.labels.one_hot(10).to_kind(Kind::Float);
        let error = (outputs.detach().softmax(1, Kind::Float) - target) / 64.0;
        let before = network.layers[last].kernel.detach().copy();
        let bias_before = network.layers[last].bias.as_ref().unwrap().detach().copy();
        let gradient = error.tr().matmul(&records[last].input) + &before * 1e-5;
        let bias_gradient = error.sum_dim_intlist([0i64].as_slice(), false, Kind::Float);
        let feedback_before = network.layers[last].feedback.as_ref().map(Tensor::copy);
        rule.step(
            &mut network,
            &Objective::Classify.loss(&outputs, &batch.labels),
            &records,
            1.0,
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
