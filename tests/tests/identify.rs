//! The main question, from the files of a dataset to the rows of its table `results`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::num::NonZeroUsize;
use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, Int64Type};
use engram_classifiers::{Kind, RandomForestSettings, Settings};
use engram_engine::experiments::{SplitBy, SplitSettings};
use engram_engine::feature_matrix::features_of;
use engram_engine::session::SessionSettings;
use engram_engine::{
    Error, Identification, IdentifySettings, Session, hint, identify, identify_with_progress,
};
use engram_schemas::observable::Measure;
use engram_schemas::{DatasetLocation, LearningRule, Status};
use engram_tests::synthetic::{self, Run};
use tempfile::TempDir;

const EPOCHS: [i32; 4] = [0, 1, 2, 3];

fn dataset(runs: &[Run]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    synthetic::write(folder.path(), runs).unwrap();
    folder
}

async fn open(folder: &Path) -> Session {
    Session::open(&DatasetLocation::open(folder.to_str().unwrap()).unwrap())
        .await
        .unwrap()
}

async fn ask(folder: &Path, settings: &IdentifySettings) -> Result<Identification, Error> {
    identify(&open(folder).await, settings).await
}

fn forest(n_trees: usize) -> Settings {
    Settings::RandomForest(RandomForestSettings {
        n_trees,
        ..RandomForestSettings::default()
    })
}

