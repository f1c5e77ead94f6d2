//! Of every rule beyond the study's: one update by hand; that it goes on bit for bit; that it learns.

use super::*;
use engram_plan::learning_rule::RuleTable;
use engram_schemas::LearningRule as Rule;

fn settings(rule: Rule) -> LearningRuleSettings {
    RuleTable::default().settings(rule)
}

/// The network before and after one step, with the dense classifier's records.
struct Step {
    before: Network,
    after: Network,
    records: Vec<LayerRecord>,
    gradients: Vec<Tensor>,
}

fn one_step(rule: Rule) -> Step {
    let planned = run(Architecture::Knet4, settings(rule));
    let (mut before, mut aside, batch) = prepare(&planned);
    let (mut after, mut rule, _) = prepare(&planned);
    aside.prepare(&mut before, 0);
    rule.prepare(&mut after, 0);
    let pass = |network: &Network| {
        let mode = Mode::Train { step: 0 };
        let (outputs, records) = network.forward(&batch.inputs, mode, rule.signal(), Keep::Records);
        (Objective::Classify.loss(&outputs, &batch.labels), records)
    };
    let (loss, kept) = pass(&before);
    let gradients = aside.gradients(&before, &loss, &kept);
    let (loss, records) = pass(&after);
    rule.step(&mut after, &loss, &records, 1.0);
    Step {
        before,
        after,
        records,
        gradients,
    }
}

fn feedback(network: &Network, layer: usize) -> Tensor {
    network.layers[layer].feedback.as_ref().unwrap().copy()
}

#[test]
fn kolen_pollack_gives_b_the_update_of_w() {
    let step = one_step(Rule::KolenPollack);
    for layer in 0..4 {
        let (w, b) = (
            &step.before.layers[layer].kernel.detach(),
            feedback(&step.before, layer),
        );
        let gradient = &step.gradients[layer];
        // Decay 1e-3 of the rule and 1e-5 of the run, at a rate of 0.05.
        let expected = &b - (gradient + &b * 1.01e-3) * 0.05;
        assert!(difference(&feedback(&step.after, layer), &expected) < 1e-6);
        let expected = w - (gradient + w * 1.01e-3) * 0.05;
        assert!(difference(&step.after.layers[layer].kernel, &expected) < 1e-6);
    }
}

/// The classifier's alignment gradients in matrices, with Y = X W' and the rules' own coefficients.
#[test]
fn learned_feedback_follows_its_loss() {
    let last = 3;
    for (rule, gradient) in [
        (
            Rule::WeightMirror,
            (|x, y, _, b| y.tr().matmul(x) * (-2e-3 / 64.0) + b * 2e-3)
                as fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Tensor,
        ),
        (Rule::SymmetricAlignment, |_, _, w, b| (b - w) * 2e-3),
        (Rule::ActivationAlignment, |x, y, _, b| {
            (x.matmul(&b.tr()) - y).tr().matmul(x) * (2e-3 / 64.0)
        }),
    ] {
        let step = one_step(rule);
        let (w, b) = (
            step.before.layers[last].kernel.detach(),
            feedback(&step.before, last),
        );
        let x = &step.records[last].input;
        let expected = &b - gradient(x, &x.matmul(&w.tr()), &w, &b) * 0.05;
        let found = feedback(&step.after, last);
        assert!(difference(&found, &expected) < 1e-6, "{rule}");
        assert!(difference(&found, &b) > 1e-7, "{rule}: B moves");
        assert_eq!(
            difference(&feedback(&step.after, 0), &feedback(&step.before, 0)),
            0.0
        );
    }
}

