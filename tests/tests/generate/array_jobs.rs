//! The job templates in `scripts/`: the Slurm one under a real Slurm where the machine has it, and always under bash with
//! Slurm's variables set; the Kubernetes one read as what it is, and its command run with the variable that Kubernetes sets.

use std::path::{Path, PathBuf};
use std::process::Command;

use engram_tests::commands::{SMALL_SWEEP, command, engram, generate};
use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

use super::{files, stderr, sweep_file};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../scripts")
        .join(name)
}

/// The runs of a sweep, and the places that a job's tasks count to.
const FOUR: (&str, &str) = ("model_seeds = [0]", "model_seeds = [0, 1]");

#[test]
fn the_kubernetes_job_trains_the_run_of_its_index() {
    let text = std::fs::read_to_string(script("kubernetes-indexed-job.yaml")).unwrap();
    let documents = YamlLoader::load_from_str(&text).unwrap();
    let job = &documents[0]["spec"];
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0]["kind"].as_str(), Some("Job"));
    assert_eq!(job["completionMode"].as_str(), Some("Indexed"));

    // One pod a run of the study.
    let paper = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sweeps/paper.toml");
    let plan = engram(&["plan", "--counts", "--format", "json"])
        .arg(paper)
        .output()
        .unwrap();
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    assert_eq!(job["completions"].as_i64(), plan["n_runs"].as_i64());

    // Preempted pods are replaced without end, wrong requests not at all.
    let pod = &job["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(pod["restartPolicy"].as_str(), Some("Never"));
    let rules = job["podFailurePolicy"]["rules"].as_vec().unwrap();
    let action = |code: i64| {
        let of_code = |rule: &&Yaml| {
            let codes = &rule["onExitCodes"];
            codes["containerName"] == container["name"] && codes["values"][0].as_i64() == Some(code)
        };
        rules
            .iter()
            .find(of_code)
            .and_then(|rule| rule["action"].as_str())
    };
    assert_eq!((action(75), action(1)), (Some("Ignore"), Some("FailIndex")));

    let folder = tempfile::tempdir().unwrap();
    let sweep = sweep_file(folder.path(), SMALL_SWEEP);
    let dataset = folder.path().join("dataset");
    let words: Vec<String> = container["command"]
        .as_vec()
        .unwrap()
        .iter()
        .map(|word| match word.as_str().unwrap() {
            "/sweep/sweep.toml" => sweep.display().to_string(),
            "s3://bucket/paper" => dataset.display().to_string(),
            word => word.to_owned(),
        })
        .collect();
    assert_eq!(words[0], "engram");
    let output = engram(&[])
        .args(&words[1..])
        .env("JOB_COMPLETION_INDEX", "1")
        .output()
        .unwrap();
    let text = stderr(&output);
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains("[1/1] trained digits knet4 feedback_alignment"),
        "{text}"
    );
    assert_eq!(files(&dataset.join("trajectories")).len(), 1);
}

