//! The layers of the image architectures against tables written out here: name, output units, kernel entries, depth.

use super::*;
use Architecture::{Alexnet, AlexnetLrn, Resnet10, Resnet18, Resnet18v2, Resnet34, Resnet34v2};
use Depth::{Deep, Early, Middle};

type Row = (&'static str, usize, usize, Depth);

fn assert_table(architecture: Architecture, task: Task, expected: &[Row]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|&(name, units, weights, depth)| (name.to_owned(), units, weights, depth))
        .collect();
    let found = names_and_units(architecture, task);
    assert_eq!(found, expected, "{architecture} on {task}");
}

/// On digits of 8 by 8, which the first convolution leaves 4 by 4 and the pool 2 by 2.
const RESNET10: [Row; 14] = [
    ("conv1", 16 * 4 * 4, 7 * 7 * 3 * 16, Early),
    ("group1_block1_projection", 16 * 2 * 2, 16 * 16, Early),
    ("group1_block1_conv1", 16 * 2 * 2, 9 * 16 * 16, Early),
    ("group1_block1_conv2", 16 * 2 * 2, 9 * 16 * 16, Early),
    ("group2_block1_projection", 32, 16 * 32, Middle),
    ("group2_block1_conv1", 32, 9 * 16 * 32, Middle),
    ("group2_block1_conv2", 32, 9 * 32 * 32, Middle),
    ("group3_block1_projection", 64, 32 * 64, Middle),
    ("group3_block1_conv1", 64, 9 * 32 * 64, Deep),
    ("group3_block1_conv2", 64, 9 * 64 * 64, Deep),
    ("group4_block1_projection", 128, 64 * 128, Deep),
    ("group4_block1_conv1", 128, 9 * 64 * 128, Deep),
    ("group4_block1_conv2", 128, 9 * 128 * 128, Deep),
    ("fc", 10, 1280, Deep),
];

/// 224 pixels: the first convolution leaves 112, the pool 56, the groups 56, 28, 14 and 7.
const RESNET18: [Row; 22] = [
    ("conv1", 64 * 112 * 112, 9_408, Early),
    ("group1_block1_projection", 64 * 56 * 56, 4_096, Early),
    ("group1_block1_conv1", 64 * 56 * 56, 36_864, Early),
    ("group1_block1_conv2", 64 * 56 * 56, 36_864, Early),
    ("group1_block2_conv1", 64 * 56 * 56, 36_864, Early),
    ("group1_block2_conv2", 64 * 56 * 56, 36_864, Early),
    ("group2_block1_projection", 128 * 28 * 28, 8_192, Early),
    ("group2_block1_conv1", 128 * 28 * 28, 73_728, Middle),
    ("group2_block1_conv2", 128 * 28 * 28, 147_456, Middle),
    ("group2_block2_conv1", 128 * 28 * 28, 147_456, Middle),
    ("group2_block2_conv2", 128 * 28 * 28, 147_456, Middle),
    ("group3_block1_projection", 256 * 14 * 14, 32_768, Middle),
    ("group3_block1_conv1", 256 * 14 * 14, 294_912, Middle),
    ("group3_block1_conv2", 256 * 14 * 14, 589_824, Middle),
    ("group3_block2_conv1", 256 * 14 * 14, 589_824, Deep),
    ("group3_block2_conv2", 256 * 14 * 14, 589_824, Deep),
    ("group4_block1_projection", 512 * 7 * 7, 131_072, Deep),
    ("group4_block1_conv1", 512 * 7 * 7, 1_179_648, Deep),
    ("group4_block1_conv2", 512 * 7 * 7, 2_359_296, Deep),
    ("group4_block2_conv1", 512 * 7 * 7, 2_359_296, Deep),
    ("group4_block2_conv2", 512 * 7 * 7, 2_359_296, Deep),
    ("fc", 1000, 512_000, Deep),
];

