//! What files say of where their rows come from.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use arrow::ipc::reader::FileReader;
use engram_tests::commands::engram;
use parquet::file::reader::{FileReader as _, SerializedFileReader};

use super::{dataset, exported, stderr};

const ROWS: &str = "SELECT run_id, layer, epoch FROM trajectories ORDER BY ALL";

/// What a Parquet file says, without the schema in Arrow's words.
fn of_parquet(file: &Path) -> HashMap<String, String> {
    let reader = SerializedFileReader::new(File::open(file).unwrap()).unwrap();
    let pairs = reader.metadata().file_metadata().key_value_metadata();
    let pairs = pairs.unwrap().iter();
    pairs
        .filter(|pair| pair.key != "ARROW:schema")
        .map(|pair| (pair.key.clone(), pair.value.clone().unwrap()))
        .collect()
}

fn of_arrow(file: &Path) -> HashMap<String, String> {
    let reader = FileReader::try_new(File::open(file).unwrap(), None).unwrap();
    reader.schema().metadata().clone()
}

fn expected(sql: &str) -> HashMap<String, String> {
    let dataset = dataset().display().to_string();
    [
        ("engram.code_version", env!("CARGO_PKG_VERSION")),
        ("engram.dataset", &dataset),
        ("engram.release", "tiny 1.0.0"),
        ("engram.sql", sql),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

#[test]
fn files_say_which_query_of_which_dataset_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let to = |name: &str| folder.path().join(name);
    exported(&to("a.parquet"), &[ROWS]);
    exported(&to("a.arrow"), &[ROWS]);
    exported(&to("parts"), &["--partition-by", "layer", ROWS]);
    assert_eq!(of_parquet(&to("a.parquet")), expected(ROWS));
    assert_eq!(of_arrow(&to("a.arrow")), expected(ROWS));
    assert_eq!(
        of_parquet(&to("parts/layer=conv1/part-0.parquet")),
        expected(ROWS)
    );

    let long = "SELECT learning_rule, layer, count(*) AS n FROM trajectories GROUP BY ALL";
    let wide = engram(&["sql", "--pivot", "layer", "--at"])
        .arg(dataset())
        .arg("--output")
        .arg(to("wide.arrow"))
        .arg(long)
        .output()
        .unwrap();
    assert!(wide.status.success(), "{}", stderr(&wide));
    let told = &of_arrow(&to("wide.arrow"))["engram.sql"];
    assert_eq!(*told, format!("{long}\n-- the column layer, spread"));
}

#[test]
fn equal_requests_make_equal_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["parquet", "arrow"] {
        let [one, other] = ["one", "other"].map(|name| {
            let to = folder.path().join(format!("{name}.{ending}"));
            exported(&to, &[ROWS]);
            std::fs::read(to).unwrap()
        });
        assert!(one == other, "{ending}");
    }
}
