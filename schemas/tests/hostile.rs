//! Paths, manifests and places that were cut, changed or made up at random do no harm.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod mutation;

use std::collections::BTreeMap;

use engram_schemas::manifest::{Bounds, FOOTERS, FORMAT, File, Part, PartFile, Table};
use engram_schemas::{
    Architecture, DatasetLocation, Manifest, RunFile, RunState, Task, layout, recordings,
    trajectories,
};
use mutation::{cases, mutated};
use object_store::path::Path;
use proptest::prelude::*;
use proptest::sample::select;

fn run_file() -> impl Strategy<Value = RunFile> {
    let id = || "[0-9a-f]{1,20}";
    (
        select(Task::ALL),
        select(Architecture::ALL),
        id(),
        proptest::option::of(id()),
    )
        .prop_map(|(task, architecture, run_id, observation_id)| RunFile {
            task,
            architecture,
            run_id,
            observation_id,
        })
}

fn part_file() -> impl Strategy<Value = PartFile> {
    (
        select(vec![trajectories::TABLE, recordings::TABLE]),
        select(Task::ALL),
        select(Architecture::ALL),
        0..200_000_usize,
        "[0-9a-f]{12}",
    )
        .prop_map(|(table, task, architecture, number, hash)| PartFile {
            table,
            task,
            architecture,
            number,
            hash,
        })
}

fn root() -> impl Strategy<Value = Path> {
    select(vec!["", "d", "some/where", "a%20b/c"]).prop_map(|root| Path::parse(root).unwrap())
}

/// Paths of all kinds below `d`, written by us.
fn written() -> Vec<Vec<u8>> {
    let root = Path::from("d");
    let run = RunFile {
        task: Task::Digits,
        architecture: Architecture::Knet4Lrn,
        run_id: "ab12".to_owned(),
        observation_id: None,
    };
    let again = RunFile {
        observation_id: Some("cd34".to_owned()),
        ..run.clone()
    };
    let part = PartFile {
        table: trajectories::TABLE,
        task: Task::Digits,
        architecture: Architecture::Knet4,
        number: 3,
        hash: "0123456789ab".to_owned(),
    };
    [
        run.path(&root),
        again.path(&root),
        run.recordings_path(&root),
        part.path(&root),
        layout::run_log(&root, "ab12", RunState::Trained),
        layout::network(&root, "ab12", 20),
    ]
    .iter()
    .map(|path| path.as_ref().as_bytes().to_vec())
    .collect()
}

/// Pieces of paths, put together at random: nearly right ones, and what may lead out of the root.
fn assembled() -> impl Strategy<Value = String> {
    let folder = select(vec![
        "trajectories",
        "recordings",
        "logs",
        "networks",
        "",
        "..",
        "%2E%2E",
    ]);
    let below = select(vec![
        "/task=digits/architecture=knet4/",
        "/task=digits/architecture=%6Bnet4/",
        "/task=digits%2Farchitecture=knet4/",
        "//task=digits/architecture=knet4/",
        "/ab/",
        "/",
    ]);
    let name = select(vec![
        "ab12",
        "",
        "..",
        "%2e%2e",
        "a%2Fb",
        "a%252Fb",
        "a b",
        "é",
        "a\\b",
        "part-00001-ab",
        "part-1-ab",
        "-",
        "ab-",
        "-cd",
        "ab-cd-ef",
        "000020",
        "+20",
        "20",
        "0000020",
        ".",
        "a.b",
    ]);
    let ending = select(vec![
        ".parquet",
        ".PARQUET",
        "",
        ".trained.json",
        ".trained.json/x",
        ".running.trained.json",
        ".safetensors",
        ".parquet/x",
        "%2Eparquet",
    ]);
    (folder, below, name, ending)
        .prop_map(|(folder, below, name, ending)| format!("d/{folder}{below}{name}{ending}"))
}

/// What any path that is accepted must be.
fn assert_is_below(path: &Path, root: &Path) {
    let mut parts = path.prefix_match(root).unwrap().peekable();
    assert!(parts.peek().is_some());
    for part in parts {
        let part = part.as_ref();
        assert!(!part.is_empty() && part != "." && part != "..");
        assert!(!part.contains('%'), "{path}");
    }
}

