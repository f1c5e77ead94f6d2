use engram_plan::TaskSettings;

use super::*;

fn picture(width: usize, height: usize) -> Picture {
    Picture {
        width,
        height,
        pixels: (0..width * height * 3)
            .map(|place| (place * 7 % 251) as u8)
            .collect(),
        full: 255,
    }
}

fn prepared(task: &TaskSettings, seed: u64, set: Set, index: usize, view: View) -> Vec<f32> {
    let preparation = Preparation::new(task, seed);
    let side = preparation.shape()[1];
    let size = match task.source() {
        Task::Imagenet | Task::ImageFolder => [100, 80],
        _ => [32, 32],
    };
    let mut values = vec![f32::NAN; 3 * side * side];
    preparation.prepare(&picture(size[0], size[1]), set, index, view, &mut values);
    assert!(values.iter().all(|value| value.is_finite()));
    values
}

fn task(name: Task) -> TaskSettings {
    TaskSettings {
        image_size: Some(32),
        ..TaskSettings::new(name)
    }
}

const FIRST: View = View::Varied { epoch: 1, eye: 0 };

#[test]
fn a_view_follows_from_seed_set_example_epoch_and_eye() {
    for name in [Task::Imagenet, Task::Simclr, Task::DigitsSimclr] {
        let task = task(name);
        let first = || prepared(&task, 3, Set::Train, 4, FIRST);
        assert_eq!(first(), first());
        let next = View::Varied { epoch: 2, eye: 0 };
        let other_eye = View::Varied { epoch: 1, eye: 1 };
        assert_ne!(first(), prepared(&task, 4, Set::Train, 4, FIRST));
        assert_ne!(first(), prepared(&task, 3, Set::Validation, 4, FIRST));
        assert_ne!(first(), prepared(&task, 3, Set::Train, 5, FIRST));
        assert_ne!(first(), prepared(&task, 3, Set::Train, 4, next));
        assert_ne!(first(), prepared(&task, 3, Set::Train, 4, other_eye));
        let plain = prepared(&task, 3, Set::Train, 4, View::Plain);
        assert_ne!(first(), plain);
        assert_eq!(plain, prepared(&task, 9, Set::Validation, 7, View::Plain));
    }
}

#[test]
fn tasks_that_are_not_varied_look_plain() {
    let mut cifar = task(Task::Cifar10);
    let plain = prepared(&cifar, 0, Set::Train, 0, View::Plain);
    assert_eq!(plain, prepared(&cifar, 0, Set::Train, 0, FIRST));
    let expected = (0.0 - CIFAR10.mean[0]) / CIFAR10.deviation[0];
    assert_eq!(plain[0], expected);
    // Moved by up to four pixels and flipped: each line is one of the original's with zeros before or after it.
    cifar.augmentation = Some(Augmentation::CropAndFlip);
    let (mut moves, mut n_flipped) = (std::collections::BTreeSet::new(), 0);
    for index in 0..300 {
        let moved = prepared(&cifar, 0, Set::Train, index, FIRST);
        let found = (0..2).flat_map(|flip| {
            (-4..=4).flat_map(move |down| (-4..=4).map(move |right| (flip, down, right)))
        });
        let mut found = found.filter(|&(flip, down, right)| {
            let mut expected = plain.clone();
            shift(32, &mut expected, [down, right]);
            if flip == 1 {
                expected.chunks_exact_mut(32).for_each(<[f32]>::reverse);
            }
            expected == moved
        });
        let (flip, down, right) = found.next().unwrap();
        n_flipped += flip;
        moves.insert((down, right));
    }
    assert!((110..190).contains(&n_flipped), "{n_flipped}");
    assert!(moves.len() > 70, "{}", moves.len());
}

#[test]
fn small_pictures_are_contrasted_at_half_strength_without_blur() {
    let contrast = |task: &TaskSettings| match Preparation::new(task, 0).variation {
        Variation::Contrast(contrast) => contrast,
        other => panic!("{other:?}"),
    };
    let large = contrast(&TaskSettings::new(Task::Simclr));
    assert_eq!(
        (large.strength, large.blur, large.least_area),
        (1.0, true, 0.08)
    );
    let mut small = TaskSettings::new(Task::Simclr);
    small.images = Some(Task::Cifar10);
    let small = contrast(&small);
    assert_eq!(
        (small.strength, small.blur, small.least_area),
        (0.5, false, 0.08)
    );
    let digits = contrast(&TaskSettings::new(Task::DigitsSimclr));
    assert_eq!(
        (digits.strength, digits.blur, digits.least_area),
        (0.5, false, 0.4)
    );
}

#[test]
fn photographs_are_normalised_by_imagenets_mean_and_deviation() {
    let preparation = Preparation::new(&task(Task::ImageFolder), 0);
    let white = Picture {
        width: 50,
        height: 40,
        pixels: vec![255; 50 * 40 * 3],
        full: 255,
    };
    let mut values = vec![0.0; 3 * 32 * 32];
    preparation.prepare(&white, Set::Train, 0, FIRST, &mut values);
    for (plane, (mean, deviation)) in
        values
            .chunks_exact(1024)
            .zip([(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)])
    {
        assert!(
            plane
                .iter()
                .all(|value| (value - (1.0 - mean) / deviation).abs() < 1e-5)
        );
    }
}
