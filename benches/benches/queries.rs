//! The questions of the study's size, beside DuckDB, Polars and NumPy on the same files and as many cores.
//!
//! ```text
//! cargo bench --bench queries                          everything, x1 and x10
//! cargo bench --bench queries -- --quick features      one round of some tasks, x1, two threads
//! cargo bench --bench queries -- --quick-large         one round, x10, two threads
//! ```
//!
//! The tasks: the whole feature matrix; the same with one architecture held out; five checkpoints of every trajectory
//! from a random start; summaries by group; the seven statistics of lists. The dataset is that of
//! `engram_benches::paper_sized`, the peers are `peers/queries.py`. Every measurement is a process of its own, pinned to as
//! many cores as it may use, and the sides alternate. *Warm* is a query after the same query in the same process. *Cold*
//! is the first one of a process, with the files out of the page cache and the dataset still to be opened; its peak of
//! memory is what the peaks are. Rows and a checksum that sees the order of every row's values must agree between the
//! sides.
//!
//! What a query delivers is held in memory as Arrow, by either side; nothing is written.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark that cannot run should stop, and its figures are its output"
)]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::datasource::MemTable;
use engram_benches::paper_sized::{self, N_ADMISSIBLE, N_CHECKPOINTS, N_EXAMPLES};
use engram_benches::prefer_small_pages;
use engram_engine::Session;
use engram_schemas::DatasetLocation;
use engram_tests::process::resident;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::{Deserialize, Serialize};

const N_LISTS: usize = 2_000;
const LIST_LENGTH: usize = 4_096;

/// Rows of a batch of lists.
const LISTS_IN_BATCH: usize = 64;

/// Rounds of every side, and warm queries in each.
const ROUNDS: usize = 3;
const REPEATS: usize = 3;

/// Largest relative difference between the sides' checksums, which sum in different orders; of lists' statistics, which
/// some compute in single precision.
const TOLERANCE: f64 = 1e-9;
const SINGLE_TOLERANCE: f64 = 1e-6;

/// Peak memory, in feature matrices.
const PEAK_CLAIM: f64 = 3.0;

/// Growth of time from x1 to x10.
const GROWTH_CLAIM: f64 = 10.0;

struct Task {
    name: &'static str,
    sql: &'static str,
    peers: &'static [&'static str],
    /// Our time over that of each way to use DuckDB, and of NumPy.
    claim: f64,
}

const TASKS: [Task; 5] = [
    Task {
        name: "features",
        sql: "SELECT * FROM features('weight', 'activation', 'activity_change')",
        peers: &["duckdb", "duckdb_numpy", "polars"],
        claim: 0.8,
    },
    Task {
        name: "held_out",
        sql: "SELECT * FROM held_out('architecture', 'alexnet', \
              input => (SELECT * FROM features('weight', 'activation', 'activity_change')))",
        peers: &["duckdb", "duckdb_numpy", "polars"],
        claim: 1.0,
    },
    Task {
        name: "subsample",
        sql: "SELECT * FROM trajectory_subsample(samples => 5, period_epochs => 25, seed => 0)",
        peers: &["duckdb", "polars"],
        claim: 1.0,
    },
    Task {
        name: "summaries",
        sql: "SELECT task, architecture, learning_rule, epoch, \
              avg(weight_abs_median) AS weight_abs_median_mean, \
              stddev(weight_abs_median) AS weight_abs_median_stddev, \
              median_nearest(weight_abs_median) AS weight_abs_median_median, \
              avg(activation_abs_norm) AS activation_abs_norm_mean, \
              stddev(activation_abs_norm) AS activation_abs_norm_stddev, \
              median_nearest(activation_abs_norm) AS activation_abs_norm_median \
              FROM trajectories GROUP BY task, architecture, learning_rule, epoch",
        peers: &["duckdb", "polars"],
        claim: 1.0,
    },
    Task {
        name: LISTS,
        sql: "SELECT list_observe(values) AS observed FROM lists",
        peers: &["duckdb", "numpy"],
        claim: 0.1,
    },
];

/// The task over a table of lists, and the table's name.
const LISTS: &str = "lists";

/// The side that is not a peer.
const OURS: &str = "ours";

