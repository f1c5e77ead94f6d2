//! Nodes that die or hang while they compute.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::admitting::{Other, version};
use crate::{NodeProcess, asking, dataset, done, failed, outcome};

/// Takes some seconds, and gives no row before the end.
const LONG: &str = "SELECT count(*) AS n, max(a.weight_abs_median + b.epoch + c.epoch) AS most \
    FROM trajectories a, trajectories b, (SELECT epoch FROM trajectories LIMIT 150) c WHERE a.epoch + b.epoch + c.epoch >= 0";

/// Gives rows from the beginning, for long.
const MANY_ROWS: &str = "SELECT a.run_id, b.layer, c.epoch, a.weight_abs_median FROM trajectories a, trajectories b, trajectories c";

const THREE: [usize; 3] = [0, 1, 2];

fn nodes(dataset: &Path) -> [NodeProcess; 3] {
    THREE.map(|_| NodeProcess::of(dataset, &["--timeout", "3", "--grace", "1"]))
}

fn long(dataset: &Path, nodes: &[&NodeProcess]) -> std::process::Command {
    let mut command = asking(&["sql", LONG, "--format", "csv"], dataset, nodes);
    if !nodes.is_empty() {
        command.args(["--nodes-timeout", "3"]);
    }
    command
}

/// A query goes on without a node that gets a signal in the middle of it.
fn goes_on_without(signal: &str) {
    let dataset = dataset();
    let nodes = nodes(dataset.path());
    let nodes: Vec<&NodeProcess> = nodes.iter().collect();
    let (here, _) = done(long(dataset.path(), &[]));
    let mut command = long(dataset.path(), &nodes);
    let began = Instant::now();
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    nodes[1].signal(signal);
    let (is_done, there, said) = outcome(child.wait_with_output().unwrap());
    assert!(is_done, "{said}");
    assert_eq!(here, there, "{said}");
    assert!(
        said.contains("a node is left out") && said.contains(&nodes[1].address),
        "{said}"
    );
    assert!(began.elapsed() < Duration::from_secs(180), "{said}");
}

#[test]
fn a_query_goes_on_without_a_node_that_dies() {
    goes_on_without("KILL");
}

#[test]
fn a_query_goes_on_without_a_node_that_hangs() {
    goes_on_without("STOP");
}

#[test]
fn a_query_goes_on_without_a_node_that_is_told_to_end() {
    goes_on_without("TERM");
}

#[test]
fn a_query_starts_without_a_node_that_hangs() {
    let dataset = dataset();
    let nodes = nodes(dataset.path());
    let nodes: Vec<&NodeProcess> = nodes.iter().collect();
    nodes[2].signal("STOP");
    let count = [
        "sql",
        "SELECT count(*) AS n FROM runs",
        "--format",
        "csv",
        "--nodes-timeout",
        "2",
    ];
    let (text, said) = done(asking(&count, dataset.path(), &nodes));
    assert_eq!(text.lines().nth(1), Some("16"));
    assert!(said.contains(&nodes[2].address), "{said}");
}

#[test]
fn without_any_node_a_query_fails() {
    let dataset = dataset();
    let [mut first, second, _] = nodes(dataset.path());
    first.ended();
    second.signal("STOP");
    let count = [
        "sql",
        "SELECT count(*) AS n FROM runs",
        "--nodes-timeout",
        "2",
    ];
    let said = failed(asking(&count, dataset.path(), &[&first, &second]));
    assert!(said.contains("none of the nodes can answer"), "{said}");
    assert!(
        said.contains(&first.address) && said.contains(&second.address),
        "{said}"
    );
    assert!(said.contains("hint: "), "{said}");
}

/// What was handed over cannot be taken back: the command says that it is not all, and which node was lost.
#[test]
fn an_answer_that_has_begun_is_not_taken_for_whole() {
    let dataset = dataset();
    let nodes = nodes(dataset.path());
    let nodes: Vec<&NodeProcess> = nodes.iter().collect();
    let arguments = ["sql", MANY_ROWS, "--format", "csv", "--nodes-timeout", "3"];
    let mut command = asking(&arguments, dataset.path(), &nodes);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.nth(1000).unwrap().is_ok());
    nodes[0].signal("KILL");
    let n_more = lines.count();
    let (is_done, _, said) = outcome(child.wait_with_output().unwrap());
    assert!(!is_done, "{n_more} more rows, {said}");
    assert!(
        said.contains("which is not whole") && said.contains(&nodes[0].address),
        "{said}"
    );
}

