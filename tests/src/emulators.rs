//! Servers that stand in for cloud stores, on the loopback device, and places for datasets in them.
//!
//! moto and Azurite are other people's, and speak their services' protocols; `make emulators` fetches them. The one for
//! Google is a page of our own, so that it proves no more than that we speak to it as its documentation says.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod azurite;
mod bucket;
mod gcs;
mod moto;

use std::env;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use object_store::ObjectStore;

pub use azurite::Azurite;
pub use bucket::{Bucket, Requests};
pub use gcs::Gcs;
pub use moto::Moto;

use crate::commands;
use crate::http::{self, Head};
use crate::python::repository;

/// How long an emulator may take until it answers, on a machine that has much else to do.
const START: Duration = Duration::from_secs(90);

/// A place for a dataset, with the variables that say how it is reached.
#[derive(Clone, Debug)]
pub struct Place {
    /// The URL.
    pub url: String,
    /// Variables.
    pub environment: Vec<(String, String)>,
}

impl Place {
    fn new<const N: usize>(url: String, environment: [(&str, String); N]) -> Self {
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        Self {
            url,
            environment: environment.to_vec(),
        }
    }

    /// With another value of a variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `engram` with arguments, ready to run where the place can be reached.
    pub fn engram(&self, arguments: &[&str]) -> Command {
        let mut command = commands::engram(arguments);
        command.envs(self.environment.iter().cloned());
        command
    }

    /// The store, without anything of ours in between, and the place's path in it.
    ///
    /// # Panics
    /// When the settings make no store.
    pub fn store(&self) -> (Arc<dyn ObjectStore>, object_store::path::Path) {
        let settings = self.environment.iter().cloned();
        let settings = settings.map(|(name, value)| (name.to_lowercase(), value));
        let settings = settings.chain([("allow_http".to_owned(), "true".to_owned())]);
        let url = self.url.parse().expect("the place is a URL");
        let (store, path) = object_store::parse_url_opts(&url, settings).expect("it is a store");
        (Arc::from(store), path)
    }
}

/// Something that costs time to make and serves all tests that run at the same time. The last that lets go of it drops it.
pub struct Shared<T>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    /// What there is, or what `make` makes.
    pub fn get(&self, make: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = shared.upgrade() {
            return Some(there);
        }
        let made = Arc::new(make()?);
        *shared = Arc::downgrade(&made);
        Some(made)
    }
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Where `make emulators` has put `program`. Without it nothing, after saying that the test is skipped;
/// `ENGRAM_REQUIRE_EMULATORS=1` asks for a failure instead, as in CI.
fn installed(program: &str) -> Option<PathBuf> {
    let folder = env::var_os("ENGRAM_EMULATORS_DIR");
    let folder = folder.map_or_else(|| ".emulators".into(), PathBuf::from);
    let path = repository().join(folder).join(program);
    if path.is_file() {
        return Some(path);
    }
    let reason = format!("there is no {}: run `make emulators`", path.display());
    assert!(
        env::var_os("ENGRAM_REQUIRE_EMULATORS").is_none(),
        "{reason}"
    );
    // Written to the stream itself: the test harness would swallow what a macro prints.
    let _ = writeln!(io::stderr(), "SKIPPED: {reason}");
    None
}

/// A port that nobody listens at. The system gives ports of its own choice from 32768 on, to every connection and to the
/// tests' other servers: one of those could be taken again before the emulator has it.
fn free_address() -> SocketAddr {
    let ports = 20_000..32_000;
    let start = RandomState::new().hash_one(std::process::id()) % 12_000;
    let start = ports.start + start as u16;
    (start..ports.end)
        .chain(ports.start..start)
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .expect("a port is free")
}

/// An emulator's process. It ends when this is dropped, and also when the test's process dies: a shell waits for the end of
/// the pipe to it.
struct Process {
    shell: Child,
    address: SocketAddr,
}

impl Process {
    /// Starts a program with arguments that follow from a free port, and waits until it answers.
    fn start(
        program: &Path,
        arguments: impl FnOnce(&str) -> Vec<String>,
        environment: &[(&str, &str)],
    ) -> Self {
        let address = free_address();
        let shell = Command::new("sh")
            .args(["-c", r#""$@" & read -r _; kill $!"#, "sh"])
            .arg(program)
            .args(arguments(&address.port().to_string()))
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell can be started");
        let process = Self { shell, address };
        let began = Instant::now();
        let head = head("GET", "/");
        while http::fetch(address, &head, &[]).is_err() {
            assert!(
                began.elapsed() < START,
                "{} does not answer at {address}",
                program.display()
            );
            thread::sleep(Duration::from_millis(50));
        }
        process
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

fn head(method: &str, target: &str) -> Head {
    Head {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: vec![("host".to_owned(), "127.0.0.1".to_owned())],
    }
}
