//! Queries that are too much, and clients that are slow or gone.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::serving::{ENDLESS, Serving, dataset, header};

const RUNNING: &str = "engram_queries_running";

/// Much more than fits into the buffers between server and client.
const HUGE: &str = "SELECT a.* FROM trajectories a, trajectories b";

/// A client that has asked and reads nothing yet.
fn asking(server: &Serving, target: &str, sql: &str) -> TcpStream {
    let body = json!({ "sql": sql }).to_string();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        server.address(),
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[test]
fn a_client_that_has_gone_frees_its_query() {
    let data = dataset();
    let server = Serving::start(data.path(), &[]);
    // Before the first row, and in the middle of the rows.
    let waiting = asking(&server, "/api/sql", ENDLESS);
    let mut reading = asking(&server, "/api/download", HUGE);
    reading.read_exact(&mut [0; 20_000]).unwrap();
    server.wait_for(RUNNING, 2.0);
    drop((waiting, reading));
    server.wait_for(RUNNING, 0.0);
    server.wait_for(
        "engram_queries_finished_total{protocol=\"http\",outcome=\"cancelled\"}",
        2.0,
    );
}

#[test]
fn a_client_that_reads_nothing_frees_its_query() {
    let data = dataset();
    let server = Serving::start(data.path(), &["--idle-timeout", "1"]);
    let mut silent = asking(&server, "/api/download", HUGE);
    silent.read_exact(&mut [0; 1000]).unwrap();
    server.wait_for(
        "engram_queries_finished_total{protocol=\"http\",outcome=\"limited\"}",
        1.0,
    );
    server.wait_for(RUNNING, 0.0);
    // What it gets then does not look like a whole file: the last chunk is missing.
    let mut rest = Vec::new();
    let end = silent.read_to_end(&mut rest);
    assert!(end.is_err() || !rest.ends_with(b"0\r\n\r\n"));
}

#[test]
fn limits_have_their_own_words() {
    let data = dataset();
    let server = Serving::start(data.path(), &["--timeout", "1", "--max-rows", "100"]);
    let (status, error) = server.refused("/api/sql", &json!({ "sql": ENDLESS }));
    assert_eq!((status, &error["kind"]), (504, &json!("time")), "{error}");
    assert!(
        error["hint"].as_str().unwrap().contains("--timeout"),
        "{error}"
    );
    let rows = "SELECT epoch FROM trajectories ORDER BY epoch";
    let (status, error) = server.refused("/api/download", &json!({ "sql": rows }));
    assert_eq!((status, &error["kind"]), (413, &json!("rows")), "{error}");
    let answer = server.sql(rows);
    assert_eq!(
        (
            answer["rows"].as_array().unwrap().len(),
            &answer["truncated"]
        ),
        (100, &json!(true))
    );
    server.wait_for(RUNNING, 0.0);
    let server = Serving::start(data.path(), &["--query-memory", "1MB"]);
    let large = "SELECT array_agg(a.run_id || b.run_id) FROM trajectories a JOIN trajectories b ON a.epoch = b.epoch";
    let (status, error) = server.refused("/api/sql", &json!({ "sql": large }));
    assert_eq!((status, &error["kind"]), (413, &json!("memory")), "{error}");
    assert!(
        error["hint"].as_str().unwrap().contains("--query-memory"),
        "{error}"
    );
    server.wait_for(RUNNING, 0.0);
}

#[test]
fn functions_do_not_fill_the_memory() {
    let data = dataset();
    let server = Serving::start(data.path(), &[]);
    for call in [
        "repeat('x', 2000000000)",
        "lpad(run_id, 2000000000)",
        "array_repeat(run_id, 1000000000)",
        "levenshtein(repeat('x', 1000000), repeat('y', 1000000))",
        "range(0, 9000000000000000000)",
    ] {
        let sql = format!("SELECT {call} FROM trajectories");
        let (status, error) = server.refused("/api/sql", &json!({ "sql": sql }));
        assert_eq!((status, &error["kind"]), (413, &json!("memory")), "{error}");
    }
    // A value that is larger than an answer may be is left out, with its row.
    let long = "SELECT string_agg(t, ',') FROM (SELECT repeat('x', 200000) AS t, value FROM generate_series(1, 400))";
    let answer = server.sql(long);
    assert_eq!(
        (&answer["rows"], &answer["truncated"]),
        (&json!([]), &json!(true))
    );
    assert_eq!(server.sql("SELECT 1")["rows"], json!([[1]]));
}

#[test]
fn a_long_answer_is_whole() {
    let data = dataset();
    let server = Serving::start(data.path(), &[]);
    let sql = "SELECT repeat('x', 1000) AS t, value FROM generate_series(1, 5000)";
    let answer = server.post("/api/sql", &json!({ "sql": sql, "max_rows": 5000 }));
    let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let rows = answer["rows"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[4999][1]), (5000, &json!(5000)));
}

#[test]
fn deep_statements_are_planned_or_refused() {
    let data = dataset();
    let server = Serving::start(data.path(), &[]);
    for n_terms in [1000, 100_000] {
        let sql = format!("SELECT 1{}", " + 1".repeat(n_terms));
        let answer = server.post("/api/sql", &json!({ "sql": sql }));
        assert_eq!(answer.status, if n_terms < 4000 { 200 } else { 400 });
    }
    assert_eq!(server.sql("SELECT 1")["rows"], json!([[1]]));
}

#[test]
fn a_request_that_does_not_go_on_is_broken_off() {
    let data = dataset();
    let server = Serving::start(data.path(), &["--idle-timeout", "1"]);
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST /api/sql HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{{\"sql\":",
        server.address()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("broke off"),
        "{answer}"
    );
}

#[test]
fn a_busy_server_says_when_to_come_back() {
    let data = dataset();
    let server = Serving::start(data.path(), &["--max-queries", "1", "--max-waiting", "0"]);
    let first = asking(&server, "/api/sql", ENDLESS);
    server.wait_for(RUNNING, 1.0);
    let answer = server.post("/api/sql", &json!({ "sql": "SELECT 1" }));
    assert_eq!((answer.status, header(&answer, "retry-after")), (429, "5"));
    // What the dataset is and whether the server lives is told all the same.
    assert_eq!(server.get("/api/dataset").status, 200);
    assert_eq!(server.get("/health").status, 200);
    drop(first);
    server.wait_for(RUNNING, 0.0);
    assert_eq!(server.sql("SELECT 1")["rows"], json!([[1]]));
}

#[test]
fn many_at_once_are_answered() {
    let data = dataset();
    let server = Serving::start(data.path(), &["--max-queries", "2"]);
    thread::scope(|scope| {
        for n in 0..16 {
            let server = &server;
            scope.spawn(move || {
                let answer = server.sql(&format!("SELECT {n} AS n, count(*) FROM runs"));
                assert_eq!(answer["rows"], json!([[n, 16]]));
            });
        }
    });
}
