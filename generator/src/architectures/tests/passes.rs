//! What goes through the layers: how much of it, and that it is the same whatever is kept.

use super::*;

/// Every layer reads what its kernel's shape says and gives as many units as its specification says.
fn check_sizes(configuration: &RunConfiguration) {
    let network = network(configuration, Signal::Forward);
    let input = images(configuration, 2);
    let what = format!(
        "{} on {} at {:?}",
        configuration.architecture,
        configuration.task.name,
        configuration.task.input_shape()
    );
    for mode in [Mode::Evaluate, TRAIN] {
        let (output, records) =
            tch::no_grad(|| network.forward(&input, mode, Signal::Forward, Keep::Records));
        let last = network.layers.last().unwrap();
        assert_eq!(output.size(), [2, last.spec.n_units as i64], "{what}");
        assert!(output.isfinite().all().int64_value(&[]) == 1, "{what}");
        assert_eq!(records.len(), network.layers.len(), "{what}");
        for (layer, record) in network.layers.iter().zip(&records) {
            let (kernel, name) = (layer.kernel.size(), &layer.spec.name);
            assert_eq!(record.input.size()[1], kernel[1], "{what}, {name}");
            assert_eq!(record.output.size()[1], kernel[0], "{what}, {name}");
            let n_units = record.output.numel() / 2;
            assert_eq!(n_units, layer.spec.n_units, "{what}, {name}");
        }
    }
}

#[test]
fn units_are_the_tensors_sizes() {
    for &architecture in Architecture::ALL {
        check_sizes(&configuration(
            architecture,
            Task::Imagenet,
            small(architecture),
        ));
    }
}

#[test]
fn odd_sizes_single_channels_and_heads_too() {
    use Architecture::{Alexnet, Knet4Lrn, Knet5, Resnet18, Resnet18v2};
    for (architecture, task, side) in [
        (Knet5, Task::Cifar10, 13),
        (Knet5, Task::DigitsSimclr, 8),
        (Knet4Lrn, Task::DigitsSimclr, 8),
        (Resnet18, Task::Simclr, 33),
        (Resnet18v2, Task::Wsn, 15),
        (Alexnet, Task::Wsn, 84),
        (Alexnet, Task::Simclr, 67),
    ] {
        check_sizes(&configuration(architecture, task, side));
    }
}

/// Parameters of a network with 1000 classes at 224 pixels, by its layers and batch normalisations.
fn n_parameters(architecture: Architecture) -> usize {
    let layers =
        engram_plan::architectures::layers(architecture, &TaskSettings::new(Task::Imagenet))
            .unwrap();
    let biases = layers.iter().filter(|layer| layer.bias);
    let norms = batch_norms(architecture, End::Classifier, &layers);
    layers.iter().map(LayerSpec::n_weights).sum::<usize>()
        + biases.map(|layer| layer.kernel.shape()[0]).sum::<usize>()
        + norms.iter().map(|norm| 2 * norm.channels).sum::<usize>()
}

#[test]
fn parameter_counts_are_those_of_the_tables() {
    assert_eq!(n_parameters(Architecture::Resnet18), 11_693_736);
    assert_eq!(n_parameters(Architecture::Resnet34), 21_801_896);
    // Normalised before the convolutions: 64 x 4, 64 + 128 x 3, 128 + 256 x 3, 256 + 512 x 3, and 512 at the end.
    assert_eq!(
        n_parameters(Architecture::Resnet18v2),
        11_683_008 + 2 * 3_904 + 1000
    );
    assert_eq!(
        n_parameters(Architecture::Resnet34v2),
        21_783_744 + 2 * 7_616 + 1000
    );
    assert_eq!(n_parameters(Architecture::Alexnet), 51_876_200);
    assert_eq!(n_parameters(Architecture::AlexnetLrn), 51_876_200);
}

/// The tensors that a gradient is taken of are as many as the tables say, less 990 classes with 512 weights and a bias.
#[test]
fn a_network_has_the_parameters_that_are_counted() {
    for (architecture, expected) in [
        (Architecture::Resnet18, 11_693_736 - 990 * 513),
        (Architecture::Resnet18v2, 11_691_816 - 990 * 513),
    ] {
        let network = network(
            &configuration(architecture, Task::Imagenet, 32),
            Signal::Forward,
        );
        let found: usize = network.parameters().iter().map(|p| p.numel()).sum();
        assert_eq!(found, expected, "{architecture}");
    }
}

#[test]
fn the_last_scale_of_a_post_activation_block_starts_at_zero() {
    let scales = |architecture, task| {
        let configuration = configuration(architecture, task, 8);
        let end = if configuration.task.is_contrastive() {
            End::ProjectionHead
        } else {
            End::Classifier
        };
        batch_norms(architecture, end, &configuration.layers().unwrap())
            .iter()
            .map(|norm| norm.initial_scale)
            .collect::<Vec<_>>()
    };
    // Projection, two convolutions; two convolutions.
    let group = [1.0, 1.0, 0.0, 1.0, 0.0];
    let scales18 = scales(Architecture::Resnet18, Task::Imagenet);
    assert_eq!((scales18.len(), scales18[0]), (21, 1.0));
    for of_group in scales18[1..].chunks(5) {
        assert_eq!(of_group, group);
    }
    assert_eq!(
        scales(Architecture::Resnet18v2, Task::Imagenet),
        vec![1.0; 17]
    );
    assert_eq!(
        scales(Architecture::Resnet34v2, Task::Simclr),
        vec![1.0; 35]
    );
    assert_eq!(scales(Architecture::Resnet34, Task::Simclr).len(), 39);
}

