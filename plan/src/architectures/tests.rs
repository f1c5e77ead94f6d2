use super::*;
use engram_schemas::Task;

mod tables;

fn names_and_units(architecture: Architecture, task: Task) -> Vec<(String, usize, usize, Depth)> {
    layers(architecture, &TaskSettings::new(task))
        .unwrap()
        .into_iter()
        .map(|layer| {
            (
                layer.name.clone(),
                layer.n_units,
                layer.n_weights(),
                layer.depth,
            )
        })
        .collect()
}

#[test]
fn knet_halves_the_image_three_times() {
    use Depth::{Deep, Early, Middle};
    assert_eq!(
        names_and_units(Architecture::Knet4, Task::Cifar10),
        [
            ("conv1".to_owned(), 32 * 32 * 32, 5 * 5 * 3 * 32, Early),
            ("conv2".to_owned(), 32 * 16 * 16, 5 * 5 * 32 * 32, Middle),
            ("conv3".to_owned(), 64 * 8 * 8, 5 * 5 * 32 * 64, Deep),
            ("fc4".to_owned(), 10, 64 * 4 * 4 * 10, Deep),
        ]
    );
    let digits = names_and_units(Architecture::Knet5Lrn, Task::Digits);
    assert_eq!(
        digits.last().unwrap(),
        &("fc5".to_owned(), 10, 128 * 10, Deep)
    );
}

#[test]
fn layer_counts_are_the_studys() {
    let count = |architecture, task| names_and_units(architecture, task).len();
    assert_eq!(count(Architecture::Knet4, Task::Cifar10), 4);
    assert_eq!(count(Architecture::Knet5Lrn, Task::Cifar10), 5);
    assert_eq!(count(Architecture::Alexnet, Task::Imagenet), 8);
    assert_eq!(count(Architecture::Resnet18, Task::Imagenet), 22);
    assert_eq!(count(Architecture::Resnet34v2, Task::Imagenet), 38);
    assert_eq!(count(Architecture::Resnet18v2, Task::Simclr), 23);
}

#[test]
fn a_projection_head_is_deep_and_leaves_the_backbones_grouping() {
    let supervised = names_and_units(Architecture::Resnet18, Task::Imagenet);
    let contrastive = names_and_units(Architecture::Resnet18, Task::Simclr);
    assert_eq!(supervised[..21], contrastive[..21]);
    assert_eq!(
        contrastive[21],
        ("head1".to_owned(), 512, 512 * 512, Depth::Deep)
    );
    assert_eq!(
        contrastive[22],
        ("head2".to_owned(), 128, 512 * 128, Depth::Deep)
    );
}

#[test]
fn same_padding_puts_the_odd_zero_after() {
    assert_eq!(Padding::Same.amounts(8, 3, 2), (0, 1));
    assert_eq!(Padding::Same.amounts(7, 3, 2), (1, 1));
    assert_eq!(Padding::Same.amounts(32, 5, 1), (2, 2));
    assert_eq!(Padding::Same.positions(1, 3, 2), 1);
    assert_eq!(Padding::Valid.positions(224, 11, 4), 54);
    assert_eq!(Padding::Valid.positions(2, 11, 4), 0);
}

#[test]
fn an_image_too_small_is_refused_by_name() {
    let task = TaskSettings {
        image_size: Some(20),
        ..TaskSettings::new(Task::Imagenet)
    };
    let error = layers(Architecture::Alexnet, &task).unwrap_err();
    assert_eq!(
        error.to_string(),
        "architecture `alexnet` does not fit an input of [3, 20, 20] [channels, height, width]: nothing is left of it \
         at layer `conv3`; use larger images"
    );
}