/// 224 pixels: the first convolution leaves 54, the pools 26, 12 and 5.
const ALEXNET: [Row; 8] = [
    ("conv1", 96 * 54 * 54, 11 * 11 * 3 * 96, Early),
    ("conv2", 256 * 26 * 26, 5 * 5 * 96 * 256, Early),
    ("conv3", 384 * 12 * 12, 3 * 3 * 256 * 384, Middle),
    ("conv4", 384 * 12 * 12, 4 * 4 * 384 * 384, Middle),
    ("conv5", 256 * 12 * 12, 3 * 3 * 384 * 256, Deep),
    ("fc6", 4096, 256 * 5 * 5 * 4096, Deep),
    ("fc7", 4096, 4096 * 4096, Deep),
    ("fc8", 1000, 4096 * 1000, Deep),
];

#[test]
fn resnet10_on_the_digits() {
    assert_table(Resnet10, Task::Digits, &RESNET10);
}

#[test]
fn resnet18_in_both_versions() {
    assert_table(Resnet18, Task::Imagenet, &RESNET18);
    assert_table(Resnet18v2, Task::Imagenet, &RESNET18);
}

/// Names by counting blocks, sizes by group: 12 early layers, 12 middle ones, 14 deep ones.
#[test]
fn resnet34_in_both_versions() {
    // Channels, side, kernel entries of projection, of the group's first convolution, and of the others.
    let groups = [
        (3, 64, 56, [4_096, 36_864, 36_864]),
        (4, 128, 28, [8_192, 73_728, 147_456]),
        (6, 256, 14, [32_768, 294_912, 589_824]),
        (3, 512, 7, [131_072, 1_179_648, 2_359_296]),
    ];
    let mut rows = vec![("conv1".to_owned(), 64 * 112 * 112, 9_408)];
    for (group, (n_blocks, channels, side, [projection, first, other])) in (1..).zip(groups) {
        let units = channels * side * side;
        rows.push((format!("group{group}_block1_projection"), units, projection));
        rows.push((format!("group{group}_block1_conv1"), units, first));
        rows.push((format!("group{group}_block1_conv2"), units, other));
        for block in 2..=n_blocks {
            for convolution in 1..=2 {
                rows.push((
                    format!("group{group}_block{block}_conv{convolution}"),
                    units,
                    other,
                ));
            }
        }
    }
    rows.push(("fc".to_owned(), 1000, 512_000));
    let depths = [[Early; 12].as_slice(), &[Middle; 12], &[Deep; 14]].concat();
    assert_eq!(rows.len(), 38);
    let expected: Vec<_> = rows
        .into_iter()
        .zip(depths)
        .map(|((name, units, weights), depth)| (name, units, weights, depth))
        .collect();
    assert_eq!(names_and_units(Resnet34, Task::Imagenet), expected);
    assert_eq!(names_and_units(Resnet34v2, Task::Imagenet), expected);
}

#[test]
fn alexnet_with_and_without_response_norm() {
    assert_table(Alexnet, Task::Imagenet, &ALEXNET);
    assert_table(AlexnetLrn, Task::Imagenet, &ALEXNET);
    let layers = layers(Alexnet, &TaskSettings::new(Task::Imagenet)).unwrap();
    // It has no other parameters than kernels and biases.
    let parameters: usize = layers
        .iter()
        .map(|layer| {
            assert!(layer.bias, "{}", layer.name);
            layer.n_weights() + layer.kernel.shape()[0]
        })
        .sum();
    let convolutions = (34_848 + 96) + (614_400 + 256) + (884_736 + 384) + (2_359_296 + 384);
    let dense = (26_214_400 + 4_096) + (16_777_216 + 4_096) + (4_096_000 + 1_000);
    assert_eq!(parameters, convolutions + (884_736 + 256) + dense);
    assert_eq!(parameters, 51_876_200);
}

