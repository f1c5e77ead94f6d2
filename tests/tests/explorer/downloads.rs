//! Whole answers as files.

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::ipc::reader::StreamReader;
use bytes::Bytes;
use engram_tests::commands::engram;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::serving::{Serving, dataset, header};

/// Texts, numbers, lists, NaN and NULL, in one order.
const SQL: &str = "SELECT run_id, layer, epoch, weight_raw_kurtosis, feedback_angle, [epoch, NULL] AS list, \
    'a, \"b\"' AS text FROM trajectories ORDER BY run_id, layer_index, epoch";

/// What the command writes.
fn of_command(data: &Path, sql: &str, format: &str) -> Vec<u8> {
    let arguments = ["sql", "--format", format, sql, "--at"];
    let output = engram(&arguments).arg(data).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

fn rows(content: Vec<u8>) -> RecordBatch {
    let reader = StreamReader::try_new(std::io::Cursor::new(content), None).unwrap();
    let schema = reader.schema();
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

#[test]
fn files_are_those_of_the_command() {
    let data = dataset();
    let server = Serving::start(data.path(), &[]);
    for sql in [SQL, "SELECT run_id, [1] AS list FROM runs WHERE false"] {
        let download = |format: &str| {
            let answer = server.post("/api/download", &json!({ "sql": sql, "format": format }));
            assert_eq!(
                answer.status,
                200,
                "{}",
                String::from_utf8_lossy(&answer.body)
            );
            let name = header(&answer, "content-disposition");
            assert!(name.starts_with("attachment; filename=\"answer."), "{name}");
            answer
        };
        let csv = download("csv");
        assert_eq!(header(&csv, "content-type"), "text/csv; charset=utf-8");
        assert_eq!(
            String::from_utf8(csv.body).unwrap(),
            String::from_utf8(of_command(data.path(), sql, "csv")).unwrap()
        );
        let wanted = rows(of_command(data.path(), sql, "arrow"));
        assert_eq!(rows(download("arrow").body), wanted);
        let parquet = Bytes::from(download("parquet").body);
        let reader = ParquetRecordBatchReaderBuilder::try_new(parquet)
            .unwrap()
            .build()
            .unwrap();
        let batches: Vec<_> = reader.map(Result::unwrap).collect();
        let n_rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(n_rows, wanted.num_rows());
        if n_rows > 0 {
            let found = concat_batches(&batches[0].schema(), &batches).unwrap();
            assert_eq!(found.columns(), wanted.columns());
        }
        let lines = String::from_utf8(download("ndjson").body).unwrap();
        let lines: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let array: Vec<Value> =
            serde_json::from_slice(&of_command(data.path(), sql, "json")).unwrap();
        assert_eq!(lines, array);
    }
}

#[test]
fn arrow_is_given_to_who_accepts_it() {
    let data = dataset();
    let server = Serving::start(data.path(), &[]);
    let accept = [
        ("content-type", "application/json"),
        (
            "accept",
            "text/html, application/vnd.apache.arrow.stream;q=0.9",
        ),
    ];
    let ask = |body: Value| server.send("POST", "/api/sql", &accept, body.to_string().as_bytes());
    let answer = ask(json!({ "sql": SQL }));
    assert_eq!(
        header(&answer, "content-type"),
        "application/vnd.apache.arrow.stream"
    );
    assert_eq!(header(&answer, "content-disposition"), "");
    assert_eq!(
        rows(answer.body),
        rows(of_command(data.path(), SQL, "arrow"))
    );
    let first = ask(json!({ "sql": SQL, "max_rows": 3 }));
    assert_eq!(rows(first.body).num_rows(), 3);
    assert_eq!(ask(json!({ "sql": "SELECT nothing" })).status, 400);
}

#[test]
fn forms_and_scripts_download_alike() {
    let data = dataset();
    let server = Serving::start(data.path(), &[]);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = server.send(
        "POST",
        "/api/download",
        &form,
        b"sql=SELECT+1+AS+one&format=csv",
    );
    assert_eq!(answer.body, b"one\n1\n");
    // Text is worth compressing, files that are compressed are not.
    let packed = |format: &str| {
        let headers = [
            ("content-type", "application/json"),
            ("accept-encoding", "gzip"),
        ];
        let body = json!({ "sql": SQL, "format": format }).to_string();
        let answer = server.send("POST", "/api/download", &headers, body.as_bytes());
        header(&answer, "content-encoding").to_owned()
    };
    assert_eq!(["csv", "arrow", "parquet"].map(packed), ["gzip", "", ""]);
}
