//! Releases of made-up runs, a multiple of the study's size, without a sweep's folder before them: a hundred thousand files would
//! take more room than the release.
//!
//! The rows of one task and architecture after the other go through the cutter that `engram publish` cuts parts with, in its order.
//! At the study's size the parts are compared with those that it publishes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use engram_benches::paper_sized;
use engram_engine::Session;
use engram_plan::PlannedRun;
use engram_release::parts::{Cutter, EncodedPart, PART_BYTES};
use engram_release::run_parts::RunParts;
use engram_release::{PublishSettings, TRAJECTORIES_KEY, publish};
use engram_schemas::manifest::{self, FOOTERS, File, Manifest, Part, PartFile, Table};
use engram_schemas::trajectories::{self, file_schema};
use engram_schemas::{DatasetLocation, SCHEMA_VERSION, file_hash, run_parts};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::asking::wait_for;

/// The size at which the parts are compared.
const COMPARED: usize = 1;

/// Digits of a part's hash that stand in its name.
const NAME_DIGITS: usize = 12;

/// The folder of the release of so many times the study's size, made unless it is there.
pub(crate) fn made(times: usize) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let release = folder.join(format!("made-release-x{times}"));
    if release.join(manifest::FILE).exists() {
        return release;
    }
    let _ = std::fs::remove_dir_all(&release);
    let began = Instant::now();
    let manifest = make(&release, times);
    let sizes: Vec<u64> = manifest.parts().map(|part| part.file.size_bytes).collect();
    let footers: u64 = manifest.parts().map(|part| part.footer_bytes).sum();
    println!(
        "x{times}: {} runs in {} parts, {:.0} MB, of which their ends {:.1} MB, made in {:.0} s",
        manifest.n_runs,
        sizes.len(),
        sizes.iter().sum::<u64>() as f64 / 1e6,
        footers as f64 / 1e6,
        began.elapsed().as_secs_f64()
    );
    if times == COMPARED {
        compare(folder, &manifest);
    }
    release
}

fn make(release: &Path, times: usize) -> Manifest {
    let runs = paper_sized::runs(times).unwrap();
    let n_runs = runs.len() as u64;
    let mut partitions: BTreeMap<_, Vec<PlannedRun>> = BTreeMap::new();
    for run in runs {
        let file = run.file();
        let names = (file.architecture.to_string(), file.task.to_string());
        partitions.entry(names).or_default().push(run);
    }
    let partitions: Vec<Vec<PlannedRun>> = partitions.into_values().collect();
    let made: Vec<Vec<Made>> = partitions
        .into_par_iter()
        .map(|runs| partition(release, runs))
        .collect();
    let mut footers = Vec::new();
    let mut parts = Vec::new();
    let mut run_parts = RunParts::default();
    for mut made in made.into_iter().flatten() {
        made.part.footer_offset = footers.len() as u64;
        footers.extend(made.end);
        run_parts.add(&made.part.file.path, &made.runs);
        parts.push(made.part);
    }
    let write = |name: &str, content: &[u8]| {
        std::fs::write(release.join(name), content).unwrap();
        File {
            path: name.to_owned(),
            size_bytes: content.len() as u64,
            sha256: hash(content),
        }
    };
    let files = vec![
        write(FOOTERS, &footers),
        write(run_parts::FILE, &run_parts.encode().unwrap()),
    ];
    let manifest = Manifest {
        format: manifest::FORMAT.to_owned(),
        name: "paper-sized".to_owned(),
        version: "1.0.0".to_owned(),
        license: "CC-BY-4.0".to_owned(),
        schema_version: SCHEMA_VERSION.to_owned(),
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
        content: hash(&footers),
        n_runs,
        n_planned: n_runs,
        missing: Vec::new(),
        tables: vec![Table {
            name: trajectories::TABLE.to_owned(),
            n_rows: parts.iter().map(|part| part.n_rows).sum(),
            parts,
        }],
        files,
    };
    std::fs::write(release.join(manifest::FILE), manifest.to_json()).unwrap();
    manifest
}

/// A part that was written, its end, and the runs in it.
struct Made {
    part: Part,
    end: Vec<u8>,
    runs: Vec<String>,
}

/// The parts of the runs of one task and architecture.
fn partition(release: &Path, mut runs: Vec<PlannedRun>) -> Vec<Made> {
    runs.sort_by_key(|run| {
        let rule = run.configuration.learning_rule.rule();
        (rule.to_string(), run.run_id.clone())
    });
    let mut cutter = Cutter::try_new(file_schema(), &TRAJECTORIES_KEY, PART_BYTES).unwrap();
    let mut written = Vec::new();
    for run in &runs {
        let rows = paper_sized::rows(run).unwrap();
        for part in cutter.take(&rows).unwrap() {
            written.push(write(release, run, written.len(), part));
        }
    }
    for part in cutter.finish().unwrap().0 {
        written.push(write(release, &runs[0], written.len(), part));
    }
    written
}

fn write(release: &Path, run: &PlannedRun, number: usize, part: EncodedPart) -> Made {
    let (file, sha256) = (run.file(), hash(&part.content));
    let path = PartFile {
        table: trajectories::TABLE,
        task: file.task,
        architecture: file.architecture,
        number,
        hash: sha256[..NAME_DIGITS].to_owned(),
    };
    let path = path.path(&Default::default()).to_string();
    let place = release.join(&path);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(place, &part.content).unwrap();
    let end = part.content[part.tail_offset as usize..].to_vec();
    let entry = Part {
        file: File {
            path,
            size_bytes: part.content.len() as u64,
            sha256,
        },
        n_rows: part.n_rows,
        n_runs: part.runs.len() as u64,
        footer_offset: 0,
        footer_bytes: end.len() as u64,
        bounds: part.bounds.clone(),
    };
    Made {
        part: entry,
        end,
        runs: part.runs,
    }
}

/// Publishes a sweep of the same runs, and compares what was made with it.
fn compare(folder: &Path, made: &Manifest) {
    let sweep = folder.join(format!("paper-sized-x{COMPARED}"));
    paper_sized::write(&sweep, COMPARED).unwrap();
    let published = tempfile::tempdir_in(folder).unwrap();
    let settings = PublishSettings {
        allow_partial: true,
        ..PublishSettings::default()
    };
    let began = Instant::now();
    let published = wait_for(async {
        let from = DatasetLocation::open(sweep.to_str().unwrap()).unwrap();
        let to = published.path().join("release");
        let to = DatasetLocation::open_to_write(to.to_str().unwrap()).unwrap();
        let session = Session::open(&from).await.unwrap();
        publish(&session, &to, &settings, |_| ()).await.unwrap()
    });
    assert_eq!(published.manifest.tables, made.tables);
    println!(
        "x{COMPARED}: `publish` makes the same parts of a sweep, in {:.1} s",
        began.elapsed().as_secs_f64()
    );
}

fn hash(content: &[u8]) -> String {
    file_hash::hexadecimal(&Sha256::digest(content))
}