/// Kernels and biases. Two parameters a channel of batch normalisation come on top, which the generator's tests count.
#[test]
fn residual_networks_have_biases_in_the_classifier_only() {
    for (architecture, expected) in [
        (Resnet18, 11_683_008 + 1000),
        (Resnet18v2, 11_683_008 + 1000),
        (Resnet34, 21_783_744 + 1000),
        (Resnet34v2, 21_783_744 + 1000),
    ] {
        let layers = layers(architecture, &TaskSettings::new(Task::Imagenet)).unwrap();
        let biases = |layer: &LayerSpec| if layer.bias { layer.n_units } else { 0 };
        let found: usize = layers.iter().map(|l| l.n_weights() + biases(l)).sum();
        assert_eq!(found, expected, "{architecture}");
    }
}

/// Speech comes in one channel, which only the first kernel and the classifier see.
#[test]
fn cochleagrams_have_one_channel() {
    let mut resnet = RESNET18;
    resnet[0] = ("conv1", 64 * 112 * 112, 3_136, Early);
    resnet[21] = ("fc", 794, 512 * 794, Deep);
    assert_table(Resnet18, Task::Wsn, &resnet);
    let mut alexnet = ALEXNET;
    alexnet[0] = ("conv1", 96 * 54 * 54, 11 * 11 * 96, Early);
    alexnet[7] = ("fc8", 794, 4096 * 794, Deep);
    assert_table(AlexnetLrn, Task::Wsn, &alexnet);
}

/// The head reads what the classifier would have read.
#[test]
fn a_head_takes_the_classifiers_place() {
    let mut alexnet = ALEXNET[..7].to_vec();
    alexnet.push(("head1", 4096, 4096 * 4096, Deep));
    alexnet.push(("head2", 128, 4096 * 128, Deep));
    assert_table(Alexnet, Task::Simclr, &alexnet);
    // The backbone's grouping stays: by thirds of six layers, the second would be early and the fourth middle.
    assert_table(
        Architecture::Knet5,
        Task::DigitsSimclr,
        &[
            ("conv1", 32 * 8 * 8, 2_400, Early),
            ("conv2", 32 * 4 * 4, 25_600, Middle),
            ("conv3", 64 * 2 * 2, 51_200, Deep),
            ("conv4", 128, 204_800, Deep),
            ("head1", 128, 128 * 128, Deep),
            ("head2", 128, 128 * 128, Deep),
        ],
    );
    let layers = layers(Resnet18, &TaskSettings::new(Task::Simclr)).unwrap();
    assert_eq!((layers[21].bias, layers[22].bias), (true, false));
}

fn sizes(architecture: Architecture, side: usize) -> Result<Vec<usize>> {
    let task = TaskSettings {
        image_size: Some(side),
        ..TaskSettings::new(Task::Imagenet)
    };
    let layers = layers(architecture, &task)?;
    let channels = |layer: &LayerSpec| layer.kernel.shape()[0];
    Ok(layers.iter().map(|l| l.n_units / channels(l)).collect())
}

#[test]
fn every_size_that_fits_is_taken() {
    // A residual network pads, so one pixel is enough; AlexNet's windows lie inside, and 67 is the least.
    for side in [1, 8, 9, 33] {
        assert_eq!(sizes(Resnet18v2, side).unwrap().len(), 22);
    }
    let sides = sizes(Resnet18, 33).unwrap();
    let squares: Vec<usize> = [0, 1, 6, 11, 16].map(|layer| sides[layer]).to_vec();
    assert_eq!(squares, [17 * 17, 9 * 9, 5 * 5, 3 * 3, 2 * 2]);
    assert_eq!(
        sizes(Alexnet, 67).unwrap(),
        [15 * 15, 7 * 7, 9, 9, 9, 1, 1, 1]
    );
    assert_eq!(
        sizes(Alexnet, 66).unwrap_err().to_string(),
        "architecture `alexnet` does not fit an input of [3, 66, 66] [channels, height, width]: nothing is left of it \
         at layer `fc6`; use larger images"
    );
}
