//! Asking a dataset: what opens and what does not, what SQL answers, and the feature matrix.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use engram_engine::feature_matrix::features_of;
use engram_engine::{Error, FeatureMatrix, ResultRow, Session, hint, reshape, write_results};
use engram_schemas::observable::Measure;
use engram_schemas::{DatasetLocation, LearningRule, Status};
use engram_tests::synthetic::{self, Run, write_parquet};

const EPOCHS: [i32; 3] = [0, 1, 2];

struct Dataset(tempfile::TempDir);

impl Dataset {
    fn of(runs: &[Run]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        synthetic::write(folder.path(), runs).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    async fn open(&self) -> Result<Session, Error> {
        Session::open(&self.location()).await
    }

    fn location(&self) -> DatasetLocation {
        DatasetLocation::open(self.path().to_str().unwrap()).unwrap()
    }

    /// The error of opening it.
    async fn refused(&self) -> Error {
        self.open().await.err().expect("the dataset must not open")
    }
}

async fn collect(session: &Session, sql: &str) -> Vec<RecordBatch> {
    session.sql(sql).await.unwrap().collect().await.unwrap()
}

async fn number(session: &Session, sql: &str) -> i64 {
    collect(session, sql).await[0]
        .column(0)
        .as_primitive::<Int64Type>()
        .value(0)
}

async fn text(session: &Session, sql: &str) -> String {
    arrow::util::pretty::pretty_format_batches(&collect(session, sql).await)
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn a_place_without_a_dataset_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("nowhere");
    for there in [folder.path(), &place] {
        let location = DatasetLocation::open(there.to_str().unwrap()).unwrap();
        let error = Session::open(&location).await.err().unwrap();
        assert!(matches!(error, Error::NothingThere { .. }), "{error}");
        assert!(
            error
                .to_string()
                .ends_with("the place is empty or does not exist"),
            "{error}"
        );
        let hint = hint(&error).unwrap();
        assert!(
            hint.contains("engram generate SWEEP.toml --to ")
                && hint.contains(there.to_str().unwrap()),
            "{hint}"
        );
    }
    std::fs::write(folder.path().join("notes.txt"), "something else").unwrap();
    let location = DatasetLocation::open(folder.path().to_str().unwrap()).unwrap();
    let error = Session::open(&location).await.err().unwrap().to_string();
    assert!(
        error.ends_with("what is there has no folder `trajectories` with files in it"),
        "{error}"
    );
}

#[tokio::test]
async fn a_truncated_file_is_named() {
    let runs = synthetic::sweep(1, &EPOCHS);
    let dataset = Dataset::of(&runs);
    let file = runs[3].file(dataset.path());
    let content = std::fs::read(&file).unwrap();
    for length in [content.len() - 1, content.len() / 2, 4, 0] {
        std::fs::write(&file, &content[..length]).unwrap();
        let error = dataset.refused().await;
        assert!(
            matches!(error, Error::UnreadableFile { .. }),
            "{length}: {error}"
        );
        assert!(
            error.to_string().contains(file.to_str().unwrap()),
            "{length}: {error}"
        );
        assert!(hint(&error).unwrap().starts_with("remove "), "{length}");
    }
    std::fs::write(&file, &content).unwrap();
    dataset.open().await.unwrap();
}

#[tokio::test]
async fn a_foreign_file_is_named_with_what_is_wrong() {
    let runs = synthetic::sweep(1, &EPOCHS);
    let dataset = Dataset::of(&runs);
    let folder = runs[0].file(dataset.path()).parent().unwrap().to_owned();
    let rows = runs[0].rows().unwrap();

    let stray = dataset.path().join("trajectories/notes.txt");
    std::fs::write(&stray, "a note").unwrap();
    let error = dataset.refused().await.to_string();
    assert!(
        error.contains(stray.to_str().unwrap()) && error.contains("does not lie in task="),
        "{error}"
    );
    std::fs::remove_file(stray).unwrap();

    let foreign = folder.join("foreign.parquet");
    let mut plain = parquet::arrow::ArrowWriter::try_new(
        std::fs::File::create(&foreign).unwrap(),
        rows.schema(),
        None,
    )
    .unwrap();
    plain.write(&rows).unwrap();
    plain.close().unwrap();
    let error = dataset.refused().await.to_string();
    assert!(
        error.contains("foreign.parquet") && error.contains("no `engram.schema_version`"),
        "{error}"
    );

    let fewer: Vec<usize> = (0..rows.num_columns() - 1).collect();
    write_parquet(&foreign, &rows.project(&fewer).unwrap(), "1.0").unwrap();
    let error = dataset.refused().await.to_string();
    assert!(
        error.ends_with("it has no column `activity_change_square_mean`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_newer_major_version_is_refused_and_a_newer_minor_one_is_read() {
    let runs = synthetic::sweep(1, &EPOCHS);
    let dataset = Dataset::of(&runs);
    let (file, rows) = (runs[0].file(dataset.path()), runs[0].rows().unwrap());
    write_parquet(&file, &rows, "2.0").unwrap();
    let error = dataset.refused().await;
    assert!(matches!(error, Error::NewerSchema { .. }), "{error}");
    assert!(
        error
            .to_string()
            .ends_with("has schema version 2.0; this engram reads up to 1.0"),
        "{error}"
    );
    assert!(
        hint(&error).unwrap().contains("engram that wrote"),
        "{error}"
    );

    let mut columns: Vec<_> = rows
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .zip(rows.columns().to_vec())
        .collect();
    columns.push(("later_column".to_owned(), rows.column(0).clone()));
    write_parquet(&file, &RecordBatch::try_from_iter(columns).unwrap(), "1.7").unwrap();
    let session = dataset.open().await.unwrap();
    assert_eq!(
        number(&session, "SELECT count(*) FROM runs").await,
        runs.len() as i64
    );
}

#[tokio::test]
async fn partitions_prune_files() {
    let dataset = Dataset::of(&synthetic::sweep(2, &EPOCHS));
    let session = dataset.open().await.unwrap();
    let scanned = async |sql: &str| {
        let plan = text(&session, &format!("EXPLAIN ANALYZE {sql}")).await;
        ["architecture=knet4", "architecture=knet5"].map(|folder| plan.contains(folder))
    };
    assert_eq!(
        scanned("SELECT avg(epoch) FROM trajectories").await,
        [true, true]
    );
    let one = "SELECT avg(epoch) FROM trajectories WHERE architecture = 'knet5'";
    assert_eq!(scanned(one).await, [false, true]);
    let view = "SELECT count(*) FROM examples WHERE task = 'digits' AND architecture IN ('knet4')";
    assert_eq!(scanned(view).await, [true, false]);
}

#[tokio::test]
async fn sql_errors_say_where_and_suggest() {
    let dataset = Dataset::of(&synthetic::sweep(1, &EPOCHS));
    let session = dataset.open().await.unwrap();
    let refused = async |sql: &str| {
        let error = session.sql(sql).await.unwrap_err();
        (error.to_string(), hint(&error).unwrap_or_default())
    };
    let (error, hint) = refused("SELECT run_id,\n  weight_abs_medain\nFROM trajectories").await;
    let expected = "there is no column `weight_abs_medain`\n  at line 2, column 3:\n      weight_abs_medain\n      ^^^^^^^^^^^^^^^^^";
    assert_eq!(error, expected);
    assert_eq!(hint, "did you mean `weight_abs_median`?");

    let (error, hint) = refused("SELECT * FROM trajectoires").await;
    assert!(
        error.starts_with("there is no table `trajectoires`\n  at line 1, column 15:"),
        "{error}"
    );
    assert_eq!(hint, "did you mean `trajectories`?");

    let (error, _) = refused("SELECT run_id FROM runs WHERE ORDER BY 1").await;
    assert!(
        error.contains("line 1, column ") && error.contains('^'),
        "{error}"
    );

    let (error, _) = refused("SELECT 1; SELECT 2").await;
    assert_eq!(error, "there are 2 statements where one is expected");
    assert_eq!(refused(" -- nothing").await.0, "there is no SQL statement");
}

#[tokio::test]
async fn sql_only_reads() {
    let dataset = Dataset::of(&synthetic::sweep(1, &EPOCHS));
    let session = dataset.open().await.unwrap();
    let file = dataset.path().join("copied.parquet");
    let copy = format!("COPY (SELECT 1) TO '{}'", file.display());
    for sql in [
        "CREATE TABLE t AS SELECT 1",
        "DROP VIEW runs",
        "INSERT INTO results SELECT * FROM results",
        "DELETE FROM trajectories",
        "SET datafusion.execution.batch_size = 1",
        "EXPLAIN ANALYZE INSERT INTO results SELECT * FROM results",
        &copy,
    ] {
        let error = session
            .sql(sql)
            .await
            .err()
            .unwrap_or_else(|| panic!("{sql} was planned"));
        assert!(
            error.to_string().starts_with("this SQL only reads; "),
            "{sql}: {error}"
        );
    }
    assert!(!file.exists());
    for sql in [
        "SHOW TABLES",
        "DESCRIBE runs",
        "EXPLAIN SELECT * FROM layers",
    ] {
        session
            .sql(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

#[tokio::test]
async fn the_feature_matrix_of_the_study() {
    let runs = synthetic::sweep(2, &EPOCHS);
    let dataset = Dataset::of(&runs);
    let session = dataset.open().await.unwrap();
    let matrix = FeatureMatrix::from_query(&session, &features_of(&Measure::ALL))
        .await
        .unwrap();
    let n_layers = (4 + 5) * LearningRule::STUDIED.len() * 2;
    assert_eq!(
        (matrix.n_examples(), matrix.n_features()),
        (n_layers, 45 * EPOCHS.len() + 3)
    );
    assert_eq!(
        matrix.classes,
        [
            "sgdm",
            "adam",
            "feedback_alignment",
            "information_alignment"
        ]
    );
    assert_eq!(matrix.excluded.total(), 0);
    assert_eq!(matrix.groups.len(), 46);
    assert_eq!(
        matrix.names[..4],
        [
            "weight_raw_norm@0",
            "weight_raw_norm@1",
            "weight_raw_norm@2",
            "weight_raw_mean@0"
        ]
    );

    // Every value is the one of the file, in the row and column that its names say.
    for (row, example) in matrix.examples.iter().enumerate() {
        let run = runs
            .iter()
            .find(|run| run.run_id() == example.run_id)
            .unwrap();
        let rows = run.rows().unwrap();
        let layers = rows.column_by_name("layer").unwrap().as_string::<i32>();
        let epochs = rows
            .column_by_name("epoch")
            .unwrap()
            .as_primitive::<arrow::datatypes::Int32Type>();
        for (feature, name) in matrix.names.iter().enumerate() {
            let expected = match name.split_once('@') {
                Some((column, epoch)) => {
                    let epoch: i32 = epoch.parse().unwrap();
                    let at = (0..rows.num_rows())
                        .find(|&at| layers.value(at) == example.layer && epochs.value(at) == epoch)
                        .unwrap();
                    let values = rows.column_by_name(column).unwrap();
                    values
                        .as_primitive::<arrow::datatypes::Float64Type>()
                        .value(at) as f32
                }
                None => f32::from(u8::from(
                    name.strip_prefix("depth_") == Some(&example.depth),
                )),
            };
            assert_eq!(matrix.row(row)[feature], expected, "{name} of {example}");
        }
        assert_eq!(
            matrix.classes[matrix.labels[row]],
            run.learning_rule.as_str()
        );
    }

    let weights = FeatureMatrix::from_query(&session, &features_of(&[Measure::Weight]))
        .await
        .unwrap();
    assert_eq!(weights.n_features(), 21 * EPOCHS.len() + 3);
    assert!(
        weights
            .groups
            .iter()
            .all(|group| group.starts_with("weight_") || group == "depth")
    );
}

#[tokio::test]
async fn a_statistic_that_is_not_finite_somewhere_is_inadmissible() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut runs = synthetic::sweep(1, &EPOCHS);
        runs[5].replaced.push((2, 1, "weight_raw_skew", value));
        // What is excluded does not decide what is admissible.
        runs[6].status = Status::Diverged;
        runs[6].replaced.push((0, 0, "weight_raw_mean", value));
        let dataset = Dataset::of(&runs);
        let session = dataset.open().await.unwrap();
        let matrix = FeatureMatrix::from_query(&session, &features_of(&Measure::ALL))
            .await
            .unwrap();
        assert_eq!(matrix.n_features(), 44 * EPOCHS.len() + 3, "{value}");
        assert!(!matrix.groups.iter().any(|group| group == "weight_raw_skew"));
        assert!(matrix.groups.iter().any(|group| group == "weight_raw_mean"));
    }
}

#[tokio::test]
async fn what_diverged_or_is_incomplete_is_excluded_and_counted() {
    let mut runs = synthetic::sweep(2, &EPOCHS);
    runs[0].status = Status::Diverged;
    runs[0].epochs.pop();
    runs[1].epochs.pop();
    // As many checkpoints as the others, but not the same.
    runs[2].epochs = vec![0, 1, 3];
    let dataset = Dataset::of(&runs);
    let session = dataset.open().await.unwrap();
    let matrix = FeatureMatrix::from_query(&session, &features_of(&Measure::ALL))
        .await
        .unwrap();
    let expected = [
        ("run diverged".to_owned(), 4),
        ("unusual checkpoints".to_owned(), 8),
    ];
    assert_eq!(matrix.excluded.0, expected.into());
    assert_eq!(matrix.n_examples(), 9 * 8 - 12);
    assert!(
        matrix
            .examples
            .iter()
            .all(|example| runs[..3].iter().all(|run| run.run_id() != example.run_id))
    );

    let dataset = Dataset::of(&runs[..1]);
    let error =
        FeatureMatrix::from_query(&dataset.open().await.unwrap(), &features_of(&Measure::ALL))
            .await
            .unwrap_err();
    assert_eq!(
        error.to_string(),
        "no example is left for the feature matrix: 4 excluded (run diverged)"
    );
}

#[tokio::test]
async fn results_become_a_table() {
    let dataset = Dataset::of(&synthetic::sweep(1, &EPOCHS));
    let session = dataset.open().await.unwrap();
    assert_eq!(number(&session, "SELECT count(*) FROM results").await, 0);
    let row = |split| ResultRow {
        experiment: "identify".to_owned(),
        query: "SELECT 1".to_owned(),
        classifier: "random_forest".to_owned(),
        settings: "{}".to_owned(),
        split_by: "example".to_owned(),
        split,
        seed: 7,
        n_train: 75,
        n_test: 25,
        n_features: 507,
        accuracy: 0.5 + f64::from(split) / 4.0,
        chance: 0.5,
        classes: vec!["sgdm".to_owned(), "adam".to_owned()],
        confusion: vec![10, 3, 2, 10],
        statistics: vec!["weight_abs_median".to_owned()],
        importances: vec![1.0],
    };
    // Writing the same experiment twice leaves it there once.
    for _ in 0..2 {
        let file = write_results(&dataset.location(), "abc", &[row(0), row(1)])
            .await
            .unwrap();
        assert!(Path::new(&file).is_file(), "{file}");
    }
    let session = dataset.open().await.unwrap();
    let answer = text(
        &session,
        "SELECT result_id, split, accuracy, classes, confusion[2] AS wrong, importances FROM results ORDER BY split",
    )
    .await;
    let expected = "\
+-----------+-------+----------+--------------+-------+-------------+
| result_id | split | accuracy | classes      | wrong | importances |
+-----------+-------+----------+--------------+-------+-------------+
| abc       | 0     | 0.5      | [sgdm, adam] | 3     | [1.0]       |
| abc       | 1     | 0.75     | [sgdm, adam] | 3     | [1.0]       |
+-----------+-------+----------+--------------+-------+-------------+";
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn an_answer_is_spread_to_a_table_that_reads_across() {
    let dataset = Dataset::of(&synthetic::sweep(1, &EPOCHS));
    let session = dataset.open().await.unwrap();
    let long = collect(
        &session,
        "SELECT learning_rule, architecture, round(avg(final_validation_accuracy), 2) AS accuracy \
         FROM runs GROUP BY ALL ORDER BY learning_rule, architecture",
    )
    .await;
    let wide = reshape::wide(&long, &["learning_rule"], "architecture", "accuracy").unwrap();
    let names: Vec<_> = wide
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    assert_eq!(names, ["learning_rule", "knet4", "knet5"]);
    assert_eq!(wide.num_rows(), 4);
    assert_eq!(wide.column(0).as_string::<i32>().value(0), "adam");
}
