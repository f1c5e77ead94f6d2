//! `engram sql` as a user runs it.

use std::process::{Output, Stdio};

use engram_tests::commands::engram;
use engram_tests::synthetic;

use super::{Dataset, EPOCHS};

fn sql(dataset: &Dataset, arguments: &[&str]) -> Output {
    let mut command = engram(&["sql", "--at"]);
    command.arg(dataset.path()).args(arguments);
    command
        .env_remove("ENGRAM_MEMORY_LIMIT")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn dataset() -> Dataset {
    Dataset::of(&synthetic::sweep(1, &EPOCHS)[..2])
}

#[test]
fn plans_are_explained_and_measured() {
    let dataset = dataset();
    let file = dataset.path().join("plan.sql");
    let question = "SELECT learning_rule, count(*) FROM runs GROUP BY ALL";
    std::fs::write(
        &file,
        format!("EXPLAIN {question};\nEXPLAIN ANALYZE {question};"),
    )
    .unwrap();
    let explained = stdout(&sql(&dataset, &[&format!("EXPLAIN {question}")]));
    let measured = stdout(&sql(&dataset, &[&format!("EXPLAIN ANALYZE {question}")]));
    let both = stdout(&sql(&dataset, &["--file", file.to_str().unwrap()]));
    for plan in [&explained, &both] {
        assert!(plan.contains(" logical_plan  | "), "{plan}");
        // A line of a plan is a line of the table.
        assert!(plan.contains("\n               |   "), "{plan}");
    }
    for plan in [&measured, &both] {
        assert!(plan.contains("output_rows=2"), "{plan}");
    }
}

#[test]
fn writing_needs_to_be_allowed() {
    let dataset = dataset();
    let copied = dataset.path().join("copied.parquet");
    let copy = format!("COPY (SELECT run_id FROM runs) TO '{}'", copied.display());
    let refused = sql(&dataset, &[&copy]);
    assert_eq!(refused.status.code(), Some(1));
    let error = stderr(&refused);
    assert!(error.starts_with("error: this SQL only reads"), "{error}");
    assert!(
        error.contains("hint: ") && error.contains("--allow-write"),
        "{error}"
    );
    assert!(!copied.exists());
    let counted = stdout(&sql(&dataset, &["--allow-write", "--format", "csv", &copy]));
    assert_eq!(counted, "count\n2\n");
    assert!(copied.is_file());

    let statements =
        "CREATE VIEW short AS SELECT run_id FROM runs; SELECT count(*) AS n FROM short";
    let counted = stdout(&sql(
        &dataset,
        &["--allow-write", "--format", "csv", statements],
    ));
    assert!(counted.ends_with("n\n2\n"), "{counted}");
    let passwords = sql(&dataset, &["SELECT * FROM '/etc/passwd'"]);
    assert_eq!(passwords.status.code(), Some(1));
}

/// A query that holds all of its rows until it has seen the last.
const JOIN: &str = "SELECT count(*) AS n FROM generate_series(1, 300000) a JOIN generate_series(1, 300000) b \
    ON a.value = b.value";

#[test]
fn memory_has_a_limit() {
    let dataset = dataset();
    let limited = sql(&dataset, &["--memory-limit", "2MB", JOIN]);
    assert_eq!(limited.status.code(), Some(1));
    let error = stderr(&limited);
    assert!(
        error.contains("the query needs more memory than it may use"),
        "{error}"
    );
    assert!(
        error.contains("hint: ") && error.contains("--memory-limit"),
        "{error}"
    );
    let limited = engram(&["sql", "--at"])
        .arg(dataset.path())
        .arg(JOIN)
        .env("ENGRAM_MEMORY_LIMIT", "2MB")
        .output()
        .unwrap();
    assert_eq!(limited.status.code(), Some(1));
    let counted = sql(
        &dataset,
        &["--memory-limit", "1GiB", "--format", "csv", JOIN],
    );
    assert_eq!(stdout(&counted), "n\n300000\n");
    // Standard error is no terminal here, and nobody watches progress.
    assert_eq!(stderr(&counted), "");

    let mistaken = stderr(&sql(&dataset, &["--memory-limit", "2", "SELECT 1"]));
    assert!(mistaken.contains("500MB or 2GiB"), "{mistaken}");
}

#[test]
fn a_file_that_insert_put_into_the_dataset_is_named() {
    let dataset = dataset();
    let insert = "INSERT INTO trajectories SELECT * FROM trajectories LIMIT 1";
    assert_eq!(sql(&dataset, &[insert]).status.code(), Some(1));
    stdout(&sql(&dataset, &["SELECT 1"]));
    stdout(&sql(&dataset, &["--allow-write", insert]));
    // The help of --allow-write warns of it.
    let error = stderr(&sql(&dataset, &["SELECT 1"]));
    assert!(error.contains("so engram did not write it"), "{error}");
}

/// The bytes of all files below a folder.
#[cfg(unix)]
fn bytes_below(folder: &std::path::Path) -> u64 {
    // What is taken away meanwhile has none.
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(unix)]
fn send(signal: &str, child: &std::process::Child) {
    let mut kill = std::process::Command::new("kill");
    let sent = kill.args([signal, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// A query that keeps its threads for minutes without a pause ends all the same: after a few seconds, or at once when it
/// is told twice.
#[test]
#[cfg(unix)]
fn a_signal_ends_a_query_that_does_not_give_way() {
    use std::time::{Duration, Instant};

    const JOIN: &str = "SELECT count(*) FROM generate_series(1, 3000000) a \
        JOIN generate_series(1, 3000000) b ON (a.value * b.value) % 7 = 3";
    let dataset = dataset();
    for (times, code) in [(1, 75), (2, 130)] {
        let child = engram(&["sql", JOIN, "--at"])
            .arg(dataset.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_secs(3));
        let told = Instant::now();
        for _ in 0..times {
            send("-TERM", &child);
            // What follows at once is taken for the same request.
            std::thread::sleep(Duration::from_millis(1500));
        }
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(code), "{}", stderr(&ended));
        assert!(told.elapsed() < Duration::from_secs(30));
    }
}

/// A query that waits in files, and is told to end, leaves none of them.
#[test]
#[cfg(unix)]
fn a_signal_leaves_no_temporary_files() {
    use std::time::{Duration, Instant};

    const SORT: &str =
        "SELECT repeat(value::text, 4) AS text FROM generate_series(1, 100000000) ORDER BY text";
    let dataset = dataset();
    for (signal, name) in [("-INT", "Ctrl-C"), ("-TERM", "SIGTERM")] {
        let temporary = tempfile::tempdir().unwrap();
        let mut child = engram(&["sql", "--memory-limit", "64MB", SORT, "--at"])
            .arg(dataset.path())
            .env("TMPDIR", temporary.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while bytes_below(temporary.path()) == 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
        let waited = bytes_below(temporary.path());
        if waited == 0 {
            child.kill().unwrap();
        }
        send(signal, &child);
        let ended = child.wait_with_output().unwrap();
        assert!(waited > 0, "nothing was put into files");
        assert_eq!(ended.status.code(), Some(75));
        assert_eq!(
            stderr(&ended),
            format!("error: stopped by {name} before the end\n")
        );
        let left: Vec<_> = std::fs::read_dir(temporary.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
