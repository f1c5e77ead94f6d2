//! Nodes beside an object store: each reads what it needs of it, and nothing goes by way of the command.

use std::path::{Path, PathBuf};

use engram_tests::emulators::{Gcs, Moto, Place};
use object_store::ObjectStoreExt;

use crate::{NodeProcess, asking, dataset, done};

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .collect()
}

fn fill(place: &Place, folder: &Path) {
    let (store, root) = place.store();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for file in files(folder) {
        let name = file.strip_prefix(folder).unwrap().to_str().unwrap();
        let path = name
            .split('/')
            .fold(root.clone(), |path, part| path.join(part));
        let bytes = std::fs::read(&file).unwrap();
        runtime.block_on(store.put(&path, bytes.into())).unwrap();
    }
}

fn answers_from(place: &Place) {
    let dataset = dataset();
    fill(place, dataset.path());
    let nodes = [1, 2].map(|_| {
        let arguments = [
            "node",
            "--listen",
            "127.0.0.1:0",
            "--threads",
            "2",
            "--at",
            &place.url,
        ];
        NodeProcess::start(place.engram(&arguments))
    });
    let addresses = nodes.each_ref().map(|node| node.address.as_str()).join(",");
    for query in ["figure_s1", "validation_accuracy"] {
        let (here, _) = done(asking(
            &["query", query, "--format", "json"],
            dataset.path(),
            &[],
        ));
        let arguments = [
            "query", query, "--format", "json", "--at", &place.url, "--nodes", &addresses,
        ];
        let (there, _) = done(place.engram(&arguments));
        assert_eq!(here, there, "{query}");
    }
}

#[test]
fn nodes_read_from_s3() {
    if let Some(moto) = Moto::shared() {
        answers_from(&moto.place("nodes"));
    }
}

#[test]
fn nodes_read_from_google_cloud_storage() {
    let gcs = Gcs::start();
    answers_from(&gcs.place("nodes"));
}