fn quick() -> IdentifySettings {
    IdentifySettings {
        splits: SplitSettings {
            n_splits: 3,
            ..SplitSettings::default()
        },
        points: vec![forest(40)],
        ..IdentifySettings::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_identified_and_the_outcome_is_a_table() {
    let folder = dataset(&synthetic::sweep(4, &EPOCHS));
    let found = ask(folder.path(), &quick()).await.unwrap();

    assert_eq!(
        found.classes,
        LearningRule::STUDIED
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    );
    // knet4 has 4 layers and knet5 has 5, each with 4 seeds under every rule.
    assert_eq!(
        (found.n_examples.as_slice(), found.n_runs),
        (&[36; 4][..], 32)
    );
    assert_eq!(found.n_features, 45 * EPOCHS.len() + 3);
    assert_eq!((found.chance, found.excluded.len()), (0.25, 0));
    assert!(found.accuracy.mean > 0.6, "{:?}", found.accuracy);
    assert!(found.accuracy.standard_error.is_some());
    assert_eq!(found.confusion.n_examples(), 3 * 4 * 9);
    assert_eq!(found.importances.len(), 46);
    let importances: Vec<f64> = found
        .importances
        .iter()
        .map(|group| group.importance.mean)
        .collect();
    assert!(importances.is_sorted_by(|a, b| a >= b), "{importances:?}");
    assert!(
        (importances.iter().sum::<f64>() - 1.0).abs() < 1e-4,
        "{importances:?}"
    );

    let session = open(folder.path()).await;
    let query = format!(
        "SELECT split, accuracy, n_train, n_test, chance, cardinality(confusion) AS cells, statistics[1] AS first
         FROM results WHERE result_id = '{}' AND experiment = 'identify' ORDER BY split",
        found.result_id
    );
    let batches = session.sql(&query).await.unwrap().collect().await.unwrap();
    let rows = arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap();
    assert_eq!(rows.num_rows(), 3);
    let accuracies = rows["accuracy"]
        .as_primitive::<Float64Type>()
        .values()
        .to_vec();
    assert_eq!(
        accuracies,
        found
            .splits
            .iter()
            .map(|split| split.accuracy)
            .collect::<Vec<_>>()
    );
    assert_eq!(
        rows["n_train"].as_primitive::<Int64Type>().values()[..],
        [108; 3]
    );
    assert_eq!(
        rows["n_test"].as_primitive::<Int64Type>().values()[..],
        [36; 3]
    );
    assert_eq!(
        rows["chance"].as_primitive::<Float64Type>().values()[..],
        [0.25; 3]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_question_gives_the_same_rows() {
    let folder = dataset(&synthetic::sweep(2, &EPOCHS));
    let first = ask(folder.path(), &quick()).await.unwrap();
    let content = std::fs::read(&first.result_file).unwrap();
    let one_thread = SessionSettings {
        n_threads: NonZeroUsize::new(1),
        ..SessionSettings::default()
    };
    let location = DatasetLocation::open(folder.path().to_str().unwrap()).unwrap();
    let session = Session::open_with(&location, &one_thread).await.unwrap();
    let again = identify(&session, &quick()).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(
        content,
        std::fs::read(&again.result_file).unwrap(),
        "equal questions write equal bytes"
    );

    let mut other = quick();
    other.splits.seed = 1;
    let other = ask(folder.path(), &other).await.unwrap();
    assert_ne!(first.result_id, other.result_id);
    assert_ne!(first.splits, other.splits);
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_read_in_pieces_give_the_same_answer() {
    let folder = dataset(&synthetic::sweep(4, &EPOCHS));
    let in_pieces = IdentifySettings {
        in_pieces: true,
        ..quick()
    };
    let numbers = ask(folder.path(), &quick()).await.unwrap();
    let location = DatasetLocation::open(folder.path().to_str().unwrap()).unwrap();
    let mut ids = Vec::new();
    for (n_threads, memory_limit_bytes) in [(1, None), (3, None), (2, Some(1 << 20))] {
        let limits = SessionSettings {
            n_threads: NonZeroUsize::new(n_threads),
            memory_limit_bytes,
            ..SessionSettings::default()
        };
        let session = Session::open_with(&location, &limits).await.unwrap();
        let found = identify(&session, &in_pieces).await.unwrap();
        // There are fewer examples than bins, so that each value has a bin of its own.
        let outcome = |of: &Identification| (of.splits.clone(), of.importances.clone());
        assert_eq!(outcome(&found), outcome(&numbers), "{n_threads} threads");
        assert_eq!(found.n_examples, numbers.n_examples);
        ids.push(found.result_id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_ne!(
        ids[0], numbers.result_id,
        "larger datasets give other trees"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_pieces_cannot_answer_is_said() {
    let folder = dataset(&synthetic::sweep(1, &EPOCHS));
    let in_pieces = IdentifySettings {
        in_pieces: true,
        ..quick()
    };
    let twice = "SELECT * FROM features('weight') UNION ALL SELECT * FROM features('weight')";
    for (settings, problem) in [
        (
            IdentifySettings {
                points: vec![Kind::LinearSvm.settings()],
                ..in_pieces.clone()
            },
            "only a random forest",
        ),
        (
            IdentifySettings {
                points: vec![forest(10), forest(20)],
                ..in_pieces.clone()
            },
            "2 settings cannot be tried",
        ),
        (
            IdentifySettings {
                with_model: true,
                ..in_pieces.clone()
            },
            "a model to be saved",
        ),
        (
            IdentifySettings {
                query: twice.to_owned(),
                ..in_pieces.clone()
            },
            "more than once",
        ),
        (
            IdentifySettings {
                query: "SELECT run_id FROM runs".to_owned(),
                ..in_pieces.clone()
            },
            "it has no column `task`",
        ),
    ] {
        let error = ask(folder.path(), &settings).await.unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
        assert!(hint(&error).is_some(), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_runs_can_be_held_out() {
    let folder = dataset(&synthetic::sweep(4, &EPOCHS));
    let mut settings = quick();
    settings.splits.split_by = SplitBy::Run;
    let found = ask(folder.path(), &settings).await.unwrap();
    assert_eq!(found.split_by, SplitBy::Run);
    let n_examples: usize = found.n_examples.iter().sum();
    for split in &found.splits {
        assert_eq!(split.n_train + split.n_test + split.n_left_out, n_examples);
    }
    assert!(found.accuracy.mean > 0.5, "{:?}", found.accuracy);
    assert_ne!(
        found.result_id,
        ask(folder.path(), &quick()).await.unwrap().result_id
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_measure_is_seen_alone() {
    let folder = dataset(&synthetic::sweep(2, &EPOCHS));
    let settings = IdentifySettings {
        query: features_of(&[Measure::ActivityChange]),
        ..quick()
    };
    let found = ask(folder.path(), &settings).await.unwrap();
    let names: Vec<&str> = found
        .importances
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(
        names
            .iter()
            .all(|name| name.starts_with("activity_change_") || *name == "depth"),
        "{names:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_is_counted() {
    let mut runs = synthetic::sweep(3, &EPOCHS);
    runs[0].status = Status::Diverged;
    runs[0].epochs.truncate(2);
    let folder = dataset(&runs);
    let found = ask(folder.path(), &quick()).await.unwrap();
    // The run is a knet4: four layers.
    assert_eq!(
        found.excluded.values().sum::<usize>(),
        4,
        "{:?}",
        found.excluded
    );
    assert_eq!(found.n_examples.iter().sum::<usize>(), 4 * 3 * 9 - 4);
    // A smaller rule is tested on as many examples as the others.
    let tested = |class| found.confusion.row(class).iter().sum::<u64>();
    assert!(
        (0..4).all(|class| tested(class) == tested(0)),
        "{:?}",
        found.confusion
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_said() {
    let of_rule = |rule| move |run: &Run| run.learning_rule == rule;
    let one_rule: Vec<Run> = synthetic::sweep(2, &EPOCHS)
        .into_iter()
        .filter(of_rule(LearningRule::Adam))
        .collect();
    let folder = dataset(&one_rule);
    let error = ask(folder.path(), &quick()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "all 18 examples have the learning rule `adam`: there is nothing to tell apart"
    );
    assert!(hint(&error).unwrap().contains("learning_rules"), "{error}");

    // One run of a rule is several examples, but it cannot be on both sides.
    let mut runs = one_rule;
    runs.extend(
        synthetic::sweep(1, &EPOCHS)
            .into_iter()
            .filter(of_rule(LearningRule::Sgdm))
            .take(1),
    );
    let folder = dataset(&runs);
    let mut settings = quick();
    settings.splits.split_by = SplitBy::Run;
    let error = ask(folder.path(), &settings).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "learning rule `sgdm` has 1 run(s); at least 2 are needed"
    );

    settings.points = vec![forest(0)];
    let error = ask(folder.path(), &settings).await.unwrap_err();
    assert!(error.to_string().contains("`n_trees` is 0"), "{error}");
    assert!(
        !folder.path().join("results").exists(),
        "a question that fails leaves no results"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_told_after_every_split() {
    let folder = dataset(&synthetic::sweep(2, &EPOCHS));
    let (sender, told) = std::sync::mpsc::channel();
    let session = open(folder.path()).await;
    identify_with_progress(&session, &quick(), move |n_done| {
        sender.send(n_done).unwrap()
    })
    .await
    .unwrap();
    assert_eq!(told.iter().collect::<Vec<_>>(), [1, 2, 3]);
}
