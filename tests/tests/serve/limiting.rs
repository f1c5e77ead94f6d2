//! How much clients get: time, rows, memory and turns; and what becomes of clients that are slow, silent or gone.

use crate::{Serving, dataset, release};

#[test]
fn a_query_has_limits() {
    let limits = [
        "--max-rows",
        "1000",
        "--timeout",
        "2",
        "--query-memory",
        "32MB",
    ];
    Serving::of(release().as_os_str(), &limits).client("limits", &[]);
}

#[test]
fn a_query_ends_with_its_client() {
    let serving = Serving::of(release().as_os_str(), &["--max-queries", "1"]);
    serving.client("cancelling", &[&serving.process_id()]);
}

#[test]
fn a_client_that_does_not_read_holds_up_nobody() {
    let limits = ["--max-queries", "1", "--idle-timeout", "3"];
    let serving = Serving::of(release().as_os_str(), &limits);
    serving.client("slow", &[&serving.process_id()]);
}

#[test]
fn a_server_ends_in_order() {
    let mut serving = Serving::of(release().as_os_str(), &["--grace", "10"]);
    if serving
        .client("shutting_down", &[&serving.process_id()])
        .is_none()
    {
        return;
    }
    let (code, log) = serving.ended();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("cancelling what still runs"), "{log}");
}

/// 64 clients at once. Latency is told and not judged: it is the machine's.
#[test]
fn many_clients_are_served_alike() {
    let dataset = dataset();
    let limits = [
        "--max-queries",
        "4",
        "--max-waiting",
        "16",
        "--memory-limit",
        "256MB",
        "--idle-timeout",
        "5",
    ];
    let serving = Serving::of(dataset.path().as_os_str(), &limits);
    let Some(measured) = serving.client("load", &[&serving.process_id(), "12"]) else {
        return;
    };
    let measured: serde_json::Value = serde_json::from_str(&measured).unwrap();
    let number = |name: &str| measured[name].as_u64().unwrap();
    // The program itself, its connections and its footers come on top of what queries may hold.
    assert!(number("peak_memory_bytes") < 768 << 20, "{measured}");
    assert!(number("slowest_health_milliseconds") < 5000, "{measured}");
}
