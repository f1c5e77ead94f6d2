//! Every command on every kind of store, as a user runs it, against servers on the loopback device.
//!
//! S3 and Azure are emulators of other people that `make emulators` fetches; without them their tests say that they are
//! skipped, unless `ENGRAM_REQUIRE_EMULATORS=1` asks them to fail, as in CI. The server for Google is a page of ours.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod azure;
mod credentials;
mod gcs;
mod http;
mod messages;
mod s3;
mod secrets;
mod status;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use engram_tests::commands::{SMALL_SWEEP, engram};
use engram_tests::emulators::{Place, Shared};
use futures::TryStreamExt;
use object_store::{ObjectStoreExt, PutMode, PutOptions};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The sweep of these tests: six networks of one epoch.
static SWEEP: LazyLock<String> =
    LazyLock::new(|| SMALL_SWEEP.replace("model_seeds = [0]", "model_seeds = [0, 1, 2]"));

/// What the commands of these tests make of the sweep in a local folder.
struct Reference {
    folder: TempDir,
    files: BTreeMap<String, Bytes>,
    answers: Vec<String>,
}

impl Reference {
    fn shared() -> Arc<Self> {
        static REFERENCE: Shared<Reference> = Shared::new();
        REFERENCE.get(|| Some(Self::make())).unwrap()
    }

    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let local = Place {
            url: folder.path().join("dataset").display().to_string(),
            environment: Vec::new(),
        };
        let sweep = sweep_file(folder.path());
        fill(&local, &sweep);
        let answers = answers(&local);
        let stored = Place {
            url: format!("file://{}", local.url),
            ..local
        };
        let files = objects(&stored);
        Self {
            folder,
            files,
            answers,
        }
    }

    fn sweep(&self) -> PathBuf {
        self.folder.path().join("sweep.toml")
    }
}

fn sweep_file(folder: &Path) -> PathBuf {
    let file = folder.join("sweep.toml");
    std::fs::write(&file, &*SWEEP).unwrap();
    file
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn success(mut command: Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", stderr(&output));
    output
}

/// What a command prints that does not work, and its exit code.
fn failure(mut command: Command) -> (String, Option<i32>) {
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{command:?}");
    (stderr(&output), output.status.code())
}

/// `engram generate` of the sweep into a place.
fn generate(place: &Place, sweep: &Path) -> Command {
    let mut command = place.engram(&["generate", "--workers", "2", "--keep-networks"]);
    command.arg(sweep).arg("--to").arg(&place.url);
    command
}

/// Trains the sweep into a place, and observes its networks under other conditions too.
fn fill(place: &Place, sweep: &Path) {
    let text = stderr(&success(generate(place, sweep)));
    assert!(text.contains("6 trained in"), "{text}");
    let ask = format!("ask it:  engram sql --at {} ", place.url);
    assert!(text.contains(&ask), "{text}");
    let mut observe = place.engram(&["observe", "--noise-stddevs", "0.5", "--workers", "2"]);
    observe.arg(sweep).arg("--at").arg(&place.url);
    success(observe);
}

/// What the commands that read say of a place, with its name taken out.
fn answers(place: &Place) -> Vec<String> {
    let commands: [&[&str]; 4] = [
        &[
            "sql",
            "--format",
            "csv",
            "SELECT * FROM trajectories ORDER BY run_id, layer, epoch, noise_stddev",
        ],
        &["query", "admissible_statistics", "--format", "csv"],
        &["identify", "--splits", "2", "--trees", "20"],
        &[
            "sql",
            "--format",
            "csv",
            "SELECT classifier, split, accuracy FROM results ORDER BY split",
        ],
    ];
    let answer = |arguments: &&[&str]| {
        let mut command = place.engram(arguments);
        command.arg("--at").arg(&place.url);
        let output = success(command);
        String::from_utf8(output.stdout)
            .unwrap()
            .replace(&place.url, "PLACE")
    };
    commands.iter().map(answer).collect()
}

/// Every object below a place with its bytes, read without any of our code.
fn objects(place: &Place) -> BTreeMap<String, Bytes> {
    let (store, root) = place.store();
    Runtime::new().unwrap().block_on(async {
        let listed: Vec<_> = store.list(Some(&root)).try_collect().await.unwrap();
        let mut found = BTreeMap::new();
        for object in listed {
            let name = object.location.prefix_match(&root).unwrap();
            let name: Vec<_> = name.map(|part| part.as_ref().to_owned()).collect();
            let read = store.get(&object.location).await.unwrap();
            found.insert(name.join("/"), read.bytes().await.unwrap());
        }
        found
    })
}

/// The objects whose names begin so.
fn below<'a>(files: &'a BTreeMap<String, Bytes>, folder: &str) -> BTreeMap<&'a str, &'a Bytes> {
    let below = files.iter().filter(|(name, _)| name.starts_with(folder));
    below.map(|(name, bytes)| (name.as_str(), bytes)).collect()
}

/// A place is filled and asked, and everything is as in a folder.
fn is_as_good_as_a_folder(place: &Place) {
    let reference = Reference::shared();
    let sweep = reference.sweep();
    fill(place, &sweep);
    assert_eq!(answers(place), reference.answers);
    let files = objects(place);
    for folder in ["trajectories/", "networks/"] {
        let (ours, theirs) = (below(&files, folder), below(&reference.files, folder));
        assert_eq!(ours.len(), 12, "{folder}");
        assert!(ours == theirs, "{folder}");
    }
    assert!(
        files.keys().eq(reference.files.keys()),
        "{:?}",
        files.keys()
    );

    let mut status = place.engram(&["status", "--format", "json"]);
    status.arg(&sweep).arg("--at").arg(&place.url);
    let status: serde_json::Value = serde_json::from_slice(&success(status).stdout).unwrap();
    assert_eq!(status["done"], 6, "{status}");

    // What is there is not trained again.
    let text = stderr(&success(generate(place, &sweep)));
    assert!(
        text.contains("6 networks are there, 0 are to be trained"),
        "{text}"
    );
}

/// Of many that create one object at the same time, one does.
fn creates_are_exclusive(place: &Place) {
    let (store, root) = place.store();
    Runtime::new().unwrap().block_on(async {
        for round in 0..5 {
            let path = root.clone().join(format!("race {round}"));
            let create = |n: usize| {
                let options = PutOptions::from(PutMode::Create);
                let (store, path) = (Arc::clone(&store), path.clone());
                tokio::spawn(
                    async move { store.put_opts(&path, n.to_string().into(), options).await },
                )
            };
            let racers: Vec<_> = (0..8).map(create).collect();
            let mut winners = Vec::new();
            for (n, racer) in racers.into_iter().enumerate() {
                match racer.await.unwrap() {
                    Ok(_) => winners.push(n.to_string()),
                    Err(object_store::Error::AlreadyExists { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            let stored = store.get(&path).await.unwrap().bytes().await.unwrap();
            assert_eq!(winners, [String::from_utf8_lossy(&stored)]);
        }
    });
}

#[test]
fn the_passwords_of_places_are_not_in_the_help() {
    let help = engram(&["sql", "--help"])
        .env("ENGRAM_DATASET", "https://user:hidden@host/data")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&help.stdout);
    assert!(text.contains("ENGRAM_DATASET") && !text.contains("hidden"));
}