#[cfg(target_os = "linux")]
mod slurm {
    use std::io::Write;
    use std::net::TcpListener;
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Child, Stdio};

    use super::super::stopping::{send, wait_until};
    use super::*;

    fn executable(path: &Path, script: &str) {
        std::fs::write(path, script).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The template under bash, as task 3 of array 77, with an `engram` that waits for a signal and a `scontrol` that
    /// keeps what it is told. Returns the exit code and what `scontrol` was told.
    fn signalled(signal: &str, engram_exits_with: i32) -> (Option<i32>, String) {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().display();
        executable(
            &folder.path().join("engram"),
            &format!(
                "#!/bin/bash\ntrap 'exit {engram_exits_with}' USR1 TERM\necho \"$*\" > {here}/asked\n\
                 for i in $(seq 600); do sleep 0.1; done\n"
            ),
        );
        executable(
            &folder.path().join("scontrol"),
            &format!("#!/bin/bash\necho \"$*\" > {here}/told\n"),
        );
        let path = std::env::var("PATH").unwrap();
        let mut task = Command::new("bash")
            .arg(script("slurm-array.sh"))
            .args(["sweep.toml", "/data/set", "--offset", "1000"])
            .env("PATH", format!("{here}:{path}"))
            .env_remove("ENGRAM")
            .env_remove("SHARDS")
            .envs([("SLURM_ARRAY_JOB_ID", "77"), ("SLURM_ARRAY_TASK_ID", "3")])
            .spawn()
            .unwrap();
        let asked = folder.path().join("asked");
        wait_until("engram is started", || asked.exists());
        send(signal, &task.id().to_string());
        let code = task.wait().unwrap().code();
        assert_eq!(
            std::fs::read_to_string(asked).unwrap(),
            "generate sweep.toml --to /data/set --offset 1000\n"
        );
        let told = std::fs::read_to_string(folder.path().join("told")).unwrap_or_default();
        (code, told)
    }

    #[test]
    fn the_template_queues_a_preempted_task_again() {
        assert_eq!(
            signalled("USR1", 75),
            (Some(75), "requeue 77_3\n".to_owned())
        );
        // Cancelled, or queued again by Slurm itself.
        assert_eq!(signalled("TERM", 75), (Some(75), String::new()));
        // Ended for another reason while the signal came.
        assert_eq!(signalled("USR1", 2), (Some(2), String::new()));
    }

    #[test]
    fn the_template_passes_on_how_engram_ended() {
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str], engram: &str, shards: &str| {
            let program = folder.path().join("engram");
            executable(&program, engram);
            Command::new("bash")
                .arg(script("slurm-array.sh"))
                .args(arguments)
                .envs([("ENGRAM", program.as_os_str())])
                .envs([("SLURM_ARRAY_TASK_ID", "3"), ("SHARDS", shards)])
                .output()
                .unwrap()
        };
        for code in [0, 1, 2, 75] {
            let output = run(&["a", "b"], &format!("#!/bin/sh\nexit {code}\n"), "");
            assert_eq!(output.status.code(), Some(code));
        }
        let output = run(&["a", "b"], "#!/bin/sh\necho $*\n", "20");
        assert_eq!(output.stdout, b"generate a --to b --shard 3/20\n");
        let output = run(&["a"], "#!/bin/sh\n", "");
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).starts_with("usage: sbatch slurm-array.sh SWEEP URL"));
    }

    /// A cluster of this machine alone, on the loopback address.
    struct Cluster {
        folder: tempfile::TempDir,
        daemons: Vec<Child>,
    }

    impl Drop for Cluster {
        fn drop(&mut self) {
            // Jobs that a failed test has left.
            let _ = self
                .command("scancel", &["--full", "--user", &output("id", &["-un"])])
                .output();
            for daemon in self.daemons.iter_mut().rev() {
                let _ = daemon.kill();
                let _ = daemon.wait();
            }
        }
    }

    fn output(program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    impl Cluster {
        /// Starts one, where the machine has Slurm.
        fn start() -> Option<Self> {
            let has = |name: &str| {
                let found = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
                found
                    .iter()
                    .any(|folder| Path::new(folder).join(name).is_file())
            };
            if !["sbatch", "slurmctld", "slurmd"].into_iter().all(has) {
                assert!(
                    std::env::var_os("ENGRAM_REQUIRE_SLURM").is_none_or(|value| value != "1"),
                    "Slurm is not there, and ENGRAM_REQUIRE_SLURM=1 asks for it"
                );
                let _ = writeln!(
                    std::io::stderr(),
                    "skipped under a real Slurm: install Debian's slurm-wlm to have the template run by it"
                );
                return None;
            }
            let folder = tempfile::tempdir().unwrap();
            let here = folder.path().display();
            let (host, user) = (output("hostname", &["-s"]), output("id", &["-un"]));
            // Free at this moment, which is the best that can be had.
            let ports: Vec<u16> = {
                let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
                let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
                listeners.iter().map(port).collect()
            };
            let configuration = format!(
                "ClusterName=engram\nSlurmctldHost={host}(127.0.0.1)\nSlurmctldPort={}\nSlurmdPort={}\n\
                 AuthType=auth/none\nCredType=cred/none\nSlurmUser={user}\nSlurmdUser={user}\n\
                 StateSaveLocation={here}/state\nSlurmdSpoolDir={here}/spool\n\
                 SlurmctldPidFile={here}/slurmctld.pid\nSlurmdPidFile={here}/slurmd.pid\n\
                 SlurmctldLogFile={here}/slurmctld.log\nSlurmdLogFile={here}/slurmd.log\n\
                 ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nJobAcctGatherType=jobacct_gather/none\n\
                 AccountingStorageType=accounting_storage/none\nMpiDefault=none\nSwitchType=switch/none\n\
                 SelectType=select/cons_tres\nSelectTypeParameters=CR_CPU\nReturnToService=2\nMaxArraySize=1001\n\
                 SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0\nKillWait=30\n\
                 NodeName={host} NodeAddr=127.0.0.1 CPUs={}\nPartitionName=all Nodes={host} Default=YES State=UP\n",
                ports[0],
                ports[1],
                std::thread::available_parallelism().unwrap(),
            );
            for name in ["state", "spool"] {
                std::fs::create_dir(folder.path().join(name)).unwrap();
            }
            std::fs::write(folder.path().join("slurm.conf"), configuration).unwrap();
            let mut cluster = Self {
                folder,
                daemons: Vec::new(),
            };
            for arguments in [vec!["slurmctld", "-D"], vec!["slurmd", "-D", "-N", &host]] {
                let daemon = cluster.command(arguments[0], &arguments[1..]);
                let daemon = { daemon }
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn();
                cluster.daemons.push(daemon.unwrap());
            }
            wait_until("the node is idle", || {
                cluster.ask("sinfo", &["-h", "-o", "%T"]) == "idle"
            });
            Some(cluster)
        }

        fn command(&self, program: &str, arguments: &[&str]) -> Command {
            let path = std::env::var("PATH").unwrap_or_default();
            let mut command = Command::new(program);
            command
                .args(arguments)
                .current_dir(self.folder.path())
                .env("PATH", format!("{path}:/usr/sbin:/usr/local/sbin"))
                .env("SLURM_CONF", self.folder.path().join("slurm.conf"));
            command
        }

        fn ask(&self, program: &str, arguments: &[&str]) -> String {
            let output = self.command(program, arguments).output().unwrap();
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }

        /// Submits the template for a sweep file of the cluster's folder, and returns the job's number.
        fn submit(&self, array: &str, options: &[&str]) -> String {
            let mut sbatch = self.command("sbatch", &["--parsable", "--mem=0", "--time=10", array]);
            let output = sbatch
                .arg(script("slurm-array.sh"))
                .args(["sweep.toml", "dataset"])
                .args(options)
                .env("ENGRAM", command("engram"))
                .env_remove("SHARDS")
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", stderr(&output));
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        }

        fn wait_until_empty(&self) {
            wait_until("all jobs have ended", || {
                self.ask("squeue", &["-h"]).is_empty()
            });
        }

        fn log(&self, job: &str, task: usize) -> String {
            let log = self.folder.path().join(format!("engram-{job}_{task}.log"));
            std::fs::read_to_string(log).unwrap_or_default()
        }
    }

    #[test]
    fn a_real_slurm_runs_the_template() {
        let Some(cluster) = Cluster::start() else {
            return;
        };
        let alone = tempfile::tempdir().unwrap();
        let sweep = SMALL_SWEEP.replace(FOUR.0, FOUR.1);
        assert!(generate(&sweep, alone.path(), 2).status.success());

        // Two arrays, the second of which begins where the first ends.
        sweep_file(cluster.folder.path(), &sweep);
        let first = cluster.submit("--array=0-1%2", &[]);
        let second = cluster.submit("--array=0-1%1", &["--offset", "2"]);
        cluster.wait_until_empty();
        let (log, other) = (cluster.log(&first, 1), cluster.log(&second, 1));
        assert!(
            log.contains("only run 1 of the plan is trained, by SLURM_ARRAY_TASK_ID=1"),
            "{log}"
        );
        assert!(
            other.contains("run 3 of the plan is trained, by SLURM_ARRAY_TASK_ID=1 and --offset 2"),
            "{other}"
        );
        let trajectories = |folder: &Path| files(&folder.join("dataset/trajectories"));
        assert_eq!(
            trajectories(cluster.folder.path()),
            trajectories(alone.path()),
            "{log}{other}"
        );

        // A task that is signalled before its time is up is queued again under its own number, and goes on.
        let long = sweep
            .replace("name = \"small\"", "name = \"long\"")
            .replace("epochs = 1\n", "epochs = 3000\n")
            .replace("every = 1\n", "every = 3000\n");
        sweep_file(cluster.folder.path(), &long);
        let job = cluster.submit("--array=0", &[]);
        let task = format!("{job}_0");
        let n_starts = || cluster.log(&job, 0).matches("are to be trained").count();
        wait_until("the task is at work", || n_starts() == 1);
        std::thread::sleep(std::time::Duration::from_millis(1500));
        cluster.ask("scancel", &["--batch", "--signal=USR1", &task]);
        let shown = || cluster.ask("scontrol", &["show", "job", &task]);
        wait_until("the task is queued again", || {
            shown().contains("JobState=PENDING") && shown().contains("Restarts=1")
        });
        let log = cluster.log(&job, 0);
        assert!(
            log.contains("error: preempted by SIGUSR1; 1 networks are missing"),
            "{log}"
        );
        // Slurm has it wait two minutes, in which the node clears up after the first attempt; here it is some seconds.
        std::thread::sleep(std::time::Duration::from_secs(4));
        cluster.ask(
            "scontrol",
            &["update", &format!("JobId={task}"), "StartTime=now"],
        );
        wait_until("the task is at work again", || n_starts() == 2);
        std::thread::sleep(std::time::Duration::from_millis(1500));
        cluster.ask("scancel", &[&job]);
        cluster.wait_until_empty();
        wait_until("the task has left", || {
            cluster.log(&job, 0).contains("preempted by SIGTERM")
        });
        assert_eq!(trajectories(cluster.folder.path()).len(), 4);
    }
}
