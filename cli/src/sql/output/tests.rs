use arrow::array::{ArrayRef, Float64Array, StringArray};
use engram_engine::{Error, Result};
use futures::stream;

use super::*;

fn open(destination: Destination, format: Format) -> anyhow::Result<Sink> {
    Sink::open(destination, format, Arc::new(Progress::new()))
}

fn answer(error: Option<Error>) -> Answer {
    let batch = RecordBatch::try_from_iter_with_nullable([
        (
            "name",
            Arc::new(StringArray::from(vec![Some("a,b"), None])) as ArrayRef,
            true,
        ),
        (
            "value",
            Arc::new(Float64Array::from(vec![0.1, f64::NAN])) as ArrayRef,
            true,
        ),
    ])
    .unwrap();
    let batches: Vec<Result<RecordBatch>> = vec![Ok(batch.clone()), Ok(batch.slice(0, 1))];
    Answer {
        schema: batch.schema(),
        batches: stream::iter(batches.into_iter().chain(error.map(Err))).boxed(),
    }
}

async fn written(format: Format) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("answer");
    let mut sink = open(Destination::File(target.clone()), format).unwrap();
    assert_eq!(sink.write(answer(None)).await.unwrap(), Reader::Open);
    assert!(
        !target.exists(),
        "the file must not be there before it is complete"
    );
    sink.finish().unwrap();
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing else stays"
    );
    std::fs::read(target).unwrap()
}

#[tokio::test]
async fn text_formats_hold_every_batch() {
    assert_eq!(
        written(Format::Csv).await,
        b"name,value\n\"a,b\",0.1\n,NaN\n\"a,b\",0.1\n"
    );
    let json = String::from_utf8(written(Format::Json).await).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let expected = serde_json::json!([
        {"name": "a,b", "value": 0.1}, {"name": null, "value": null}, {"name": "a,b", "value": 0.1}
    ]);
    assert_eq!(json, expected);
}

#[tokio::test]
async fn binary_formats_give_the_rows_back() {
    let rows = |batches: Vec<RecordBatch>| batches.iter().map(RecordBatch::num_rows).sum::<usize>();
    let stream = written(Format::Arrow).await;
    let reader = arrow::ipc::reader::StreamReader::try_new(stream.as_slice(), None).unwrap();
    assert_eq!(rows(reader.map(|batch| batch.unwrap()).collect()), 3);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.parquet");
    std::fs::write(&file, written(Format::Parquet).await).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(
        File::open(file).unwrap(),
        64,
    )
    .unwrap();
    assert_eq!(rows(reader.map(|batch| batch.unwrap()).collect()), 3);
}

#[tokio::test]
async fn a_query_that_fails_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    for format in [Format::Csv, Format::Parquet] {
        let mut sink = open(Destination::File(folder.path().join("answer")), format).unwrap();
        let error = Error::FeatureQuery {
            reason: "for the test".to_owned(),
        };
        assert!(sink.write(answer(Some(error))).await.is_err());
        drop(sink);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
    // What was there before stays as it was.
    let target = folder.path().join("answer");
    std::fs::write(&target, "before").unwrap();
    let mut sink = open(Destination::File(target.clone()), Format::Csv).unwrap();
    sink.write(answer(None)).await.unwrap();
    drop(sink);
    assert_eq!(std::fs::read(target).unwrap(), b"before");
}
