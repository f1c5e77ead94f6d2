//! The table of the study's size to files, beside DuckDB's COPY and Polars' sinks of the same files on as many cores.
//!
//! ```text
//! cargo bench --bench export                       every format, x1 and x10
//! cargo bench --bench export -- --quick csv        one round of some formats, x1, two threads
//! cargo bench --bench export -- --quick-large      one round, x10, two threads
//! ```
//!
//! What is exported is all of `trajectories`, of the dataset of `engram_benches::paper_sized`; the peers are
//! `peers/export.py`, where they have the format. Every measurement is a process of its own, pinned to as many cores as it
//! may use, and the sides alternate. The time goes from before the dataset is opened until the file is on the disk, by either side;
//! the dataset's files are in the page cache. Every file is read back by a third reader: rows and checksum must agree between the sides.
//!
//! The peak is that of the whole process, and *grown* what it is above its peak before. Ours should grow as much at x10 as at x1.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark that cannot run should stop, and its figures are its output"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use engram_benches::paper_sized::{self, N_CHECKPOINTS, N_EXAMPLES};
use engram_engine::Session;
use engram_export::{Asked, ExportSettings, Watch, export};
use engram_schemas::DatasetLocation;
use serde::{Deserialize, Serialize};

/// What is exported, by either side.
const TABLE: &str = "SELECT * FROM trajectories";

/// The files, which are called as the formats are, and the peers that write them.
const FORMATS: [(&str, &[&str]); 8] = [
    ("parquet", &["duckdb", "polars"]),
    ("csv", &["duckdb", "polars"]),
    ("csv.gz", &["duckdb"]),
    ("ndjson", &["duckdb", "polars"]),
    ("arrow", &["polars"]),
    ("avro", &[]),
    ("npz", &[]),
    ("sqlite", &[]),
];

/// Rounds of every side.
const ROUNDS: usize = 3;

/// Largest relative difference between the sides' checksums, which sum in different orders.
const TOLERANCE: f64 = 1e-9;

/// The side that is not a peer.
const OURS: &str = "ours";

/// One timed export, as either side prints it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Measurement {
    seconds: f64,
    peak_bytes: u64,
    before_bytes: u64,
}

/// What a file holds.
#[derive(Clone, Debug, Deserialize)]
struct Content {
    rows: usize,
    checksum: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, dataset, file] = arguments.as_slice()
        && first == OURS
    {
        engram_benches::prefer_small_pages();
        return run_ours(dataset, file);
    }
    let is_given = |option: &str| arguments.iter().any(|argument| argument == option);
    let named: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let formats: Vec<_> = FORMATS
        .into_iter()
        .filter(|(format, _)| named.is_empty() || named.iter().any(|name| name == format))
        .collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let two = cores.min(2);
    let (rounds, settings) = match (is_given("--quick"), is_given("--quick-large")) {
        (_, true) => (1, vec![(10, two)]),
        (true, _) => (1, vec![(1, two)]),
        _ => (ROUNDS, vec![(1, 1), (1, two), (10, two)]),
    };
    let folder = std::env::var_os("ENGRAM_BENCH_DATA").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    for (times, threads) in settings {
        let dataset = folder.join(format!("paper-sized-x{times}"));
        paper_sized::write(&dataset, times).expect("the dataset can be written");
        println!(
            "\nx{times}, {} rows, {threads} threads\n\
             format     side         seconds       MB  peak MB    grown  ours/side  peak",
            N_EXAMPLES * N_CHECKPOINTS * times
        );
        for (format, peers) in &formats {
            let files = tempfile::tempdir_in(&folder).expect("a folder for the files");
            let place = Place {
                dataset: &dataset,
                file: files.path().join(format!("table.{format}")),
                threads,
            };
            place.compare(format, peers, rounds);
        }
    }
}

/// Where the rows come from and go to.
struct Place<'a> {
    dataset: &'a Path,
    file: PathBuf,
    threads: usize,
}

/// One side's measurements of one format.
struct Side {
    name: &'static str,
    measured: Vec<Measurement>,
    n_bytes: u64,
}

