use engram_plan::TaskSettings;
use engram_schemas::Task;

use crate::fixtures::SEEDS;
use crate::{Set, View, open};

fn load(task: &TaskSettings, set: Set, index: usize) -> (Vec<f32>, usize) {
    let stimuli = open(task, None, SEEDS).unwrap();
    let mut values = vec![f32::NAN; stimuli.shape().iter().product()];
    let class = stimuli.load(set, index, View::Plain, &mut values).unwrap();
    (values, class)
}

#[test]
fn ink_is_repeated_in_three_channels() {
    let task = TaskSettings::new(Task::Digits);
    let stimuli = open(&task, None, SEEDS).unwrap();
    assert_eq!(stimuli.shape(), [3, 8, 8]);
    assert_eq!(Some(stimuli.n_examples(Set::Train)), task.n_train());
    let n_examples = stimuli.n_examples(Set::Train) + stimuli.n_examples(Set::Validation);
    assert_eq!(n_examples, 1797);

    let digits = engram_plan::tasks::digits::Digits::load();
    let split = digits.split(0.2, SEEDS.dataset_seed);
    for (set, indices) in [
        (Set::Train, &split.train),
        (Set::Validation, &split.validation),
    ] {
        let (values, class) = load(&task, set, 5);
        let ink = &digits.pixels[indices[5] * 64..][..64];
        let expected: Vec<f32> = ink.iter().map(|&ink| f32::from(ink) / 16.0).collect();
        assert_eq!(values, expected.repeat(3));
        assert_eq!(class, usize::from(digits.labels[indices[5]]));
    }
}

#[test]
fn larger_digits_are_interpolated_linearly() {
    let mut task = TaskSettings::new(Task::Digits);
    let (small, _) = load(&task, Set::Train, 0);
    task.image_size = Some(16);
    let (large, _) = load(&task, Set::Train, 0);
    assert_eq!(large.len(), 3 * 256);
    // Places of the middle lie a quarter of a pixel off the pixels; those of the border are cut to it.
    let at = |row: f32, column: f32| {
        let [row, column] = [row, column].map(|place| place.clamp(0.0, 7.0));
        let pixel = |row: f32, column: f32| small[row as usize * 8 + column as usize];
        let mix = |a: f32, b: f32, share: f32| a + (b - a) * share;
        let line = |row: f32| {
            mix(
                pixel(row, column.floor()),
                pixel(row, column.ceil()),
                column.fract(),
            )
        };
        mix(line(row.floor()), line(row.ceil()), row.fract())
    };
    for row in 0..16 {
        for column in 0..16 {
            let place = |index: usize| (index as f32 + 0.5) / 2.0 - 0.5;
            let expected = at(place(row), place(column));
            let found = large[row * 16 + column];
            assert!(
                (found - expected).abs() < 1e-6,
                "{row} {column}: {found} {expected}"
            );
        }
    }
}
