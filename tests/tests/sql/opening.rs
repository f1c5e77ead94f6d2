//! What opens as a dataset, and what is said of what does not.

use engram_engine::{Error, Session, hint};
use engram_schemas::DatasetLocation;
use engram_tests::synthetic::{self, write_parquet};

use arrow::array::RecordBatch;

use super::{Dataset, EPOCHS, number};

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
            .ends_with("has schema version 2.0; this engram reads up to 1.2"),
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