fn check_path(text: &str) {
    let root = Path::from("d");
    let paths = [Path::parse(text).ok(), Some(Path::from(text))];
    for path in paths.into_iter().flatten() {
        if let Ok(file) = RunFile::parse(&path, &root) {
            assert_eq!(file.path(&root), path);
            assert!(!file.run_id.is_empty() && file.observation_id.as_deref() != Some(""));
            assert_is_below(&path, &root);
        }
        if let Ok(file) = RunFile::parse_recordings(&path, &root) {
            assert_eq!(file.recordings_path(&root), path);
            assert_is_below(&path, &root);
        }
        if let Ok(file) = PartFile::parse(&path, &root) {
            assert_eq!(file.path(&root), path);
            assert_is_below(&path, &root);
        }
        if let Some((run_id, state)) = layout::parse_run_log(&path, &root) {
            assert_eq!(layout::run_log(&root, &run_id, state), path);
            assert!(!run_id.is_empty());
            assert_is_below(&path, &root);
        }
        if let Some(epoch) = layout::parse_network(&path) {
            let network = layout::network(&root, "ab12", epoch);
            assert_eq!(network.filename(), path.filename());
        }
    }
}

fn manifest() -> Manifest {
    let part = |number: usize, offset: u64| Part {
        file: File {
            path: PartFile {
                table: trajectories::TABLE,
                task: Task::Digits,
                architecture: Architecture::Knet4,
                number,
                hash: "0123456789ab".to_owned(),
            }
            .path(&Path::default())
            .to_string(),
            size_bytes: 1000,
            sha256: "00".repeat(32),
        },
        n_rows: 40,
        n_runs: 2,
        footer_offset: offset,
        footer_bytes: 100,
        bounds: BTreeMap::from([(
            "epoch".to_owned(),
            Bounds {
                min: 0.into(),
                max: 20.into(),
            },
        )]),
    };
    Manifest {
        format: FORMAT.to_owned(),
        name: "digits".to_owned(),
        version: "1.0.0".to_owned(),
        license: "CC-BY-4.0".to_owned(),
        schema_version: engram_schemas::SCHEMA_VERSION.to_owned(),
        code_version: "0.1.0".to_owned(),
        content: "ab".repeat(32),
        n_runs: 4,
        n_planned: 5,
        missing: vec!["ab12".to_owned()],
        tables: vec![Table {
            name: trajectories::TABLE.to_owned(),
            n_rows: 80,
            parts: vec![part(0, 0), part(1, 100)],
        }],
        files: [FOOTERS, "README.md", "plans/digits.sweep.json"]
            .map(|path| File {
                path: path.to_owned(),
                size_bytes: 200,
                sha256: "00".repeat(32),
            })
            .to_vec(),
    }
}

fn check_manifest(text: &[u8]) {
    let Ok(manifest) = Manifest::from_json(text) else {
        return;
    };
    assert_eq!(
        Manifest::from_json(manifest.to_json().as_bytes()).unwrap(),
        manifest
    );
    let root = Path::from("d");
    let files = manifest.parts().map(|part| &part.file);
    for file in files.chain(&manifest.files) {
        let path = file.path(&root).unwrap();
        assert_is_below(&path, &root);
        assert_eq!(path.as_ref(), format!("d/{}", file.path));
    }
    let sum = |numbers: &mut dyn Iterator<Item = u64>| {
        let mut sum = 0_u64;
        for number in numbers {
            sum = sum.checked_add(number).unwrap();
        }
    };
    sum(&mut manifest.parts().map(|part| part.n_rows));
    sum(&mut manifest.parts().map(|part| part.n_runs));
    let files = manifest.parts().map(|part| &part.file);
    sum(&mut files.chain(&manifest.files).map(|file| file.size_bytes));
    for part in manifest.parts() {
        assert!(part.footer_offset.checked_add(part.footer_bytes).is_some());
        assert!(part.footer_bytes <= part.file.size_bytes);
    }
}

/// No part of a place that the URL standard calls a password.
const SECRET: &str = "hid7den";