/// What is kept changes what is in memory and nothing else: the pass without records works in place.
#[test]
fn keeping_records_changes_no_number() {
    use Architecture::{AlexnetLrn, Knet4, Resnet18, Resnet18v2};
    for architecture in [Knet4, AlexnetLrn, Resnet18, Resnet18v2] {
        let configuration = configuration(architecture, Task::Imagenet, small(architecture));
        let network = network(&configuration, Signal::Feedback);
        let input = images(&configuration, 3);
        let labels = Tensor::from_slice(&[1i64, 4, 7]);
        for signal in [Signal::Forward, Signal::Feedback] {
            let gradients = |keep| {
                let (output, records) = network.forward(&input, TRAIN, signal, keep);
                // Everything that was kept is still what the layer gave.
                for record in &records {
                    let expected = match record.nonlinearity {
                        Nonlinearity::Identity => record.sums.shallow_clone(),
                        Nonlinearity::Relu => record.sums.relu(),
                    };
                    assert_eq!(record.output, expected, "{architecture}");
                }
                let loss = output.cross_entropy_for_logits(&labels);
                Tensor::run_backward(&[loss], &network.parameters(), false, false)
            };
            let kept = gradients(Keep::Records);
            for (one, other) in gradients(Keep::Nothing).iter().zip(&kept) {
                assert_eq!(difference(one, other), 0.0, "{architecture}, {signal:?}");
            }
        }
    }
}

/// Dropout lies between AlexNet's dense layers, in training only, and its masks follow from the step.
#[test]
fn alexnet_drops_half_of_its_hidden_units_in_training() {
    let configuration = configuration(Architecture::Alexnet, Task::Imagenet, 67);
    let network = network(&configuration, Signal::Forward);
    let input = images(&configuration, 8);
    let pass =
        |mode| tch::no_grad(|| network.forward(&input, mode, Signal::Forward, Keep::Records));
    let (output, records) = pass(TRAIN);
    for (given, read) in [(5, 6), (6, 7)] {
        let (given, read) = (&records[given].output, &records[read].input);
        let doubled = read.eq_tensor(&(given * 2.0));
        assert_eq!(read.eq(0.0).logical_or(&doubled).all().int64_value(&[]), 1);
        let active = given.gt(0.0);
        let dropped = read.eq(0.0).logical_and(&active).sum(Kind::Double);
        let n_active = active.sum(Kind::Double).double_value(&[]);
        let share = dropped.double_value(&[]) / n_active;
        // More than a thousand fair coins: five standard deviations.
        assert!(n_active > 1000.0 && (share - 0.5).abs() < 2.5 / n_active.sqrt());
    }
    assert_eq!(output, pass(TRAIN).0);
    assert!(difference(&output, &pass(Mode::Train { step: 1 }).0) > 0.0);
    let (evaluated, records) = pass(Mode::Evaluate);
    assert_eq!(records[6].input, records[5].output);
    assert_eq!(records[7].input, records[6].output);
    assert_eq!(evaluated, pass(Mode::Evaluate).0);
}

#[test]
fn a_state_goes_into_another_network_or_nothing_of_it_does() {
    let mut configuration = configuration(Architecture::Resnet18v2, Task::DigitsSimclr, 8);
    let trained = network(&configuration, Signal::Feedback);
    configuration.model_seed += 1;
    let mut other = network(&configuration, Signal::Feedback);
    let input = images(&configuration, 4);
    // Moves the running statistics.
    let _ = trained.forward(&input, TRAIN, Signal::Forward, Keep::Nothing);
    let evaluate = |network: &Network| {
        tch::no_grad(|| network.forward(&input, Mode::Evaluate, Signal::Forward, Keep::Nothing)).0
    };
    let mut state: BTreeMap<String, Tensor> = trained.state().into_iter().collect();
    assert!(state.contains_key("conv1.kernel") && state.contains_key("head1.bias"));
    assert_eq!(state.len(), trained.state().len(), "names are unique");
    let before = evaluate(&other);
    let feedback = state.insert("head2.feedback".to_owned(), draw(&[3], 1));
    let error = other.restore(&state).unwrap_err().to_string();
    assert!(
        error.contains("`head2.feedback` has shape [3], not [128, 512]"),
        "{error}"
    );
    assert_eq!(evaluate(&other), before);
    state.insert("head2.feedback".to_owned(), feedback.unwrap());
    let bias = state.remove("head1.bias");
    let error = other.restore(&state).unwrap_err().to_string();
    assert!(error.contains("it has no `head1.bias`"), "{error}");
    assert_eq!(evaluate(&other), before);
    state.insert("head1.bias".to_owned(), bias.unwrap());
    other.restore(&state).unwrap();
    assert_eq!(evaluate(&other), evaluate(&trained));
    assert!(difference(&before, &evaluate(&trained)) > 0.0);
    for ((name, one), (_, two)) in trained.state().iter().zip(other.state()) {
        assert_eq!(difference(one, &two), 0.0, "{name}");
    }
    // Gradients are still taken of what was restored.
    assert!(other.parameters().iter().all(|p| p.requires_grad()));
}
