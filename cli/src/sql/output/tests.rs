use std::sync::Mutex;

use arrow::array::{ArrayRef, Float64Array, ListArray, StringArray};
use arrow::datatypes::Float64Type;
use engram_engine::Result;
use futures::stream;

use super::*;

/// What was printed.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn rows() -> RecordBatch {
    let lists = [Some(vec![Some(0.5), None]), None];
    let lists = ListArray::from_iter_primitive::<Float64Type, _, _>(lists);
    RecordBatch::try_from_iter_with_nullable([
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
        ("list", Arc::new(lists) as ArrayRef, true),
    ])
    .unwrap()
}

async fn printed(format: Printed) -> Vec<u8> {
    let rows = rows();
    let batches: Vec<Result<RecordBatch>> = vec![Ok(rows.clone()), Ok(rows.slice(0, 1))];
    let answer = Answer {
        schema: rows.schema(),
        batches: stream::iter(batches).boxed(),
    };
    let paper = Paper::default();
    let progress = Arc::new(Progress::new());
    let mut sink = Sink::over(Box::new(paper.clone()), Room::Unlimited, format, progress);
    assert_eq!(sink.write(answer).await.unwrap(), Reader::Open);
    assert_eq!(sink.finish().unwrap(), 3);
    paper.0.lock().unwrap().clone()
}

#[tokio::test]
async fn text_forms_hold_every_batch() {
    assert_eq!(
        String::from_utf8(printed(Printed::Csv).await).unwrap(),
        "name,value,list\n\"a,b\",0.1,\"[0.5,null]\"\n,NaN,\n\"a,b\",0.1,\"[0.5,null]\"\n"
    );
    let json: serde_json::Value = serde_json::from_slice(&printed(Printed::Json).await).unwrap();
    let first = serde_json::json!({"name": "a,b", "value": 0.1, "list": [0.5, null]});
    let second = serde_json::json!({"name": null, "value": null, "list": null});
    assert_eq!(json, serde_json::json!([first, second, first]));
}

#[tokio::test]
async fn an_arrow_stream_gives_the_rows_back() {
    let stream = printed(Printed::Arrow).await;
    let reader = arrow::ipc::reader::StreamReader::try_new(stream.as_slice(), None).unwrap();
    let batches: Vec<RecordBatch> = reader.map(|batch| batch.unwrap()).collect();
    assert_eq!(batches, [rows(), rows().slice(0, 1)]);
}
