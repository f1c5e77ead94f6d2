//! The server, with other people's clients: ADBC's driver of Flight SQL under Python's DB-API (`scripts/flight_clients.py`), and
//! HTTP over plain sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answering;
mod limiting;
mod starting;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

use engram_tests::commands::engram;
use engram_tests::{python, synthetic};

/// A release that was kept, the smallest dataset there is.
fn release() -> PathBuf {
    let folder = python::repository().join("tests/releases/1.1");
    folder.canonicalize().unwrap()
}

/// A dataset of some runs.
fn dataset() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    synthetic::write(folder.path(), &synthetic::sweep(2, &[0, 1, 2])).unwrap();
    folder
}

/// A server that runs, until this is dropped.
struct Serving {
    process: Child,
    output: BufReader<ChildStdout>,
    log: Option<JoinHandle<String>>,
    flight: String,
    http: String,
}

impl Serving {
    /// `engram serve` for a dataset, on any ports.
    fn of(dataset: &OsStr, arguments: &[&str]) -> Self {
        Self::start(command(dataset, arguments))
    }

    /// A server by a command of its own.
    fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut errors = process.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            let _ = errors.read_to_string(&mut log);
            log
        });
        let mut said = String::new();
        let address = |said: &str, name: &str| {
            let line = said.lines().find_map(|line| line.trim().strip_prefix(name));
            line.map(|address| address.trim().to_owned())
        };
        while address(&said, "HTTP").is_none() {
            let read = output.read_line(&mut said).unwrap();
            assert!(read > 0, "it ended: {said}{}", log.join().unwrap());
        }
        Self {
            flight: address(&said, "Flight SQL").unwrap(),
            http: address(&said, "HTTP").unwrap(),
            process,
            output,
            log: Some(log),
        }
    }

    /// Runs a case of the clients, and gives what it prints; nothing where there is no Python.
    fn client(&self, case: &str, more: &[&str]) -> Option<String> {
        let mut arguments = vec![case, &self.flight, &self.http];
        arguments.extend(more);
        let arguments: Vec<&OsStr> = arguments.into_iter().map(OsStr::new).collect();
        let said = python::answer_to("flight_clients.py", &arguments)?;
        // Written to the stream itself: what was measured belongs into the log of the tests.
        let _ = writeln!(std::io::stderr(), "{case}: {}", said.trim());
        Some(said)
    }

    fn process_id(&self) -> String {
        self.process.id().to_string()
    }

    /// The status and the body of a page.
    fn get(&self, path: &str) -> (u16, String) {
        let address = self.http.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    /// Tells it to end, and gives its exit code and its log once it has.
    fn end(mut self) -> (Option<i32>, String) {
        let told = Command::new("kill").arg(self.process_id()).status();
        assert!(told.unwrap().success());
        self.ended()
    }

    /// Waits for its end.
    fn ended(&mut self) -> (Option<i32>, String) {
        let code = self.process.wait().unwrap().code();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (code, self.log.take().unwrap().join().unwrap())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `engram serve` for a dataset, on any ports.
fn command(dataset: &OsStr, arguments: &[&str]) -> Command {
    let dataset = dataset.to_str().unwrap();
    let anywhere = ["--flight", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    let mut command = engram(&["serve", "--at", dataset]);
    command
        .args(anywhere)
        .args(arguments)
        .env_remove("ENGRAM_SERVE_TOKEN")
        .env_remove("ENGRAM_LOG");
    command
}
