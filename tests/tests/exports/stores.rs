//! Exports to a store.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use engram_tests::emulators::{Moto, Place};
use futures::TryStreamExt;
use object_store::ObjectStoreExt;

use super::{dataset, export, exported, read, stderr};

fn export_to(place: &Place, name: &str, arguments: &[&str]) -> (bool, String) {
    let mut command = place.engram(&["export", "--at"]);
    command
        .arg(dataset())
        .arg("--to")
        .arg(format!("{}/{name}", place.url))
        .args(arguments);
    let output = command.output().unwrap();
    (output.status.success(), stderr(&output))
}

fn succeeds(place: &Place, name: &str, arguments: &[&str]) -> String {
    let (success, said) = export_to(place, name, arguments);
    assert!(success, "{said}");
    said
}

fn fails(place: &Place, name: &str, arguments: &[&str]) -> String {
    let (success, said) = export_to(place, name, arguments);
    assert!(!success, "{said}");
    said
}

/// Every object below the place, read without any of our code.
fn objects(place: &Place) -> BTreeMap<String, Bytes> {
    let (store, root) = place.store();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let listed: Vec<_> = store.list(Some(&root)).try_collect().await.unwrap();
        let mut found = BTreeMap::new();
        for object in listed {
            let name: Vec<_> = object.location.prefix_match(&root).unwrap().collect();
            let name: Vec<&str> = name.iter().map(AsRef::as_ref).collect();
            let read = store.get(&object.location).await.unwrap();
            found.insert(name.join("/"), read.bytes().await.unwrap());
        }
        found
    })
}

#[test]
fn a_store_gets_the_bytes_of_a_file() {
    let Some(moto) = Moto::shared() else { return };
    let place = moto.place("exports");
    let folder = tempfile::tempdir().unwrap();
    // Of several parts, and of less than one.
    let large =
        "SELECT value, repeat('x', 100) AS text FROM generate_series(1, 250000) ORDER BY value";
    let small = "SELECT run_id, epoch FROM trajectories ORDER BY run_id, layer, epoch";
    for (name, sql) in [
        ("large.csv", large),
        ("small.parquet", small),
        ("small.npz", small),
        ("small.avro", small),
    ] {
        let said = succeeds(&place, name, &[sql]);
        assert!(said.contains(&format!("{}/{name}: ", place.url)), "{said}");
        exported(&folder.path().join(name), &[sql]);
    }
    succeeds(&place, "small.sqlite", &[small]);
    exported(&folder.path().join("small.sqlite"), &[small]);
    let found = objects(&place);
    assert_eq!(found.len(), 5, "{:?}", found.keys());
    assert!(found["large.csv"].len() > 20 << 20);
    for (name, bytes) in &found {
        // A container of Avro has a random mark in it.
        if name != "small.avro" {
            assert!(
                *bytes == std::fs::read(folder.path().join(name)).unwrap(),
                "{name}"
            );
        }
    }
    let said = fails(&place, "small.npz", &[small]);
    assert!(said.contains("small.npz is there already"), "{said}");
    succeeds(&place, "small.npz", &["--overwrite", small]);
}

#[test]
fn folders_in_a_store_are_whole_when_they_are_marked() {
    let Some(moto) = Moto::shared() else { return };
    let place = moto.place("folders");
    let rows = "SELECT * FROM (VALUES (1, 'a/b'), (2, 'ü'), (3, NULL)) AS rows(n, name) ORDER BY n";
    succeeds(&place, "parts", &["--partition-by", "name", rows]);
    let found = objects(&place);
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    let wanted = [
        "parts/_SUCCESS",
        "parts/name=%C3%BC/part-0.parquet",
        "parts/name=__HIVE_DEFAULT_PARTITION__/part-0.parquet",
        "parts/name=a%2Fb/part-0.parquet",
    ];
    assert_eq!(names, wanted);
    // As it was stored, it is a folder like any other.
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in &found {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    if let Some(read) = read(folder.path()) {
        let rows = read["parts"]["pyarrow"]["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 3);
    }
    let said = fails(&place, "parts", &["--partition-by", "name", rows]);
    assert!(said.contains("parts is there already"), "{said}");
    // One that fails takes away what it wrote, and leaves no mark.
    let failing = "SELECT CASE WHEN value > 50000 THEN 'b' ELSE 'a' END AS name, 1 / (value - 50000) AS n \
        FROM generate_series(1, 60000)";
    let said = fails(&place, "failed", &["--partition-by", "name", failing]);
    assert!(said.to_lowercase().contains("divide by zero"), "{said}");
    assert_eq!(objects(&place).len(), 4);
    succeeds(
        &place,
        "parts",
        &["--overwrite", "--partition-by", "n", rows],
    );
    let found = objects(&place);
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "parts/_SUCCESS",
            "parts/n=1/part-0.parquet",
            "parts/n=2/part-0.parquet",
            "parts/n=3/part-0.parquet"
        ]
    );
}

/// An object that is being sent is not there before it is whole, whenever the command dies.
#[test]
fn an_upload_that_is_killed_is_no_object() {
    let Some(moto) = Moto::shared() else { return };
    let place = moto.place("killed-exports");
    let many = "SELECT value, repeat('x', 200) AS text FROM generate_series(1, 20000000)";
    for milliseconds in [700, 1500, 2500] {
        let mut command = export(Path::new(&format!("{}/a.csv", place.url)), &[many]);
        command.envs(place.environment.iter().cloned());
        let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
        assert!(objects(&place).is_empty());
    }
}
