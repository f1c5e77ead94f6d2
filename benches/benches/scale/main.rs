//! What questions cost in a release of the study's size and in larger ones: time, bytes read, requests, memory; from a folder and
//! from an object store, with nodes and without.
//!
//! ```text
//! cargo bench --bench scale                                 x1 and x10, from a folder
//! cargo bench --bench scale -- --quick                      x1 and x2
//! cargo bench --bench scale -- 1 10 100                     these sizes; x100 takes 14 GB of disk
//! cargo bench --bench scale -- --store                      from a bucket, by S3's protocol
//! cargo bench --bench scale -- --store --latency 30         a bucket whose answers take 30 ms longer
//! cargo bench --bench scale -- --moto                       from moto, which is another's, with requests counted
//! cargo bench --bench scale -- --nodes 0,1,2,3              with so many nodes, of which 0 is none
//! cargo bench --bench scale -- --only one_run,network       these questions
//! cargo bench --bench scale -- --status                     `engram status` of sweeps in a bucket
//! cargo bench --bench scale -- --status --latency 100       the same, of which every page takes 100 ms longer
//! ```
//!
//! The releases are those of `release.rs`. Every question is asked by a process of its own, which opens the release, asks, and asks
//! again. Bytes and requests are those of the first time, the opening included: from a folder as Linux counts reads, those from the
//! page cache too; from a bucket as the bucket counts them. What a question reads should follow its answer: the first three have the
//! same answer at every size, the others' grows with it. Nodes are new for every question, and share the machine's cores.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and its figures are its output"
)]

mod asking;
mod nodes;
mod questions;
mod release;
mod status;

use std::path::{Path, PathBuf};
use std::time::Duration;

use engram_tests::emulators::{Bucket, Moto, Place};

use asking::{Cost, Source};
use questions::QUESTIONS;

/// The most that a question with the same answer may cost in the largest release, as a multiple of the smallest.
const CLAIM: f64 = 1.3;

/// What is to be measured.
struct Wanted {
    sizes: Vec<usize>,
    stores: Vec<Store>,
    n_nodes: Vec<usize>,
    /// All where there are none.
    only: Vec<String>,
    /// By how much the answers of a bucket are later.
    latency: Duration,
}

/// Where a release lies.
#[derive(Clone, Copy, Debug)]
enum Store {
    Folder,
    Bucket { latency: Duration },
    Moto,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, place, name, nodes] = arguments.as_slice()
        && first == asking::ASK
    {
        engram_benches::prefer_small_pages();
        return asking::answer(place, name, nodes);
    }
    if let [first, place] = arguments.as_slice()
        && first == nodes::NODE
    {
        return nodes::work(place);
    }
    let wanted = Wanted::of(&arguments);
    if arguments.iter().any(|argument| argument == "--status") {
        return status::measure(wanted.latency);
    }
    let releases: Vec<PathBuf> = wanted
        .sizes
        .iter()
        .map(|&times| release::made(times))
        .collect();
    println!(
        "question  size   place        nodes    rows  open s  first s  again s  MB read requests  peak MB  a node's  first, again, MB and requests as multiples of the first size"
    );
    for store in &wanted.stores {
        let sources: Vec<Source> = releases
            .iter()
            .zip(&wanted.sizes)
            .map(|(release, &times)| source(*store, release, times))
            .collect();
        for &n_nodes in &wanted.n_nodes {
            for question in &QUESTIONS {
                let is_asked =
                    wanted.only.is_empty() || wanted.only.iter().any(|name| name == question.name);
                if !is_asked {
                    continue;
                }
                let mut smallest: Option<Cost> = None;
                for (source, &times) in sources.iter().zip(&wanted.sizes) {
                    if times > question.largest {
                        println!("{:<9} x{times}: not asked", question.name);
                        continue;
                    }
                    let cost = asking::ask(source, question, n_nodes);
                    let smallest = smallest.get_or_insert_with(|| cost.clone());
                    let place = format!("{:<12} {n_nodes:>5}", store.name());
                    let limit = match question.is_selective {
                        true => format!(" (at most {CLAIM})"),
                        false => String::new(),
                    };
                    let ratios = cost.over(smallest);
                    println!(
                        "{:<9} {:<5} {place} {cost}  {ratios}{limit}",
                        question.name,
                        format!("x{times}")
                    );
                }
            }
        }
    }
}

impl Wanted {
    fn of(arguments: &[String]) -> Self {
        let has = |name: &str| arguments.iter().any(|argument| argument == name);
        let after = |name: &str| {
            let place = arguments.iter().position(|argument| argument == name);
            place.and_then(|place| arguments.get(place + 1)).cloned()
        };
        let latency = after("--latency").map_or(0, |text| text.parse().unwrap());
        let latency = Duration::from_millis(latency);
        let nodes = after("--nodes").unwrap_or_else(|| "0".to_owned());
        let only = after("--only").unwrap_or_default();
        let values = [after("--latency"), after("--nodes"), after("--only")];
        let numbers = arguments
            .iter()
            .filter(|argument| !values.contains(&Some((*argument).clone())));
        let sizes: Vec<usize> = numbers.filter_map(|text| text.parse().ok()).collect();
        let store = match (has("--store"), has("--moto")) {
            (_, true) => Store::Moto,
            (true, false) => Store::Bucket { latency },
            (false, false) => Store::Folder,
        };
        Self {
            sizes: match sizes.is_empty() {
                true if has("--quick") => vec![1, 2],
                true => vec![1, 10],
                false => sizes,
            },
            stores: vec![store],
            latency,
            n_nodes: nodes.split(',').map(|text| text.parse().unwrap()).collect(),
            only: only
                .split(',')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }
}

impl Store {
    fn name(self) -> String {
        match self {
            Self::Folder => "folder".to_owned(),
            Self::Bucket { latency } if latency.is_zero() => "bucket".to_owned(),
            Self::Bucket { latency } => format!("bucket+{}ms", latency.as_millis()),
            Self::Moto => "moto".to_owned(),
        }
    }
}

/// The release as it is asked there.
fn source(store: Store, release: &Path, times: usize) -> Source {
    match store {
        Store::Folder => Source {
            place: Place {
                url: release.display().to_string(),
                environment: Vec::new(),
            },
            bucket: None,
            _moto: None,
        },
        Store::Bucket { latency } => {
            let bucket = Bucket::of_folder(release, latency).unwrap();
            Source {
                place: bucket.place(),
                bucket: Some(bucket),
                _moto: None,
            }
        }
        Store::Moto => {
            let moto = Moto::shared().unwrap();
            let place = moto.place(&format!("release-x{times}"));
            let bucket = Bucket::before(moto.address());
            moto.fill(&place, release).unwrap();
            Source {
                place: bucket.through(place),
                bucket: Some(bucket),
                _moto: Some(moto),
            }
        }
    }
}
