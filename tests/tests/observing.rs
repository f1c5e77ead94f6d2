//! Observation conditions and recordings, from a sweep file to SQL.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use engram_engine::feature_matrix::features_of;
use engram_engine::{Error, FeatureMatrix, Session};
use engram_schemas::DatasetLocation;
use engram_schemas::observable::Measure;
use engram_tests::commands::{SMALL_SWEEP, generate};

/// Eight conditions, thirty stimuli, at most twenty recorded units.
const OBSERVATION: &str = r#"
[observation]
unit_fractions = [1.0, 0.5]
noise_stddevs = [0.0, 0.1]
definitions = ["standard", "published"]
n_stimuli = 30
recorded_units = 20
"#;

async fn open(dataset: &Path) -> Result<Session, Error> {
    let location = DatasetLocation::open(dataset.to_str().unwrap()).unwrap();
    Session::open(&location).await
}

async fn number(session: &Session, sql: &str) -> i64 {
    let batches = session.sql(sql).await.unwrap().collect().await.unwrap();
    let column = batches[0].column(0).as_primitive::<Int64Type>().clone();
    column.value(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_and_recordings_of_trained_networks() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = format!("{SMALL_SWEEP}{OBSERVATION}");
    let output = generate(&sweep, folder.path(), 1);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let dataset = folder.path().join("dataset");
    let session = open(&dataset).await.unwrap();

    // Two runs of four layers, observed twice under eight conditions: a row each, and an example a condition.
    for (expected, sql) in [
        (128, "SELECT count(*) FROM trajectories"),
        (2, "SELECT count(*) FROM runs"),
        (8, "SELECT count(*) FROM layers"),
        (64, "SELECT count(*) FROM examples"),
        (64, "SELECT count(*) FROM examples WHERE n_checkpoints = 2"),
        (64, "SELECT count(*) FROM series WHERE epochs = [0, 1]"),
        (128 * 45, "SELECT count(*) FROM observables"),
        (
            8,
            "SELECT count(*) FROM (SELECT DISTINCT definition, unit_fraction, noise_stddev FROM examples)",
        ),
        // The definitions differ in weight norms under all rules, in the activity change where there are feedback kernels.
        (
            2,
            "SELECT count(DISTINCT a.learning_rule) FROM trajectories AS a JOIN trajectories AS b
             USING (run_id, layer, epoch, unit_fraction, noise_stddev, learning_rule)
             WHERE a.definition = 'standard' AND b.definition = 'published' AND a.unit_fraction = 1
                AND a.weight_raw_norm > b.weight_raw_norm",
        ),
        (
            1,
            "SELECT count(DISTINCT a.learning_rule) FROM trajectories AS a JOIN trajectories AS b
             USING (run_id, layer, epoch, unit_fraction, noise_stddev, learning_rule)
             WHERE a.definition = 'standard' AND b.definition = 'published'
                AND a.activity_change_raw_mean <> b.activity_change_raw_mean",
        ),
        (0, "SELECT count(feedback_angle) FROM trajectories"),
        // A kernel and thirty stimuli twice, for each run, layer and checkpoint.
        (2 * 4 * 2 * 61, "SELECT count(*) FROM recordings"),
        (
            2 * 4 * 2,
            "SELECT count(*) FROM recordings WHERE stimulus IS NULL AND measure = 'weight'",
        ),
        (
            0,
            "SELECT count(*) FROM recordings WHERE cardinality(values) <> least(n_candidates, 20)",
        ),
        (
            2 * 2 * 30,
            "SELECT count(*) FROM recordings
             WHERE architecture = 'knet4' AND measure = 'activation' AND layer = 'fc4' AND n_candidates = 10",
        ),
        // All ten units of the last layer are recorded, so that their mean is the observed one.
        (
            4,
            "SELECT count(*) FROM (
                 SELECT run_id, layer, epoch, avg(value) AS mean
                 FROM (SELECT run_id, layer, epoch, unnest(values) AS value FROM recordings
                     WHERE measure = 'activation' AND layer = 'fc4')
                 GROUP BY run_id, layer, epoch
             ) AS r JOIN trajectories AS t USING (run_id, layer, epoch)
             WHERE definition = 'standard' AND unit_fraction = 1 AND noise_stddev = 0
                AND abs(mean - activation_raw_mean) < 1e-6",
        ),
    ] {
        assert_eq!(number(&session, sql).await, expected, "{sql}");
    }
    let matrix = FeatureMatrix::from_query(&session, &features_of(&Measure::ALL))
        .await
        .unwrap();
    assert_eq!(matrix.n_examples(), 64);
    assert!(!matrix.names.iter().any(|name| name.contains("angle")));

    // The tables' files are checked like those of the trajectories.
    let stray = dataset.join("recordings/notes.txt");
    std::fs::write(&stray, "a note").unwrap();
    let error = open(&dataset)
        .await
        .err()
        .expect("a stray file")
        .to_string();
    assert!(
        error.contains(stray.to_str().unwrap()) && error.contains("`recordings`"),
        "{error}"
    );
}

/// Observed under the same settings, the same sweep gives the same bytes, recordings included.
#[test]
fn equal_runs_have_equal_recordings() {
    let sweep = format!("{SMALL_SWEEP}{OBSERVATION}");
    let files = [1, 2].map(|workers| {
        let folder = tempfile::tempdir().unwrap();
        assert!(generate(&sweep, folder.path(), workers).status.success());
        let mut files = Vec::new();
        for table in ["trajectories", "recordings"] {
            let partition = "task=digits/architecture=knet4";
            let path = folder.path().join("dataset").join(table).join(partition);
            for entry in std::fs::read_dir(path).unwrap() {
                let entry = entry.unwrap();
                let bytes = std::fs::read(entry.path()).unwrap();
                files.push((table, entry.file_name(), bytes));
            }
        }
        files.sort();
        files
    });
    assert_eq!(files[0].len(), 4);
    assert!(files[0] == files[1], "the bytes differ");
}