fn check_place(given: &str) {
    match DatasetLocation::open(given) {
        Ok(location) => {
            let below = location.root().clone().join("a.parquet");
            let _ = (
                location.display(&below),
                location.store_url(),
                location.as_given(given),
            );
        }
        Err(error) => {
            let words = format!("{error} {error:?} {:?}", error.hint());
            let is_harmless = url::Url::parse(given)
                .is_ok_and(|url| !url.password().unwrap_or("").contains(SECRET));
            // What has no login in it has no password to hide.
            let has_login = given.split_once("://").is_some_and(|(_, rest)| {
                rest.rsplit_once('@').is_some_and(|(login, _)| {
                    login
                        .split_once(':')
                        .is_some_and(|(_, password)| password.contains(SECRET))
                })
            });
            assert!(
                is_harmless || !has_login || !words.contains(SECRET),
                "{words}"
            );
        }
    }
}

fn place() -> impl Strategy<Value = String> {
    let scheme = select(vec![
        "https", "http", "s3", "s3a", "gs", "az", "abfss", "adl", "file", "ftp", "httpx", "memory",
        " https", "HTTPS", "",
    ]);
    let junk = || "[a-z0-9:/@?#%\\\\ \\[\\]|.-]{0,4}";
    let user = select(vec!["", "user", "us%40er", "u:s"]);
    let host = select(vec![
        "",
        "host",
        "host:80",
        "host:x",
        "[::1]",
        "[::",
        "a b",
        "bucket",
        "account.dfs.core.windows.net",
        "bucket.s3.amazonaws.com",
        "é",
        "%",
        "1.2.3.400",
    ]);
    let tail = select(vec![
        "",
        "/",
        "/data",
        "/data/../..",
        "/a//b",
        "/%2e%2e/a",
        "/a%2Fb",
        "?a=b",
        "#a",
        "/%ff",
        "/a\\b",
        "/a%00",
    ]);
    (scheme, user, junk(), junk(), host, tail).prop_map(
        |(scheme, user, before, after, host, tail)| {
            format!("{scheme}://{user}:{before}{SECRET}{after}@{host}{tail}")
        },
    )
}

#[test]
fn what_is_written_is_read() {
    for path in written() {
        check_path(std::str::from_utf8(&path).unwrap());
    }
    check_manifest(manifest().to_json().as_bytes());
    assert!(Manifest::from_json(manifest().to_json().as_bytes()).is_ok());
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn run_files_round_trip(file in run_file(), root in root()) {
        prop_assert_eq!(&RunFile::parse(&file.path(&root), &root).unwrap(), &file);
        let path = file.recordings_path(&root);
        prop_assert_eq!(&RunFile::parse_recordings(&path, &root).unwrap(), &file);
    }

    #[test]
    fn parts_logs_and_networks_round_trip(
        file in part_file(),
        run_id in "[0-9a-f]{1,20}",
        state in select(RunState::ALL),
        epoch in any::<usize>(),
        root in root(),
    ) {
        prop_assert_eq!(&PartFile::parse(&file.path(&root), &root).unwrap(), &file);
        let log = layout::run_log(&root, &run_id, state);
        prop_assert_eq!(layout::parse_run_log(&log, &root), Some((run_id.clone(), state)));
        let network = layout::network(&root, &run_id, epoch);
        prop_assert_eq!(layout::parse_network(&network), Some(epoch));
    }

    #[test]
    fn no_path_does_harm(bytes in mutated(written())) {
        check_path(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_assembled_path_does_harm(path in assembled()) {
        check_path(&path);
    }

    #[test]
    fn no_manifest_does_harm(bytes in mutated(vec![manifest().to_json().into_bytes()])) {
        check_manifest(&bytes);
    }

    #[test]
    fn no_path_in_a_manifest_leaves_it(path in prop_oneof![assembled(), "[a-z./%\\\\~ é]{0,12}"]) {
        let mut manifest = manifest();
        manifest.files[1].path = path;
        check_manifest(manifest.to_json().as_bytes());
    }

    #[test]
    fn no_text_as_a_place_does_harm(text in "\\PC{0,40}") {
        check_place(&text);
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn no_error_says_a_password(place in place()) {
        check_place(&place);
    }
}
