//! Datasets in the form of the study's, pickled by three generations of writers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::{bits, expected, fixture, fixtures};
use engram_pickle::published_dataset::{FieldValues, Meaning};
use engram_pickle::{PublishedDataset, Result, read};
use engram_schemas::{Architecture, Depth, LearningRule, Observable, Task};

fn dataset(name: &str) -> Result<PublishedDataset> {
    PublishedDataset::try_new(&read(fixture(name))?)
}

#[test]
fn datasets_are_read() {
    let expected = &expected(&fixtures())["dataset"];
    for writer in ["numpy1", "numpy2", "python2"] {
        let dataset = dataset(&format!("published-{writer}")).unwrap();
        assert_eq!((dataset.n_examples, dataset.n_checkpoints), (8, 3));

        // The names come in the order of our columns, which no reader has to rely on.
        let observables: Vec<Observable> = dataset
            .statistics
            .iter()
            .map(|statistic| statistic.observable.unwrap())
            .collect();
        assert_eq!(observables, Observable::all().collect::<Vec<_>>());
        assert_eq!(dataset.statistics[43].name, "gradavgabs_id");
        assert_eq!(dataset.unrecognised_statistics().count(), 0);

        let values: Vec<String> = dataset.values.iter().copied().map(bits).collect();
        assert_eq!(serde_json::json!(values), expected["values"]);
        let depths: Vec<&str> = dataset.depths.iter().map(|depth| depth.as_str()).collect();
        assert_eq!(serde_json::json!(depths), expected["depths"]);

        let rules = LearningRule::STUDIED.map(Some);
        assert_eq!(dataset.learning_rules.members, [rules, rules].concat());
        assert!(dataset.learning_rules.unrecognised.is_empty());
        let tasks = dataset.tasks().unwrap();
        assert_eq!(tasks.members[3..5], [Some(Task::Imagenet), Some(Task::Wsn)]);
        let architectures = dataset.architectures().unwrap();
        assert_eq!(
            architectures.members[3..5],
            [Some(Architecture::Resnet18), Some(Architecture::Knet4)]
        );
        assert_eq!(architectures.members[7], None);
        assert_eq!(
            architectures.unrecognised.iter().collect::<Vec<_>>(),
            [(&"VGG".to_owned(), &1)]
        );

        let field = |meaning| dataset.field(meaning).unwrap();
        assert_eq!(field(Meaning::Architecture).name, "model");
        assert_eq!(field(Meaning::Layer).values.texts().unwrap()[3], "fc4");
        assert_eq!(
            field(Meaning::BatchSize).values.to_integers().unwrap()[3..5],
            [128, 256]
        );
        assert_eq!(
            field(Meaning::ModelSeed).values,
            FieldValues::Integers([0, 1].repeat(4))
        );
        assert_eq!(
            field(Meaning::DatasetSeed).values,
            FieldValues::Integers([1, 0].repeat(4))
        );
        assert_eq!(
            dataset.unrecognised_fields().collect::<Vec<_>>(),
            ["val_acc"]
        );
        let unrecognised = dataset
            .fields
            .iter()
            .find(|field| field.name == "val_acc")
            .unwrap();
        assert_eq!(unrecognised.dtype, "<f8");
        assert!(matches!(&unrecognised.values, FieldValues::Floats(values) if values[7] == 1.0));
    }
}

#[test]
fn other_forms_are_read() {
    let labels = dataset("variant-text-labels").unwrap();
    assert_eq!(
        labels.learning_rules.members[..4],
        LearningRule::STUDIED.map(Some)
    );
    assert_eq!(
        labels.unrecognised_statistics().collect::<Vec<_>>(),
        ["bias_mean"]
    );
    assert_eq!(
        labels.statistics[0].observable.unwrap().column(),
        "weight_raw_norm"
    );
    assert_eq!(labels.tasks().unwrap().members[0], Some(Task::Imagenet));
    assert!(labels.architectures().is_none());
    // Two fields could be the task.
    assert_eq!(
        labels.unrecognised_fields().collect::<Vec<_>>(),
        ["dataset"]
    );
    let batch_sizes = labels.field(Meaning::BatchSize).unwrap();
    assert_eq!(batch_sizes.dtype, "<U21");
    assert_eq!(batch_sizes.values.to_integers().unwrap()[7], 256);

    let depths = dataset("variant-named-depths").unwrap().depths;
    assert_eq!(
        depths[..4],
        [Depth::Deep, Depth::Middle, Depth::Early, Depth::Early]
    );
}

#[test]
fn what_is_wrong_with_a_dataset_is_said() {
    for (what, text) in [
        (
            "no-x",
            "the dataset has no `X`; it has `obs_keys`, `X_cat`, `Y`, `meta`",
        ),
        (
            "flat-x",
            "the dataset's `X` is an array of shape [8, 2] and dtype <f4; expected is [examples, checkpoints, statistics]",
        ),
        (
            "more-keys",
            "the dataset's `X` is an array of shape [8, 1, 2] and dtype <f4; expected is [examples, checkpoints, 3], as \
             `obs_keys` has it",
        ),
        (
            "same-keys",
            "the dataset contradicts itself: `act_norm` and `actraw_norm` in `obs_keys` are the same statistic",
        ),
        (
            "short-meta",
            "the dataset's `meta.learning_rule` is an array of shape [5] and dtype <U4; expected is one value for each of 8 \
             examples, as `X` has them",
        ),
        (
            "short-y",
            "the dataset's `Y` is an array of shape [5] and dtype <i8; expected is one label for each of 8 examples",
        ),
        (
            "other-y",
            "the dataset contradicts itself: the label 0 in `Y` is the rule `SGDM` in `meta` for one example, and 0 is `IA` \
             for another",
        ),
        (
            "no-rule",
            "the dataset has no `meta.learning_rule`; it has task, batch_size",
        ),
        (
            "list-meta",
            "the dataset's `meta` is a list of 2; expected is an array of records",
        ),
        (
            "two-hot",
            "the dataset contradicts itself: `X_cat` of example 2 is not the same one of three at every checkpoint",
        ),
        (
            "moving-depth",
            "the dataset contradicts itself: `X_cat` of example 3 is not the same one of three at every checkpoint",
        ),
        (
            "split-y",
            "the dataset contradicts itself: the label 0 in `Y` is the rule `SGDM` in `meta` for one example, and 4 is `SGDM` \
             for another",
        ),
    ] {
        let error = dataset(&format!("damaged-{what}")).unwrap_err();
        assert_eq!(error.to_string(), text);
    }
    let error = PublishedDataset::try_new(&read(b"]K\x01a.".as_slice()).unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the dataset's `pickle` is a list of 1; expected is a dict with `obs_keys`, `X`, `X_cat`, `Y` and `meta`"
    );
}