#[test]
fn sign_symmetry_takes_signs_from_w() {
    for rule in [
        Rule::UniformSign,
        Rule::BatchwiseRandomSign,
        Rule::FixedRandomSign,
    ] {
        let planned = run(Architecture::Knet4, settings(rule));
        let (mut network, mut learning, batch) = prepare(&planned);
        let drawn = feedback(&network, 1);
        learning.prepare(&mut network, 0);
        let first = feedback(&network, 1);
        learn(&mut network, learning.as_mut(), &batch);
        learning.prepare(&mut network, 1);
        let second = feedback(&network, 1);
        let kernel = network.layers[1].kernel.detach();
        assert_eq!(difference(&second.sign(), &kernel.sign()), 0.0, "{rule}");
        let magnitudes = |b: &Tensor| b.abs();
        match rule {
            Rule::FixedRandomSign => {
                assert_eq!(difference(&magnitudes(&second), &magnitudes(&drawn)), 0.0);
            }
            Rule::UniformSign => {
                let size = drawn.square().mean(Kind::Float).sqrt();
                assert!(difference(&magnitudes(&second), &size) < 1e-7);
            }
            _ => assert!(difference(&magnitudes(&first), &magnitudes(&second)) > 0.01),
        }
    }
}

/// Every gradient by hand: the classifier's from the loss, the third convolution's from the error sent to what the
/// classifier reads.
#[test]
fn direct_feedback_reaches_every_layer_and_passes_none() {
    let planned = run(Architecture::Knet4, settings(Rule::DirectFeedbackAlignment));
    let (mut network, mut rule, batch) = prepare(&planned);
    let mode = Mode::Train { step: 0 };
    let (outputs, records) = network.forward(&batch.inputs, mode, rule.signal(), rule.keep());
    let target = batch.labels.one_hot(10).to_kind(Kind::Float);
    let error = (outputs.detach().softmax(1, Kind::Float) - target) / 64.0;
    let loss = Objective::Classify.loss(&outputs, &batch.labels);
    let gradients = rule.gradients(&network, &loss, &records);
    let classifier = error.tr().matmul(&records[3].input.detach());
    assert!(difference(&gradients[3], &classifier) < 1e-6);
    assert!(
        gradients[..3]
            .iter()
            .all(|gradient| gradient.abs().max().double_value(&[]) > 0.0)
    );
    // The lower gradients follow from the error alone: another classifier kernel with the same outputs changes nothing.
    let (outputs, records) = network.forward(&batch.inputs, mode, rule.signal(), rule.keep());
    let sent = (&outputs * &error).sum(Kind::Float);
    let again = rule.gradients(&network, &sent, &records);
    for layer in 0..3 {
        assert!(difference(&gradients[layer], &again[layer]) < 1e-6);
    }
    learn(&mut network, rule.as_mut(), &batch);
}

#[test]
fn every_rule_goes_on_bit_for_bit() {
    tch::set_num_threads(1);
    for &rule in Rule::ALL {
        let planned = run(Architecture::Knet4, settings(rule));
        let (mut network, mut learning, batch) = prepare(&planned);
        learn(&mut network, learning.as_mut(), &batch);
        let copy = |state: Vec<(String, Tensor)>| -> BTreeMap<String, Tensor> {
            let state = state.into_iter();
            state
                .map(|(name, tensor)| (name, tensor.detach().copy()))
                .collect()
        };
        let (weights, state) = (copy(network.state()), copy(learning.state()));
        let (mut other, mut resumed, _) = prepare(&planned);
        other.restore(&weights).unwrap();
        resumed.restore(&state).unwrap();
        for _ in 0..2 {
            learn(&mut network, learning.as_mut(), &batch);
            learn(&mut other, resumed.as_mut(), &batch);
        }
        assert_eq!(distance(&network, &other), 0.0, "{rule}");
    }
}

/// Two epochs on the digits, where guessing gives a tenth.
#[test]
fn every_rule_learns() {
    for &rule in Rule::ALL {
        let mut configuration = run(Architecture::Knet4, settings(rule)).configuration;
        configuration.epochs = 2;
        if rule == Rule::Adam {
            configuration.learning_rate = 1e-3;
        }
        configuration.alignment_learning_rate = Some(0.01);
        let planned = engram_plan::PlannedRun::new(configuration);
        let workplace = crate::examples::Workplace::new(tch::Device::Cpu);
        let mut supervisor = crate::run::Undisturbed;
        let trajectory = crate::run::train(&planned, &workplace, &mut supervisor, None).unwrap();
        let accuracy = trajectory.validation_accuracy().unwrap();
        assert!(accuracy > 0.6, "{rule}: {accuracy}");
    }
}
