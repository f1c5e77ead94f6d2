//! What must hold of every split.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn count(labels: &[u32], rows: &[usize], class: u32) -> usize {
    rows.iter().filter(|&&row| labels[row] == class).count()
}

/// Runs of one class each, with 1 to 8 layers: label and run of every example.
fn runs() -> impl Strategy<Value = (Vec<u32>, Vec<String>)> {
    proptest::collection::vec(proptest::collection::vec(1..9_usize, 2..12), 2..5).prop_map(
        |classes| {
            let (mut labels, mut runs) = (Vec::new(), Vec::new());
            // Layer by layer, so that the examples of a run do not stand together.
            for layer in 0..8 {
                for (class, of_class) in classes.iter().enumerate() {
                    for (run, &n_layers) in of_class.iter().enumerate() {
                        if layer < n_layers {
                            labels.push(class as u32);
                            runs.push(format!("run {class} {run}"));
                        }
                    }
                }
            }
            (labels, runs)
        },
    )
}

proptest! {
    #[test]
    fn splits_are_disjoint_cover_and_balanced(
        (labels, runs) in runs(),
        by_run in any::<bool>(),
        test_fraction in 0.05..0.95_f64,
        seed in any::<u64>(),
    ) {
        let n_classes = labels.iter().max().unwrap() + 1;
        let split_by = if by_run { SplitBy::Run } else { SplitBy::Example };
        let settings = SplitSettings { n_splits: 3, test_fraction, split_by, seed };
        // Sorted classes: every class has two runs at least, and so two examples.
        let made = splits(&labels, n_classes as usize, Some(&runs), &settings).unwrap();
        prop_assert_eq!(&made, &splits(&labels, n_classes as usize, Some(&runs), &settings).unwrap());
        prop_assert_eq!(made.len(), 3);
        for split in &made {
            let mut all: Vec<usize> = [&split.train[..], &split.test, &split.left_out].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>(), "every example is on exactly one side");
            let n_test = count(&labels, &split.test, 0);
            for class in 0..n_classes {
                prop_assert_eq!(count(&labels, &split.test, class), n_test, "class {}", class);
                prop_assert!(count(&labels, &split.train, class) > 0);
            }
            prop_assert!(n_test > 0);
            if by_run {
                let side = |rows: &[usize]| rows.iter().map(|&row| &runs[row]).collect::<BTreeSet<_>>();
                prop_assert!(side(&split.train).is_disjoint(&side(&split.test)));
                prop_assert!(side(&split.train).is_disjoint(&side(&split.left_out)));
            } else {
                prop_assert!(split.left_out.is_empty());
            }
        }
    }
}

#[test]
fn the_studys_split_has_1296_test_examples_a_class() {
    let labels: Vec<u32> = (0..20_736).map(|example| example % 4).collect();
    let settings = SplitSettings {
        n_splits: 2,
        ..SplitSettings::default()
    };
    let made = splits(&labels, 4, None, &settings).unwrap();
    for split in &made {
        assert_eq!((split.train.len(), split.test.len()), (15_552, 5_184));
        assert!((0..4).all(|class| count(&labels, &split.test, class) == 1_296));
    }
    assert_ne!(made[0].test, made[1].test, "every split is another");
    let other = splits(
        &labels,
        4,
        None,
        &SplitSettings {
            seed: 1,
            ..settings
        },
    )
    .unwrap();
    assert_ne!(made[0].test, other[0].test, "the seed has no effect");
}

#[test]
fn a_larger_class_is_tested_on_no_more() {
    let labels: Vec<u32> = (0..140).map(|example| u32::from(example >= 40)).collect();
    let split = &splits(&labels, 2, None, &SplitSettings::default()).unwrap()[0];
    assert_eq!(
        (
            count(&labels, &split.test, 0),
            count(&labels, &split.test, 1)
        ),
        (10, 10)
    );
    assert_eq!(
        (
            count(&labels, &split.train, 0),
            count(&labels, &split.train, 1)
        ),
        (30, 90)
    );
}

#[test]
fn splits_that_cannot_be_made_say_why() {
    let text = |labels: &[u32], n_classes, runs: Option<&[String]>, settings: &SplitSettings| {
        splits(labels, n_classes, runs, settings)
            .unwrap_err()
            .to_string()
    };
    let default = SplitSettings::default;
    let by_run = SplitSettings {
        split_by: SplitBy::Run,
        ..default()
    };
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>()
    };
    assert!(text(&[0, 0, 1], 2, None, &default()).contains("the smallest class has 1 example(s)"));
    assert!(text(&[0, 0, 0], 1, None, &default()).contains("nothing to tell apart"));
    assert!(
        text(
            &[0, 1],
            2,
            None,
            &SplitSettings {
                test_fraction: 1.0,
                ..default()
            }
        )
        .contains("is 1 and must")
    );
    assert!(
        text(
            &[0, 1],
            2,
            None,
            &SplitSettings {
                test_fraction: f64::NAN,
                ..default()
            }
        )
        .contains("NaN")
    );
    assert!(
        text(
            &[0, 1],
            2,
            None,
            &SplitSettings {
                n_splits: 0,
                ..default()
            }
        )
        .contains("number of splits is 0")
    );
    assert!(text(&[0, 1], 2, None, &by_run).contains("needs the run"));
    assert!(
        text(&[0, 1], 2, Some(&names(&["a", "a"])), &by_run)
            .contains("run a has examples of several classes")
    );
    assert!(
        text(
            &[0, 0, 1, 1],
            2,
            Some(&names(&["a", "a", "b", "b"])),
            &by_run
        )
        .contains("has 1 run(s)")
    );
}