impl Place<'_> {
    /// Measures all sides in turn, and prints what they took.
    fn compare(&self, format: &str, peers: &[&'static str], rounds: usize) {
        let names = std::iter::once(OURS).chain(peers.iter().copied());
        let mut sides: Vec<Side> = names
            .map(|name| Side {
                name,
                measured: Vec::new(),
                n_bytes: 0,
            })
            .collect();
        let mut first: Option<Content> = None;
        for round in 0..rounds {
            for side in &mut sides {
                side.measured.push(self.write(side.name, format));
                let metadata = std::fs::metadata(&self.file).expect("the file is there");
                side.n_bytes = metadata.len();
                if round == 0 {
                    let content = self.read(format);
                    let first = first.get_or_insert_with(|| content.clone());
                    let difference = (content.checksum / first.checksum - 1.0).abs();
                    assert!(
                        content.rows == first.rows && difference <= TOLERANCE,
                        "{format}: {} wrote {content:?}, and not {first:?}",
                        side.name
                    );
                }
                std::fs::remove_file(&self.file).expect("the file can be removed");
            }
        }
        let Some(ours) = sides.first() else { return };
        for side in &sides {
            println!(
                "{format:<10} {:<10} {:>9.2} {:>8.0} {:>8.0} {:>8.0} {:>10.2} {:>5.2}",
                side.name,
                side.seconds(),
                side.n_bytes as f64 / 1e6,
                side.peak_bytes() / 1e6,
                side.grown_bytes() / 1e6,
                ours.seconds() / side.seconds(),
                ours.peak_bytes() / side.peak_bytes(),
            );
        }
    }

    /// What a process of the side prints that writes the file.
    fn write(&self, side: &str, format: &str) -> Measurement {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", &format!("0-{}", self.threads - 1)]);
        match side {
            OURS => {
                let own = std::env::current_exe().expect("a benchmark has a path");
                command.arg(own).arg(OURS).arg(self.dataset).arg(&self.file);
            }
            peer => {
                command.arg(python()).arg(script()).arg("write");
                command.arg(self.dataset).arg(&self.file);
                command.args([format, peer, &self.threads.to_string()]);
            }
        }
        answer(&mut command)
    }

    /// What a reader finds in the file that is none of the sides, as far as there is one.
    fn read(&self, format: &str) -> Content {
        let mut command = Command::new(python());
        command
            .arg(script())
            .arg("read")
            .arg(&self.file)
            .arg(format);
        answer(&mut command)
    }
}

impl Side {
    fn seconds(&self) -> f64 {
        median(self.measured.iter().map(|one| one.seconds))
    }

    fn peak_bytes(&self) -> f64 {
        median(self.measured.iter().map(|one| one.peak_bytes as f64))
    }

    fn grown_bytes(&self) -> f64 {
        let grown = |one: &Measurement| (one.peak_bytes - one.before_bytes) as f64;
        median(self.measured.iter().map(grown))
    }
}

/// The line of JSON that a process prints.
fn answer<T: for<'a> Deserialize<'a>>(command: &mut Command) -> T {
    let output = command
        .output()
        .expect("taskset of util-linux and the peers' Python (scripts/setup-peers.sh) are there");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {told}");
    serde_json::from_slice(&output.stdout).expect("a line of JSON")
}

fn script() -> PathBuf {
    repository().join("benches/peers/export.py")
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn python() -> PathBuf {
    let home = std::env::var_os("ENGRAM_PEERS_DIR").map(PathBuf::from);
    let home = home.unwrap_or_else(|| repository().join(".peers"));
    home.join("bin/python")
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Exports as a process of its own, and prints what it took.
fn run_ours(dataset: &str, file: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(std::thread::available_parallelism().map_or(1, usize::from))
        .enable_all()
        .build()
        .expect("a runtime can be built");
    let before_bytes = peak();
    let started = Instant::now();
    runtime.block_on(async {
        let location = DatasetLocation::open(dataset).expect("a place");
        let session = Session::open(&location).await.expect("a dataset");
        let to = DatasetLocation::open_to_write(file).expect("a place to write to");
        let watch = Watch {
            progress: &|_, _| {},
            stop: std::future::pending(),
        };
        let settings = ExportSettings::default();
        let exported = export(&session, Asked::Sql(TABLE), &to, &settings, watch).await;
        if let Err(error) = exported {
            panic!("{error}: {:?}", engram_export::hint(&error));
        }
    });
    let measured = Measurement {
        seconds: started.elapsed().as_secs_f64(),
        peak_bytes: peak(),
        before_bytes,
    };
    let line = serde_json::to_string(&measured).expect("numbers are JSON");
    println!("{line}");
}

/// The most memory that the process has had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number
        .and_then(|number| number.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}
