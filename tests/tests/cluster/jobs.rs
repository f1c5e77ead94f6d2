//! The templates for Kubernetes and Slurm.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use engram_tests::{commands, python};
use yaml_rust2::YamlLoader;

use crate::{asking, dataset, done, failed};

fn script(name: &str) -> PathBuf {
    python::repository().join("scripts").join(name)
}

/// Slurm's commands, for a job on two machines, which are this one. To themselves they are at a loopback address, as on Debian, and
/// only one knows another of its name.
const COMMANDS: [(&str, &str); 4] = [
    (
        "srun",
        r#"#!/usr/bin/env bash
while [[ $1 == --* ]]; do shift; done
for name in node-1 node-2; do SLURMD_NODENAME=$name "$@" & done
trap 'kill $(jobs -p)' TERM
wait
"#,
    ),
    (
        "getent",
        "#!/bin/sh\necho '127.0.1.1 STREAM'\n[ \"$2\" = node-1 ] || echo '0.0.0.0 STREAM'\n",
    ),
    ("hostname", "#!/bin/sh\necho '127.0.0.1 0.0.0.0 10.0.0.7'\n"),
    (
        "logged",
        "#!/bin/sh\necho \"$*\" >> calls\nexec \"$COMMAND\" \"$@\"\n",
    ),
];

#[test]
#[cfg(target_os = "linux")]
fn a_slurm_job_starts_nodes_and_asks_them() {
    let dataset = dataset();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in COMMANDS {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let job = |arguments: &[&str]| {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new("bash");
        command
            .arg(script("slurm-nodes.sh"))
            .args(arguments)
            .current_dir(folder.path())
            .env("PATH", format!("{}:{path}", folder.path().display()))
            .env("ENGRAM", "logged")
            .env("COMMAND", commands::command("engram"))
            .env("PORT", "0")
            .env("SLURM_JOB_NUM_NODES", "2")
            .env_remove("ENGRAM_NODES")
            .env_remove("ENGRAM_NODES_TOKEN");
        command
    };
    let at = dataset.path().to_str().unwrap();
    let (there, _) = done(job(&[
        at,
        "query",
        "validation_accuracy",
        "--format",
        "csv",
    ]));
    let query = ["query", "validation_accuracy", "--format", "csv"];
    let (here, _) = done(asking(&query, dataset.path(), &[]));
    assert_eq!(here, there);
    let calls = fs::read_to_string(folder.path().join("calls")).unwrap();
    assert_eq!(calls.matches("--listen 0.0.0.0:0").count(), 2, "{calls}");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(
        left.len(),
        COMMANDS.len() + 1,
        "the token is gone: {left:?}"
    );
    // Nodes that do not start end the job.
    let said = failed(job(&["/no/such/place", "sql", "SELECT 1"]));
    assert!(
        said.contains("the nodes ended before they listened"),
        "{said}"
    );
    let said = failed(job(&[at]));
    assert!(said.starts_with("usage: sbatch"), "{said}");
}

#[test]
fn a_name_of_kubernetes_stands_for_the_pods() {
    let text = fs::read_to_string(script("kubernetes-nodes.yaml")).unwrap();
    let [service, deployment] = &YamlLoader::load_from_str(&text).unwrap()[..] else {
        panic!("a service and a deployment");
    };
    let pods = &deployment["spec"]["template"];
    assert_eq!(service["spec"]["clusterIP"].as_str(), Some("None"));
    assert_eq!(
        service["spec"]["selector"]["app"],
        pods["metadata"]["labels"]["app"]
    );
    let name = service["metadata"]["name"].as_str().unwrap();
    let port = service["spec"]["ports"][0]["port"].as_i64().unwrap();
    assert!(text.contains(&format!("--nodes {name}:{port}")));
    let container = &pods["spec"]["containers"][0];
    let arguments: Vec<&str> = container["command"]
        .as_vec()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect();
    assert!(
        arguments.contains(&format!("0.0.0.0:{port}").as_str()),
        "{arguments:?}"
    );
    // The command takes them: it gets as far as the dataset, which is nowhere.
    let arguments: Vec<&str> = arguments
        .into_iter()
        .skip(1)
        .map(|word| word.replace("s3://bucket/release", "/no/such/place").leak() as &str)
        .collect();
    let mut command = commands::engram(&arguments);
    command.env("ENGRAM_NODES_TOKEN", "a-token-of-some-length");
    let said = failed(command);
    assert!(
        said.contains("there is no dataset at /no/such/place"),
        "{said}"
    );
}