/// One timed query, as either side prints it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Measurement {
    seconds: f64,
    peak_bytes: u64,
    before_bytes: u64,
    rows: usize,
    checksum: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, dataset, lists, task, repeats] = arguments.as_slice()
        && first == OURS
    {
        prefer_small_pages();
        let repeats = repeats.parse().expect("a number of repeats");
        return run_ours(dataset, Path::new(lists), find(task), repeats);
    }
    let is_given = |option: &str| arguments.iter().any(|argument| argument == option);
    let (is_quick, is_large) = (is_given("--quick"), is_given("--quick-large"));
    let named: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let tasks: Vec<&Task> = TASKS
        .iter()
        .filter(|task| named.is_empty() || named.iter().any(|name| *name == task.name))
        .collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let two = cores.min(2);
    let (rounds, settings) = match (is_quick, is_large) {
        (_, true) => (1, vec![(10, two)]),
        (true, _) => (1, vec![(1, two)]),
        _ => (ROUNDS, vec![(1, 1), (1, two), (10, two)]),
    };
    let mut bench = Bench::new(rounds);
    for (times, threads) in settings {
        bench.measure(&tasks, times, threads);
    }
    bench.print_growth();
    assert!(bench.missed.is_empty(), "missed: {:#?}", bench.missed);
}

fn find(name: &str) -> &'static Task {
    let task = TASKS.iter().find(|task| task.name == name);
    task.expect("a task of this bench")
}

struct Bench {
    rounds: usize,
    folder: PathBuf,
    /// Task, side, times, threads and median seconds of warm queries.
    medians: Vec<(&'static str, &'static str, usize, usize, f64)>,
    missed: Vec<String>,
}

impl Bench {
    fn new(rounds: usize) -> Self {
        let folder = std::env::var_os("ENGRAM_BENCH_DATA").map(PathBuf::from);
        let folder = folder.unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
        std::fs::create_dir_all(&folder).expect("the folder of the datasets can be made");
        Self {
            rounds,
            folder,
            medians: Vec::new(),
            missed: Vec::new(),
        }
    }

    fn measure(&mut self, tasks: &[&'static Task], times: usize, threads: usize) {
        let dataset = self.folder.join(format!("paper-sized-x{times}"));
        let lists = self.folder.join("lists.parquet");
        paper_sized::write(&dataset, times).expect("the dataset can be written");
        paper_sized::write_lists(&lists, N_LISTS, LIST_LENGTH).expect("the lists can be written");
        println!(
            "\nx{times}, {} examples, {threads} threads\n\
             task       side            warm s   cold s  peak MB  matrices  ours/side warm  cold",
            N_EXAMPLES * times
        );
        for task in tasks {
            if task.name == LISTS && times > 1 {
                continue;
            }
            let place = Place {
                dataset: &dataset,
                lists: &lists,
                task,
                threads,
            };
            let sides = self.sides(&place);
            self.report(task, times, threads, &sides);
        }
    }

    /// Warm and cold measurements of every side that could answer.
    fn sides(&mut self, place: &Place<'_>) -> Vec<Side> {
        let names = std::iter::once(OURS).chain(place.task.peers.iter().copied());
        let mut sides: Vec<Side> = names.map(Side::new).collect();
        for _ in 0..self.rounds {
            for repeats in [REPEATS, 0] {
                for side in &mut sides {
                    if side.failure.is_some() {
                        continue;
                    }
                    if repeats == 0 {
                        place.drop_files();
                    }
                    match place.ask(side.name, repeats) {
                        Err(failure) => side.failure = Some(failure),
                        Ok(measured) if repeats == 0 => side.cold.extend(measured),
                        Ok(measured) => side.warm.extend(measured),
                    }
                }
            }
        }
        for side in &sides {
            if let Some(failure) = &side.failure {
                println!(
                    "{:<10} {:<13} {}",
                    place.task.name,
                    side.name,
                    failure.trim_end()
                );
                self.missed
                    .push(format!("{}: {} failed", place.task.name, side.name));
            }
        }
        sides.retain(|side| side.failure.is_none());
        sides
    }

    fn report(&mut self, task: &'static Task, times: usize, threads: usize, sides: &[Side]) {
        let matrix = (N_EXAMPLES * times * N_ADMISSIBLE * N_CHECKPOINTS * 8) as f64;
        let ours = sides.iter().find(|side| side.name == OURS);
        for side in sides {
            let ratio = |seconds: fn(&Side) -> f64| {
                ours.map_or(f64::NAN, |ours| seconds(ours) / seconds(side))
            };
            println!(
                "{:<10} {:<13} {:>8.3} {:>8.3} {:>8.0} {:>9.2} {:>15.2} {:>5.2}",
                task.name,
                side.name,
                side.warm_seconds(),
                side.cold_seconds(),
                side.peak_bytes() / 1e6,
                side.peak_bytes() / matrix,
                ratio(Side::warm_seconds),
                ratio(Side::cold_seconds),
            );
            let median = side.warm_seconds();
            self.medians
                .push((task.name, side.name, times, threads, median));
        }
        let tolerance = if task.name == LISTS {
            SINGLE_TOLERANCE
        } else {
            TOLERANCE
        };
        let all: Vec<&Measurement> = sides
            .iter()
            .flat_map(|side| side.warm.iter().chain(&side.cold))
            .collect();
        for pair in all.windows(2) {
            assert_eq!(pair[0].rows, pair[1].rows, "{}: rows", task.name);
            let difference = (pair[0].checksum / pair[1].checksum - 1.0).abs();
            assert!(
                difference <= tolerance,
                "{}: the sides' answers differ, {pair:?}",
                task.name
            );
        }
        let Some(ours) = ours else { return };
        let mut check = |what: &str, ratio: f64, claim: f64| {
            if ratio > claim {
                let name = task.name;
                self.missed.push(format!(
                    "x{times}, {threads} threads, {name}: {what} {ratio:.2}, not {claim}"
                ));
            }
        };
        let compared = sides
            .iter()
            .filter(|side| side.name.starts_with("duckdb") || side.name == "numpy");
        for side in compared {
            let what = format!("time over that of {}", side.name);
            check(&what, ours.warm_seconds() / side.warm_seconds(), task.claim);
        }
        if task.name == LISTS {
            let rate = (N_LISTS * LIST_LENGTH * size_of::<f32>()) as f64 / ours.warm_seconds();
            let bandwidth = memory_bandwidth(threads);
            println!(
                "{:<10} ours reads {:.2} GB/s, {:.0}% of the {:.1} GB/s of copying memory",
                task.name,
                rate / 1e9,
                100.0 * rate / bandwidth,
                bandwidth / 1e9
            );
        } else {
            check(
                "peak memory in matrices",
                ours.peak_bytes() / matrix,
                PEAK_CLAIM,
            );
        }
    }

    fn print_growth(&mut self) {
        let larger: Vec<_> = self
            .medians
            .iter()
            .filter(|(_, _, times, _, _)| *times == 10)
            .collect();
        let mut missed = Vec::new();
        for (task, side, _, threads, seconds) in larger {
            let smaller = self
                .medians
                .iter()
                .find(|(t, s, times, n, _)| (t, s, *times, n) == (task, side, 1, threads));
            if let Some((_, _, _, _, before)) = smaller {
                let growth = seconds / before;
                println!("{task:<10} {side:<13} from x1 to x10: {growth:.1} times the time");
                if *side == OURS && growth > GROWTH_CLAIM {
                    missed.push(format!(
                        "{task}: growth {growth:.1}, not at most {GROWTH_CLAIM}"
                    ));
                }
            }
        }
        self.missed.extend(missed);
    }
}

/// One side's measurements of one task.
struct Side {
    name: &'static str,
    warm: Vec<Measurement>,
    cold: Vec<Measurement>,
    failure: Option<String>,
}

impl Side {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            warm: Vec::new(),
            cold: Vec::new(),
            failure: None,
        }
    }

    fn warm_seconds(&self) -> f64 {
        median(self.warm.iter().map(|measured| measured.seconds))
    }

    fn cold_seconds(&self) -> f64 {
        median(self.cold.iter().map(|measured| measured.seconds))
    }

    fn peak_bytes(&self) -> f64 {
        median(self.cold.iter().map(|measured| measured.peak_bytes as f64))
    }
}

