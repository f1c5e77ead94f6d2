//! Nodes of this machine: what `engram node` runs, in processes of this program. A node answers clients of its own build alone.

use std::io::{BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::num::NonZeroUsize;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use engram_cluster::{Access, Anonymous, NodeSettings};
use engram_engine::session::SessionSettings;
use engram_schemas::DatasetLocation;
use engram_tests::emulators::Place;
use engram_tests::process::Process;

use crate::asking::{self, SILENCE};

/// The first argument of a process that is a node.
pub(crate) const NODE: &str = "node";

/// A process that is a node. It ends when this is dropped.
pub(crate) struct Node {
    process: Child,
    /// Where it listens.
    pub(crate) address: String,
    /// It would end when nobody heard it.
    _output: BufReader<ChildStdout>,
}

impl Node {
    /// Starts a node for a place, and waits until it listens.
    pub(crate) fn start(place: &Place) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([NODE, &place.url])
            .envs(place.environment.iter().cloned())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut address = String::new();
        assert!(
            output.read_line(&mut address).unwrap() > 0,
            "the node ended"
        );
        Self {
            process,
            address: address.trim().to_owned(),
            _output: output,
        }
    }

    /// What Linux says of it.
    pub(crate) fn process(&self) -> Process {
        Process::of(self.process.id())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Works as a node until the process is ended.
pub(crate) fn work(place: &str) {
    let n_threads = std::thread::available_parallelism().unwrap();
    let settings = NodeSettings {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        access: Access::default(),
        anonymous: Anonymous::Loopback,
        certificate: None,
        silence: SILENCE,
        n_threads: NonZeroUsize::get(n_threads),
        grace: Duration::ZERO,
    };
    let compute = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    asking::wait_for(async {
        let location = DatasetLocation::open(place).unwrap();
        let session = SessionSettings::default();
        let compute = compute.handle().clone();
        let node = engram_cluster::Node::bind(location, session, &settings, compute).await;
        let node = node.unwrap();
        println!("{}", node.address());
        std::io::stdout().flush().unwrap();
        node.run(std::future::pending()).await.unwrap();
    });
}
