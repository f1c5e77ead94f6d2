//! What a session may do: read the dataset, unless more is asked for.

use std::path::Path;

use engram_engine::session::{Access, Damage, SessionSettings};
use engram_engine::{Session, hint};
use engram_tests::synthetic;

use super::{Dataset, EPOCHS, collect, number, text};

const WRITING: SessionSettings = SessionSettings {
    memory_limit_bytes: None,
    n_threads: None,
    access: Access::Write,
    damage: Damage::Refuse,
    results: None,
};

#[tokio::test]
async fn sql_only_reads() {
    let dataset = Dataset::of(&synthetic::sweep(1, &EPOCHS));
    let session = dataset.open().await.unwrap();
    let file = dataset.path().join("copied.parquet");
    let copy = format!("COPY (SELECT 1) TO '{}'", file.display());
    for sql in [
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        "DROP VIEW runs",
        "DROP TABLE trajectories",
        "INSERT INTO results SELECT * FROM results",
        "DELETE FROM trajectories",
        "UPDATE trajectories SET epoch = 0",
        "SET datafusion.execution.batch_size = 1",
        "SET datafusion.catalog.information_schema = false",
        "PREPARE p AS SELECT 1",
        "EXPLAIN ANALYZE INSERT INTO results SELECT * FROM results",
        "EXPLAIN CREATE TABLE t AS SELECT 1",
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
        assert!(hint(&error).unwrap().contains("--allow-write"), "{sql}");
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

/// A Parquet file that is no part of the dataset, next to a dataset.
fn outside(folder: &Path) -> String {
    let run = &synthetic::sweep(1, &EPOCHS)[0];
    run.write(folder).unwrap().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn nothing_outside_the_dataset_can_be_read() {
    let dataset = Dataset::of(&synthetic::sweep(1, &EPOCHS));
    let session = dataset.open().await.unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let file = outside(elsewhere.path());
    let inside = synthetic::sweep(1, &EPOCHS)[0].file(dataset.path());
    for sql in [
        "SELECT * FROM '/etc/passwd'".to_owned(),
        "SELECT * FROM '/etc/*'".to_owned(),
        format!("SELECT * FROM '{file}'"),
        format!("SELECT * FROM \"{file}\""),
        format!("SELECT * FROM 'file://{file}'"),
        format!("SELECT * FROM 'trajectories/../../{file}'"),
        format!("SELECT * FROM read_parquet('{file}')"),
        format!("SELECT * FROM parquet_metadata('{file}')"),
        format!("WITH c AS (SELECT * FROM '{file}') SELECT * FROM c"),
        format!("EXPLAIN ANALYZE SELECT * FROM '{file}'"),
        format!("DESCRIBE '{file}'"),
        format!("CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{file}'"),
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'".to_owned(),
        format!("COPY t FROM '{file}'"),
        format!("INSERT INTO results SELECT * FROM '{file}'"),
        // Not even a file of the dataset by its name: what is asked are the tables.
        format!("SELECT * FROM '{}'", inside.display()),
    ] {
        if session.sql(&sql).await.is_ok() {
            panic!("{sql} was planned");
        }
    }
    assert_eq!(session.tables().len(), 8, "{:?}", session.tables());
}

#[tokio::test]
async fn what_writes_is_allowed_on_request() {
    let dataset = Dataset::of(&synthetic::sweep(1, &EPOCHS));
    let session = Session::open_with(&dataset.location(), &WRITING)
        .await
        .unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let file = outside(elsewhere.path());
    let copied = elsewhere.path().join("copied.parquet");
    for sql in [
        format!("CREATE EXTERNAL TABLE outside STORED AS PARQUET LOCATION '{file}'"),
        format!("COPY (SELECT * FROM runs) TO '{}'", copied.display()),
        "CREATE VIEW trained AS SELECT * FROM runs WHERE status = 'trained'".to_owned(),
        "SET datafusion.execution.target_partitions = 1".to_owned(),
    ] {
        collect(&session, &sql).await;
    }
    assert!(number(&session, "SELECT count(*) FROM outside").await > 0);
    assert_eq!(number(&session, "SELECT count(*) FROM trained").await, 8);
    assert!(copied.is_file());
    let setting = text(&session, "SHOW datafusion.execution.target_partitions").await;
    assert!(setting.contains("| 1 "), "{setting}");

    // All of that was of this session.
    let session = dataset.open().await.unwrap();
    assert_eq!(session.tables().len(), 8);
}
