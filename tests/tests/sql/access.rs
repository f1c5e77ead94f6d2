//! What a session may do: read the dataset.

use engram_tests::synthetic;

use super::{Dataset, EPOCHS};

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
