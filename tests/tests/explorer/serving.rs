//! A server on a free port, and requests to it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use engram_schemas::Status;
use engram_tests::commands::engram;
use engram_tests::http::{Head, Response, fetch};
use engram_tests::synthetic;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A token of a server that asks for one.
pub(crate) const TOKEN: &str = "s3cr3t-of-some-length";

/// What takes long and gives no row before the end.
pub(crate) const ENDLESS: &str = "SELECT count(*) FROM trajectories a, trajectories b, trajectories c, trajectories d \
     WHERE a.epoch + b.epoch + c.epoch + d.epoch < 0";

/// A running `engram serve`; it ends with this.
pub(crate) struct Serving {
    child: Child,
    address: SocketAddr,
}

/// 16 networks, observed at 21 checkpoints. Of the kurtosis of the first layer's weights one value is negative and one is NaN.
pub(crate) fn dataset() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let epochs: Vec<i32> = (0..=20).collect();
    let mut runs = synthetic::sweep(2, &epochs);
    runs[0].replaced = vec![(0, 3, "weight_raw_kurtosis", -5.0)];
    runs[2].replaced = vec![(0, 4, "weight_raw_kurtosis", f64::NAN)];
    assert!(runs.iter().all(|run| run.status == Status::Trained));
    synthetic::write(folder.path(), &runs).unwrap();
    folder
}

impl Serving {
    pub(crate) fn start(dataset: &Path, arguments: &[&str]) -> Self {
        Self::start_with(dataset, arguments, None)
    }

    /// With a token that clients have to show.
    pub(crate) fn start_with(dataset: &Path, arguments: &[&str], token: Option<&str>) -> Self {
        let mut command = engram(&["serve", "--http", "127.0.0.1:0", "--at"]);
        command
            .arg(dataset)
            .args(arguments)
            .env_remove("ENGRAM_SERVE_TOKEN")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(token) = token {
            command.env("ENGRAM_SERVE_TOKEN", token);
        }
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .map_while(Result::ok)
            .find_map(|line| line.split_once("http://")?.1.trim().parse().ok());
        let address = address.unwrap();
        Self { child, address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        let mut all = vec![("host".to_owned(), self.address.to_string())];
        for (name, value) in headers {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let head = Head {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: all,
        };
        fetch(self.address, &head, body).unwrap()
    }

    pub(crate) fn get(&self, target: &str) -> Response {
        self.send("GET", target, &[], &[])
    }

    pub(crate) fn post(&self, target: &str, body: &Value) -> Response {
        let json = [("content-type", "application/json")];
        self.send("POST", target, &json, body.to_string().as_bytes())
    }

    /// The answer to a statement.
    pub(crate) fn sql(&self, sql: &str) -> Value {
        let response = self.post("/api/sql", &json!({ "sql": sql }));
        let answer = json_of(&response);
        assert_eq!(response.status, 200, "{answer}");
        answer
    }

    /// Status and error of a request that is refused.
    pub(crate) fn refused(&self, target: &str, body: &Value) -> (u16, Value) {
        let response = self.post(target, body);
        (response.status, json_of(&response)["error"].clone())
    }

    /// A number of the metrics.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = String::from_utf8(self.get("/metrics").body).unwrap();
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(name));
        lines
            .find_map(|rest| rest.trim().parse().ok())
            .unwrap_or(0.0)
    }

    /// Waits until a number of the metrics is what it should become.
    pub(crate) fn wait_for(&self, name: &str, wanted: f64) {
        let began = Instant::now();
        while self.metric(name) != wanted {
            let waited = began.elapsed();
            assert!(
                waited < Duration::from_secs(30),
                "{name} is {}",
                self.metric(name)
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn json_of(response: &Response) -> Value {
    let text = String::from_utf8_lossy(&response.body);
    serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()))
}

pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let found = response.headers.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}
