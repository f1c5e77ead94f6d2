//! How statements are planned: which files they open, and where their mistakes are said to be.

use engram_engine::hint;
use engram_tests::synthetic;

use super::{Dataset, EPOCHS, text};

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
