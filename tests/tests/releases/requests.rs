//! How much of a release is read over a network: what a question is about, and little else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use engram_schemas::Manifest;
use engram_tests::commands::engram;
use engram_tests::emulators::Moto;
use engram_tests::http::{self, Reply, Response, Server};
use engram_tests::synthetic;
use parquet::file::metadata::ParquetMetaDataReader;

use super::{publish, rows, succeeded, sweep, text};

/// Two statistics of the layers of one architecture.
const FEATURES: &str = "SELECT run_id, layer, features FROM features('weight_raw_mean', 'weight_raw_norm', \
    input => (SELECT * FROM trajectories WHERE architecture = 'knet5')) WHERE excluded IS NULL \
    ORDER BY learning_rule, run_id, layer";

#[derive(Default)]
struct Traffic {
    n_requests: AtomicU64,
    n_bytes: AtomicU64,
}

impl Traffic {
    fn count(&self, response: &Response) {
        self.n_requests.fetch_add(1, Ordering::Relaxed);
        let n_bytes = response.body.len() as u64;
        self.n_bytes.fetch_add(n_bytes, Ordering::Relaxed);
    }

    fn seen(&self) -> (u64, u64) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (of(&self.n_requests), of(&self.n_bytes))
    }
}

/// A release of two architectures large enough for its statistics to outweigh what describes them.
fn release(folder: &Path) -> std::path::PathBuf {
    let epochs: Vec<i32> = (0..21).collect();
    sweep(folder, &synthetic::sweep(48, &epochs));
    succeeded(&publish(folder, "release", &[]));
    folder.join("release")
}

/// The parts that the question touches, and the bytes of their columns that it asks for.
fn wanted(release: &Path) -> (u64, u64) {
    let explained = rows(release, &format!("EXPLAIN {FEATURES}"));
    let projection = explained.split("projection=[").nth(1).unwrap();
    let columns: Vec<&str> = projection.split(']').next().unwrap().split(", ").collect();
    assert!(columns.contains(&"weight_raw_norm") && !columns.contains(&"weight_raw_var"));
    let manifest = Manifest::from_json(&fs::read(release.join("manifest.json")).unwrap()).unwrap();
    let parts = manifest
        .parts()
        .filter(|part| part.file.path.contains("architecture=knet5/"));
    let (mut n_parts, mut n_bytes) = (0, 0);
    for part in parts {
        let file = fs::File::open(release.join(&part.file.path)).unwrap();
        let metadata = ParquetMetaDataReader::new()
            .parse_and_finish(&file)
            .unwrap();
        let chunks = metadata
            .row_groups()
            .iter()
            .flat_map(|group| group.columns());
        let chunks = chunks.filter(|chunk| columns.contains(&chunk.column_descr().name()));
        n_bytes += chunks
            .map(|chunk| chunk.compressed_size() as u64)
            .sum::<u64>();
        n_parts += 1;
    }
    (n_parts, n_bytes)
}

fn assert_little(what: &str, traffic: &Traffic, (n_parts, n_bytes): (u64, u64)) {
    let (requests, bytes) = traffic.seen();
    assert!(
        requests <= 2 * n_parts + 3,
        "{what}: {requests} requests for {n_parts} parts"
    );
    assert!(
        bytes as f64 <= 1.2 * n_bytes as f64,
        "{what}: {bytes} bytes for {n_bytes} of columns"
    );
}

#[test]
fn a_question_to_s3_reads_what_it_is_about() {
    let Some(moto) = Moto::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let release = release(folder.path());
    let traffic = Arc::new(Traffic::default());
    let (counter, store) = (Arc::clone(&traffic), moto.address());
    let proxy = Server::start(move |head, body| {
        let response = http::fetch(store, head, &body.rest()?)?;
        counter.count(&response);
        Ok(Reply::Answer(response))
    });
    let place = moto.place("released");
    let published = place
        .engram(&["publish", "--version", "1.0.0", "--from"])
        .arg(folder.path().join("sweep"))
        .args(["--to", &place.url])
        .output()
        .unwrap();
    succeeded(&published);
    let verified = place.engram(&["verify", &place.url]).output().unwrap();
    assert!(
        text(&verified.stdout).contains("nothing is wrong"),
        "{}",
        text(&verified.stdout)
    );

    let through = place.clone().with("AWS_ENDPOINT_URL", &proxy.url());
    let mut asked = through.engram(&["sql", "--format", "csv", FEATURES, "--at", &place.url]);
    let output = asked.current_dir(folder.path()).output().unwrap();
    succeeded(&output);
    assert_little("s3", &traffic, wanted(&release));
    assert_eq!(text(&output.stdout), rows(&release, FEATURES));
}

