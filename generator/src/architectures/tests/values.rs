//! The values of every layer against the loops of `reference`.

use super::reference::{Maps, Reference, relu};
use super::*;

/// Agreement of single with double precision through up to 38 layers, relative to a layer's largest sum.
const TOLERANCE: f64 = 2e-4;

fn values(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(
        tensor
            .detach()
            .to_kind(Kind::Double)
            .contiguous()
            .view([-1]),
    )
    .unwrap()
}

/// Gives a network's normalisations parameters and statistics that are not those of the start, and its kernels a size
/// that shows: a scale of 0 would hide the block before it.
fn unsettle(network: &mut Network) {
    let changed = |(index, (name, tensor)): (usize, (String, Tensor))| {
        let noise = draw(&tensor.size(), 100 + index as u64);
        let changed = if name.ends_with(".scale") || name.ends_with(".running_var") {
            (noise * 0.2 + 1.0).clamp(0.3, 2.0)
        } else if name.starts_with("norm") || name.ends_with(".bias") {
            noise * 0.2
        } else {
            let spread = tensor.std(true).double_value(&[]);
            let fan_in = tensor.numel() as f64 / tensor.size()[0] as f64;
            tensor.detach() * (1.4 / fan_in.sqrt() / spread)
        };
        (name, changed)
    };
    let state = network.state().into_iter().enumerate().map(changed);
    network.restore(&state.collect()).unwrap();
}

/// Compares every layer's sums and the outputs of a pass with the loops'.
fn compare(architecture: Architecture, task: Task, side: usize, n_images: i64, mode: Mode) {
    use Architecture::{Alexnet, AlexnetLrn, Knet4, Knet4Lrn, Knet5, Knet5Lrn};
    use Architecture::{Resnet10, Resnet18, Resnet18v2, Resnet34, Resnet34v2};
    let configuration = configuration(architecture, task, side);
    let mut network = network(&configuration, Signal::Forward);
    unsettle(&mut network);
    let state = network.state().into_iter();
    let state = state.map(|(name, tensor)| (name, (tensor.size(), values(&tensor))));
    let mut reference = Reference::new(state.collect(), mode != Mode::Evaluate);
    let mut input = images(&configuration, n_images);
    if matches!(architecture, AlexnetLrn | Knet4Lrn | Knet5Lrn) {
        // So large that response normalisation has something to divide by.
        input *= 30.0;
    }
    let maps: Vec<Maps> = (0..n_images)
        .map(|image| Maps {
            side,
            values: values(&input.get(image)),
        })
        .collect();
    let features = match architecture {
        Knet4 | Knet4Lrn => reference.knet(&maps, 3, architecture == Knet4),
        Knet5 | Knet5Lrn => reference.knet(&maps, 4, architecture == Knet5),
        Alexnet | AlexnetLrn => reference.alexnet(&maps, architecture == AlexnetLrn),
        Resnet10 => reference.residual(&maps, [1, 1, 1, 1], false),
        Resnet18 | Resnet18v2 => {
            reference.residual(&maps, [2, 2, 2, 2], architecture == Resnet18v2)
        }
        Resnet34 | Resnet34v2 => {
            reference.residual(&maps, [3, 4, 6, 3], architecture == Resnet34v2)
        }
    };
    let expected = if configuration.task.is_contrastive() {
        let hidden = reference.dense("head1", &features);
        let hidden = relu(reference.batch_norm(&hidden));
        let output = reference.dense("head2", &hidden);
        reference.batch_norm(&output)
    } else {
        let classifier = &network.layers.last().unwrap().spec.name;
        reference.dense(classifier, &features)
    };
    let (output, records) =
        tch::no_grad(|| network.forward(&input, mode, Signal::Forward, Keep::Records));
    assert_eq!(records.len(), reference.sums.len());
    let layers = network.layers.iter().zip(&records).zip(&reference.sums);
    let layers = layers.map(|((layer, record), (name, sums))| {
        assert_eq!(&layer.spec.name, name, "{architecture}");
        (name.as_str(), &record.sums, sums)
    });
    for (name, found, expected) in layers.chain([("output", &output, &expected)]) {
        let found = values(found);
        let expected: Vec<f64> = expected.iter().flat_map(|m| m.values.clone()).collect();
        assert_eq!(found.len(), expected.len(), "{architecture}, {name}");
        let most = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
        let largest = most(&mut expected.iter().map(|value| value.abs()));
        let error = most(&mut found.iter().zip(&expected).map(|(a, b)| (a - b).abs()));
        assert!(largest > 1e-3, "{architecture}, {name}: {largest}");
        assert!(
            error <= TOLERANCE * largest,
            "{architecture} on {task}, {name}: off by {error} of {largest}"
        );
    }
}

#[test]
fn residual_networks_are_the_loops() {
    use Architecture::{Resnet10, Resnet18, Resnet18v2, Resnet34, Resnet34v2};
    compare(Resnet10, Task::Digits, 16, 3, Mode::Evaluate);
    compare(Resnet10, Task::Digits, 16, 3, TRAIN);
    for architecture in [Resnet18, Resnet18v2] {
        compare(architecture, Task::Imagenet, 18, 1, Mode::Evaluate);
        compare(architecture, Task::Wsn, 33, 1, Mode::Evaluate);
        compare(architecture, Task::Imagenet, 33, 3, TRAIN);
    }
    for architecture in [Resnet34, Resnet34v2] {
        compare(architecture, Task::Imagenet, 9, 1, Mode::Evaluate);
    }
}

#[test]
fn alexnet_is_the_loops() {
    // The least size at which four places are left for the dense layers, so that their order shows.
    for architecture in [Architecture::Alexnet, Architecture::AlexnetLrn] {
        compare(architecture, Task::Imagenet, 99, 1, Mode::Evaluate);
    }
}

#[test]
fn knets_are_the_loops() {
    use Architecture::{Knet4, Knet4Lrn, Knet5, Knet5Lrn};
    for architecture in [Knet4, Knet4Lrn, Knet5, Knet5Lrn] {
        compare(architecture, Task::Cifar10, 18, 2, Mode::Evaluate);
        compare(architecture, Task::Cifar10, 11, 3, TRAIN);
    }
}

#[test]
fn heads_are_the_loops() {
    use Architecture::{Knet4, Resnet18v2};
    for mode in [Mode::Evaluate, TRAIN] {
        compare(Knet4, Task::DigitsSimclr, 8, 4, mode);
    }
    compare(Resnet18v2, Task::Simclr, 9, 2, Mode::Evaluate);
}
