//! What questions cost in a release of the study's size and in larger ones: time, bytes read, reads, memory.
//!
//! ```text
//! cargo bench --bench scale                   x1 and x10
//! cargo bench --bench scale -- --quick        x1 and x2
//! cargo bench --bench scale -- 1 100          these sizes; x100 takes some 20 GB of disk
//! ```
//!
//! The datasets are those of `engram_benches::paper_sized`, published as releases. Every question is asked by a process of its own,
//! which opens the release and asks twice. Bytes and reads are those of the first time, the opening included, as Linux counts them:
//! what comes from the page cache counts. What a question reads should follow its answer: the first three have the same answer at
//! every size, the others' grows with it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and its figures are its output"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use arrow::array::RecordBatch;
use engram_benches::paper_sized;
use engram_benches::process::{bytes_read, reads, resident};
use engram_engine::Session;
use engram_release::{PublishSettings, publish};
use engram_schemas::DatasetLocation;
use serde::{Deserialize, Serialize};

/// The most that a question with the same answer may cost in the largest release, as a multiple of the smallest.
const CLAIM: f64 = 1.3;

/// A run that there is at every size.
const RUN: &str = "08e686cf0eb31f123ead";

struct Question {
    name: &'static str,
    sql: &'static str,
    /// Whether its answer is the same at every size.
    is_selective: bool,
}

const QUESTIONS: [Question; 6] = [
    Question {
        name: "one_run",
        sql: "SELECT layer, epoch, weight_raw_mean FROM trajectories WHERE run_id = $run ORDER BY ALL",
        is_selective: true,
    },
    Question {
        name: "run_all",
        sql: "SELECT * FROM trajectories WHERE run_id = $run",
        is_selective: true,
    },
    Question {
        name: "runs_few",
        sql: "SELECT run_id, max(epoch), avg(weight_abs_norm) FROM trajectories WHERE run_id IN ($run) AND layer_index < 2 GROUP BY ALL",
        is_selective: true,
    },
    Question {
        name: "network",
        sql: "SELECT learning_rule, epoch, avg(activation_raw_var) FROM trajectories \
              WHERE task = 'cifar10' AND architecture = 'knet4' GROUP BY ALL ORDER BY ALL",
        is_selective: false,
    },
    Question {
        name: "count",
        sql: "SELECT task, learning_rule, count(*) FROM trajectories GROUP BY ALL ORDER BY ALL",
        is_selective: false,
    },
    Question {
        name: "features",
        sql: "SELECT run_id, layer, features FROM features('weight')",
        is_selective: false,
    },
];

/// What a process measured.
#[derive(Serialize, Deserialize)]
struct Measured {
    opening_seconds: f64,
    first_seconds: f64,
    again_seconds: f64,
    n_bytes: u64,
    n_reads: u64,
    peak_bytes: u64,
    n_rows: usize,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [release, name] = arguments.as_slice()
        && let Some(question) = QUESTIONS.iter().find(|question| question.name == name)
    {
        let measured = wait_for(ask(Path::new(release), question));
        println!("{}", serde_json::to_string(&measured).unwrap());
        return;
    }
    let asked: Vec<usize> = arguments.iter().filter_map(|n| n.parse().ok()).collect();
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let sizes = match asked.is_empty() {
        true if is_quick => vec![1, 2],
        true => vec![1, 10],
        false => asked,
    };
    println!(
        "question   size    rows  open s  first s  again s  MB read   reads  peak MB  again and bytes, as multiples of the first size"
    );
    let releases: Vec<PathBuf> = sizes.iter().map(|&times| release(times)).collect();
    for question in &QUESTIONS {
        let mut smallest: Option<Measured> = None;
        for (times, release) in sizes.iter().zip(&releases) {
            let measured = in_process(release, question);
            let smallest = smallest.get_or_insert_with(|| in_process(release, question));
            let ratio = |of: fn(&Measured) -> f64| of(&measured) / of(smallest);
            println!(
                "{:<9} {:>5} {:>7} {:>7.3} {:>8.3} {:>8.3} {:>8.2} {:>7} {:>8.0}  {:.2} {:.2}{}",
                question.name,
                format!("x{times}"),
                measured.n_rows,
                measured.opening_seconds,
                measured.first_seconds,
                measured.again_seconds,
                measured.n_bytes as f64 / 1e6,
                measured.n_reads,
                measured.peak_bytes as f64 / 1e6,
                ratio(|of| of.again_seconds),
                ratio(|of| of.n_bytes as f64),
                match question.is_selective {
                    true => format!(" (at most {CLAIM})"),
                    false => String::new(),
                }
            );
        }
    }
}

/// The release of so many times the study's size, made unless it is there.
fn release(times: usize) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let release = folder.join(format!("release-x{times}"));
    if release.join("manifest.json").exists() {
        return release;
    }
    let sweep = folder.join(format!("paper-sized-x{times}"));
    paper_sized::write(&sweep, times).unwrap();
    let settings = PublishSettings {
        name: "paper-sized".to_owned(),
        version: "1.0.0".to_owned(),
        allow_partial: true,
        ..PublishSettings::default()
    };
    let began = Instant::now();
    let published = wait_for(async {
        let from = DatasetLocation::open(sweep.to_str().unwrap()).unwrap();
        let to = DatasetLocation::open_to_write(release.to_str().unwrap()).unwrap();
        let session = Session::open(&from).await.unwrap();
        publish(&session, &to, &settings, |_| ()).await.unwrap()
    });
    let parts = published.manifest.parts();
    let sizes: Vec<u64> = parts.map(|part| part.file.size_bytes).collect();
    println!(
        "x{times}: {} runs in {} parts, {:.0} MB, published in {:.0} s",
        published.manifest.n_runs,
        sizes.len(),
        sizes.iter().sum::<u64>() as f64 / 1e6,
        began.elapsed().as_secs_f64()
    );
    release
}

fn in_process(release: &Path, question: &Question) -> Measured {
    let mut process = Command::new(std::env::current_exe().unwrap());
    let output = process.arg(release).arg(question.name).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", question.name);
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn ask(release: &Path, question: &Question) -> Measured {
    let (bytes_before, reads_before) = (bytes_read(), reads());
    let began = Instant::now();
    let location = DatasetLocation::open(release.to_str().unwrap()).unwrap();
    let session = Session::open(&location).await.unwrap();
    let opening_seconds = began.elapsed().as_secs_f64();
    let sql = question.sql.replace("$run", &format!("'{RUN}'"));
    let collected = async || {
        let began = Instant::now();
        let rows = session.sql(&sql).await.unwrap().collect().await.unwrap();
        (began.elapsed().as_secs_f64(), rows)
    };
    let (first_seconds, rows) = collected().await;
    let (n_bytes, n_reads) = (bytes_read() - bytes_before, reads() - reads_before);
    let (again_seconds, _) = collected().await;
    Measured {
        opening_seconds,
        first_seconds,
        again_seconds,
        n_bytes,
        n_reads,
        peak_bytes: resident("VmHWM"),
        n_rows: rows.iter().map(RecordBatch::num_rows).sum(),
    }
}

fn wait_for<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}