#[test]
fn a_release_on_a_plain_web_server_is_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let release = release(folder.path());
    let traffic = Arc::new(Traffic::default());
    let (counter, root) = (Arc::clone(&traffic), release.clone());
    let server = Server::start(move |head, _| {
        let response = file_of(&root, head);
        counter.count(&response);
        Ok(Reply::Answer(response))
    });
    let place = format!("http://{}/", server.address());
    let ask = |arguments: &[&str]| {
        let output = engram(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        succeeded(&output);
        text(&output.stdout)
    };
    let answer = ask(&["sql", "--format", "csv", FEATURES, "--at", &place]);
    assert_little("http", &traffic, wanted(&release));
    assert_eq!(answer, rows(&release, FEATURES));
    assert!(ask(&["verify", &place]).contains("nothing is wrong"));
    let identified = ask(&["identify", "--trees", "20", "--splits", "2", "--at", &place]);
    assert!(identified.contains("ccuracy"), "{identified}");
    assert!(folder.path().join("engram-results").is_dir());
}

/// Which part has a run is asked of the index: of other parts not even the ends are read.
#[test]
fn a_question_of_one_run_opens_the_part_that_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let release = release(folder.path());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (paths, root) = (Arc::clone(&asked), release.clone());
    let server = Server::start(move |head, _| {
        paths.lock().unwrap().push(head.path().replace("%3D", "="));
        Ok(Reply::Answer(file_of(&root, head)))
    });
    let place = format!("http://{}/", server.address());
    let manifest = Manifest::from_json(&fs::read(release.join("manifest.json")).unwrap()).unwrap();
    assert!(manifest.run_parts().is_some());
    let run_ids = rows(
        &release,
        "SELECT run_id FROM runs ORDER BY run_id OFFSET 3 LIMIT 2",
    );
    let run_ids: Vec<&str> = run_ids.lines().skip(1).collect();
    let questions = [
        format!("run_id = '{}'", run_ids[0]),
        format!("run_id IN ('{}', '{}')", run_ids[0], run_ids[1]),
        format!(
            "epoch = 3 AND (run_id = '{}' OR run_id = '{}')",
            run_ids[0], run_ids[1]
        ),
        format!("run_id = '{}' OR architecture = 'knet5'", run_ids[0]),
        "run_id = 'none has this name'".to_owned(),
    ];
    for filter in &questions {
        let sql = format!(
            "SELECT run_id, layer, epoch, weight_raw_mean FROM trajectories WHERE {filter} ORDER BY 1, 2, 3"
        );
        asked.lock().unwrap().clear();
        let answer = engram(&["sql", "--format", "csv", &sql, "--at", &place])
            .current_dir(folder.path())
            .output()
            .unwrap();
        succeeded(&answer);
        assert_eq!(text(&answer.stdout), rows(&release, &sql), "{filter}");
        let asked: BTreeSet<String> = asked.lock().unwrap().drain(..).collect();
        let parts = asked.iter().filter(|path| path.contains("/part-"));
        // A run lies in one part.
        let most = match filter.contains("architecture") {
            true => manifest.parts().count(),
            false => filter
                .matches("run_id = '")
                .count()
                .max(filter.matches(", '").count() + 1),
        };
        assert!(parts.count() <= most, "{filter}: {asked:?}");
        assert!(asked.contains("/run_parts.parquet") || filter.contains("architecture"));
    }
}

/// A file, or the bytes of it that are asked for.
fn file_of(root: &Path, head: &http::Head) -> Response {
    let path = head.path().trim_start_matches('/').replace("%3D", "=");
    let Ok(bytes) = fs::read(root.join(path)) else {
        return Response::new(404, "");
    };
    let range = head.header("range");
    let Some((from, to)) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Response::new(200, bytes);
    };
    let from: usize = from.parse().unwrap();
    let to = to
        .parse()
        .map_or(bytes.len(), |last: usize| (last + 1).min(bytes.len()));
    let mut response = Response::new(206, bytes[from..to].to_vec());
    let place = format!("bytes {from}-{}/{}", to - 1, bytes.len());
    response.headers.push(("content-range".to_owned(), place));
    response
}