/// A limit of a node is told as a limit, and is no loss.
#[test]
fn a_node_s_limit_of_memory_is_told() {
    let dataset = dataset();
    let nodes = [1, 2].map(|_| NodeProcess::of(dataset.path(), &["--memory-limit", "2MB"]));
    let nodes: Vec<&NodeProcess> = nodes.iter().collect();
    let sql = "SELECT a.run_id, array_agg(a.weight_abs_median + b.epoch) AS all FROM trajectories a, trajectories b GROUP BY a.run_id";
    let said = failed(asking(&["sql", sql], dataset.path(), &nodes));
    assert!(said.contains("needs more memory than it may use"), "{said}");
    assert!(!said.contains("a node is left out"), "{said}");
}

/// What users write and what files hold is no news of a node, wherever errors repeat it.
#[test]
fn words_of_a_query_are_no_loss() {
    let dataset = dataset();
    let nodes = [1, 2].map(|_| NodeProcess::of(dataset.path(), &[]));
    let nodes: Vec<&NodeProcess> = nodes.iter().collect();
    let address = &nodes[0].address;
    for words in [
        &format!("lost the node http://{address}/: gone"),
        "Worker::execute_task timed-out while waiting for the plan to be set by the coordinator.",
        "a computation of it ended in a panic, which is a defect",
    ] {
        let sql = format!("SELECT CAST(run_id || '{words}' AS BIGINT) AS n FROM runs");
        let said = failed(asking(&["sql", &sql], dataset.path(), &nodes));
        assert!(said.contains(words), "{said}");
        assert!(
            !said.contains("left out") && !said.contains("tried"),
            "{said}"
        );
    }
}

/// Another try would end as the first did.
#[test]
fn a_query_that_panics_is_tried_once() {
    const PANICKED: &str = "a computation of it ended in a panic, which is a defect";
    let dataset = dataset();
    let node = NodeProcess::of(dataset.path(), &[]);
    let panicking = Other::refusing(&format!("engram {} threads 2", version()), |request| {
        // What belongs to a query says which nodes it has.
        match request.metadata().contains_key("x-engram-nodes") {
            true => Err(tonic::Status::internal(PANICKED)),
            false => Ok(request),
        }
    });
    let count = ["sql", "SELECT count(*) AS n FROM runs"];
    let mut command = asking(&count, dataset.path(), &[]);
    let nodes = format!("{},{}", node.address, panicking.address);
    command.args(["--nodes", &nodes]);
    let said = failed(command);
    let expected = format!("the node {} failed", panicking.address);
    assert!(said.contains(&expected) && said.contains("panic"), "{said}");
    assert!(
        !said.contains("left out") && !said.contains("tried"),
        "{said}"
    );
}

/// A query that nobody waits for any more is not computed to its end.
#[test]
#[cfg(target_os = "linux")]
fn nodes_stop_when_their_client_has_gone() {
    let dataset = dataset();
    let nodes = nodes(dataset.path());
    let busy = |node: &NodeProcess| -> i64 {
        let path = format!("/proc/{}/stat", node.process.id());
        let stat = std::fs::read_to_string(path).unwrap();
        // User and system time, behind the name of the program.
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let fields: Vec<i64> = fields
            .split(' ')
            .filter_map(|field| field.parse().ok())
            .collect();
        fields[10] + fields[11]
    };
    let all: Vec<&NodeProcess> = nodes.iter().collect();
    let endless = MANY_ROWS.replace(
        "SELECT a.run_id, b.layer, c.epoch, a.weight_abs_median",
        "SELECT count(*), max(a.epoch + b.epoch + c.epoch)",
    );
    let mut command = asking(&["sql", &endless], dataset.path(), &all);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(3));
    child.kill().unwrap();
    child.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let before: i64 = all.iter().map(|node| busy(node)).sum();
        std::thread::sleep(Duration::from_secs(1));
        let after: i64 = all.iter().map(|node| busy(node)).sum();
        // In hundredths of a second.
        if after - before < 10 {
            break;
        }
        assert!(Instant::now() < deadline, "they still compute");
    }
}