/// Where a question is asked.
struct Place<'a> {
    dataset: &'a Path,
    lists: &'a Path,
    task: &'static Task,
    threads: usize,
}

impl Place<'_> {
    /// What a process of the side prints, or what went wrong.
    fn ask(&self, side: &str, repeats: usize) -> Result<Vec<Measurement>, String> {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", &format!("0-{}", self.threads - 1)]);
        if side == OURS {
            let own = std::env::current_exe().expect("a benchmark has a path");
            command.arg(own).arg(OURS);
        } else {
            command.arg(python()).arg(script()).arg("run");
        }
        command.args([self.dataset, self.lists]).arg(self.task.name);
        if side != OURS {
            command.args([side, &self.threads.to_string()]);
        }
        command.arg(repeats.to_string());
        let output = command.output().expect("taskset of util-linux is there");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let text = String::from_utf8_lossy(&output.stdout);
        text.lines()
            .map(|line| serde_json::from_str(line).map_err(|error| format!("{error}: {line}")))
            .collect()
    }

    /// Takes the dataset's files out of the page cache.
    fn drop_files(&self) {
        let mut command = Command::new(python());
        let status = command.arg(script()).arg("drop").arg(self.dataset).status();
        let is_success = status.is_ok_and(|status| status.success());
        assert!(is_success, "scripts/setup-peers.sh makes the peers' Python");
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn script() -> PathBuf {
    repository().join("benches/peers/queries.py")
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

/// Bytes a second that copying moves, read and written ones counted.
fn memory_bandwidth(threads: usize) -> f64 {
    const BYTES: usize = 64 << 20;
    let mut buffers = vec![(vec![1_u8; BYTES], vec![0_u8; BYTES]); threads];
    let seconds = (0..5).map(|_| {
        let started = Instant::now();
        std::thread::scope(|scope| {
            for (from, to) in &mut buffers {
                scope.spawn(|| to.copy_from_slice(from));
            }
        });
        started.elapsed().as_secs_f64()
    });
    (2 * BYTES * threads) as f64 / seconds.fold(f64::INFINITY, f64::min)
}

/// Asks as a process of its own and prints a measurement a line.
fn run_ours(dataset: &str, lists: &Path, task: &Task, repeats: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(std::thread::available_parallelism().map_or(1, usize::from))
        .enable_all()
        .build()
        .expect("a runtime can be built");
    let before_bytes = resident("VmRSS");
    let failed = |error: &dyn std::error::Error| -> ! {
        eprintln!("{error}");
        let mut source = error.source();
        while let Some(error) = source {
            eprintln!("  {error}");
            source = error.source();
        }
        std::process::exit(1)
    };
    runtime.block_on(async {
        let opened = Instant::now();
        let location = DatasetLocation::open(dataset).unwrap_or_else(|error| failed(&error));
        let session = Session::open(&location)
            .await
            .unwrap_or_else(|error| failed(&error));
        let mut opening = opened.elapsed().as_secs_f64();
        if task.name == LISTS {
            opening = 0.0;
            register_lists(&session, lists);
        }
        let ask = async || {
            let answer = session
                .sql(task.sql)
                .await
                .unwrap_or_else(|error| failed(&error));
            answer
                .collect()
                .await
                .unwrap_or_else(|error| failed(&error))
        };
        if repeats > 0 {
            opening = 0.0;
            ask().await;
        }
        for _ in 0..repeats.max(1) {
            let started = Instant::now();
            let answer = ask().await;
            let seconds = started.elapsed().as_secs_f64() + opening;
            let peak_bytes = resident("VmHWM");
            let measured = Measurement {
                seconds,
                peak_bytes,
                before_bytes,
                rows: answer.iter().map(RecordBatch::num_rows).sum(),
                checksum: answer.iter().map(|rows| checksum(task, rows)).sum(),
            };
            let line = serde_json::to_string(&measured).expect("numbers are JSON");
            println!("{line}");
        }
    });
}

/// The lists as a table in memory, a partition a thread.
fn register_lists(session: &Session, file: &Path) {
    let file = File::open(file).expect("the file of lists is there");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.with_batch_size(LISTS_IN_BATCH).build())
        .expect("the file of lists is Parquet");
    let batches: Vec<RecordBatch> = reader.map(|rows| rows.expect("a batch of lists")).collect();
    let schema = batches.first().expect("there are lists").schema();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let partitions = batches.chunks(batches.len().div_ceil(threads));
    let partitions = partitions.map(<[RecordBatch]>::to_vec).collect();
    let table = MemTable::try_new(schema, partitions).expect("batches of one schema");
    let registered = session.context().register_table(LISTS, Arc::new(table));
    registered.expect("the name is free");
}

/// A sum in which every value counts by its place in its row, as the peers have it.
fn checksum(task: &Task, rows: &RecordBatch) -> f64 {
    let column = |name: &str| {
        let column = rows.column_by_name(name);
        column.unwrap_or_else(|| panic!("{}: there is no column {name}", task.name))
    };
    let weighted = |columns: &[ArrayRef]| {
        let sums = columns.iter().enumerate();
        sums.map(|(place, column)| (place + 1) as f64 * floats(column).iter().sum::<f64>())
            .sum()
    };
    match task.name {
        "features" | "held_out" => {
            let lists = DataType::new_list(DataType::Float64, true);
            let features = cast(column("features"), &lists).expect("features are lists of numbers");
            let of_row = |values: ArrayRef| -> f64 {
                let values = floats(&values);
                let places = values.iter().enumerate();
                places
                    .map(|(place, value)| (place + 1) as f64 * value)
                    .sum()
            };
            let matrix: f64 = features.as_list::<i32>().iter().flatten().map(of_row).sum();
            if task.name == "features" {
                return matrix;
            }
            let side = cast(column("side"), &DataType::Utf8).expect("a side is text");
            let n_test = side
                .as_string::<i32>()
                .iter()
                .filter(|side| *side == Some("test"))
                .count();
            matrix + n_test as f64
        }
        "subsample" => weighted(
            &["epoch", "weight_abs_median", "activation_abs_norm"]
                .map(column)
                .map(Arc::clone),
        ),
        LISTS => weighted(column("observed").as_struct().columns()),
        _ => weighted(&rows.columns()[4..]),
    }
}

fn floats(column: &ArrayRef) -> Vec<f64> {
    let column = cast(column, &DataType::Float64).expect("a column of numbers");
    column.as_primitive::<Float64Type>().values().to_vec()
}
