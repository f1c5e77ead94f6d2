//! What is done with answers: results kept as a table, rows spread over the page.

use std::path::Path;

use arrow::array::AsArray;
use engram_engine::{reshape, write_results};
use engram_schemas::results::ResultRow;
use engram_tests::synthetic;

use super::{Dataset, EPOCHS, collect, number, text};

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
        ..ResultRow::default()
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
