//! Whom nodes work for, and who works as a node.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use datafusion_distributed::{GetWorkerInfoRequest, Worker, grpc};
use engram_tests::commands::engram;
use engram_tests::synthetic;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::InterceptorLayer;
use tonic::{Request, Status};

use crate::{NodeProcess, asking, dataset, done, failed, node, outcome};

const COUNT: &[&str] = &["sql", "SELECT count(*) AS n FROM runs", "--format", "csv"];
const TOKEN: &str = "a-token-of-some-length-0123456789";

/// The version of the commands.
pub(crate) fn version() -> String {
    let (text, _) = done(engram(&["--version"]));
    text.trim().trim_start_matches("engram ").to_owned()
}

/// Something that speaks the protocol, and says this of itself.
pub(crate) struct Other {
    _runtime: Runtime,
    pub(crate) address: String,
}

impl Other {
    fn saying(version: &str) -> Self {
        Self::refusing(version, Ok)
    }

    /// One that takes only what passes.
    pub(crate) fn refusing(
        version: &str,
        pass: impl Fn(Request<()>) -> Result<Request<()>, Status> + Clone + Send + Sync + 'static,
    ) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let worker = Worker::default().with_version(version.to_owned());
        let server = tonic::transport::Server::builder()
            .layer(InterceptorLayer::new(pass))
            .add_service(worker.into_worker_server());
        runtime.spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        Self {
            _runtime: runtime,
            address,
        }
    }
}

#[test]
fn a_node_of_another_version_is_left_out() {
    let dataset = dataset();
    let other = Other::saying("engram 0.0.1 threads 4");
    let alone = |address: &str| {
        let mut command = asking(COUNT, dataset.path(), &[]);
        command.args(["--nodes", address]);
        command
    };
    let said = failed(alone(&other.address));
    let expected = format!(
        "{}: it has version 0.0.1 of Engram, and this is version",
        other.address
    );
    assert!(said.contains(&expected), "{said}");
    assert!(
        said.contains("hint: run the same engram here and on the nodes"),
        "{said}"
    );
    let stranger = Other::saying("2.0.0");
    let said = failed(alone(&stranger.address));
    assert!(
        said.contains("what answers there is no node of Engram"),
        "{said}"
    );
    // Beside one of this version it is left out, and the answer is that one's.
    let node = NodeProcess::of(dataset.path(), &[]);
    let (text, said) = done(alone(&format!("{},{}", other.address, node.address)));
    assert_eq!(text.lines().nth(1), Some("16"));
    assert!(
        said.contains(&other.address) && said.contains("0.0.1"),
        "{said}"
    );
}

/// The number of a release does not change with every source.
#[test]
fn another_build_of_a_version_is_another_version() {
    let version = version();
    let (number, sources) = version.split_once('+').unwrap();
    assert_eq!(number, env!("CARGO_PKG_VERSION"));
    assert!(
        sources.len() == 16 && sources.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{version}"
    );
    let dataset = dataset();
    let other = Other::saying(&format!("engram {number}+0123456789abcdef threads 4"));
    let mut command = asking(COUNT, dataset.path(), &[]);
    command.args(["--nodes", &other.address]);
    let said = failed(command);
    let expected =
        format!("version {number}+0123456789abcdef of Engram, and this is version {version}");
    assert!(said.contains(&expected), "{said}");
}

#[test]
fn a_client_of_another_version_is_refused() {
    let dataset = dataset();
    let node = NodeProcess::of(dataset.path(), &[]);
    let address = format!("http://{}", node.address);
    let asked = Runtime::new().unwrap().block_on(async {
        let channel = tonic::transport::Endpoint::from_shared(address)
            .unwrap()
            .connect()
            .await;
        let mut client =
            grpc::create_worker_client(grpc::BoxCloneSyncChannel::new(channel.unwrap()));
        client.get_worker_info(GetWorkerInfoRequest {}).await.err()
    });
    let refusal = asked.unwrap().to_string();
    assert!(
        refusal.contains("it answers clients of Engram alone"),
        "{refusal}"
    );
}

#[test]
fn a_node_asks_for_its_token() {
    let dataset = dataset();
    let start = || {
        let mut command = node(dataset.path(), &[]);
        command.env("ENGRAM_NODES_TOKEN", TOKEN);
        NodeProcess::start(command)
    };
    let nodes = [start(), start()];
    let nodes = [&nodes[0], &nodes[1]];
    for token in [None, Some("another-token-of-some-length")] {
        let mut command = asking(COUNT, dataset.path(), &nodes);
        if let Some(token) = token {
            command.env("ENGRAM_NODES_TOKEN", token);
        }
        let said = failed(command);
        assert!(
            said.contains("it asks for its token") && said.contains("--nodes-token-file"),
            "{said}"
        );
    }
    let file = dataset.path().join("token");
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let mut command = asking(COUNT, dataset.path(), &nodes);
    command.args(["--nodes-token-file", file.to_str().unwrap()]);
    let (text, _) = done(command);
    assert_eq!(text.lines().nth(1), Some("16"));
}

/// A folder with the files of a certificate for this machine.
fn certificate() -> (TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| folder.path().join(name));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (folder, certificate, key)
}

#[test]
fn what_goes_to_nodes_may_be_encrypted() {
    let dataset = dataset();
    let (_folder, certificate, key) = certificate();
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let tls = [
        "--tls-certificate",
        certificate,
        "--tls-key",
        key,
        "--tls-authority",
        certificate,
    ];
    let nodes = [1, 2].map(|_| NodeProcess::of(dataset.path(), &tls));
    let query = ["query", "validation_accuracy", "--format", "csv"];
    let (here, _) = done(asking(&query, dataset.path(), &[]));
    let mut command = asking(&query, dataset.path(), &[&nodes[0], &nodes[1]]);
    command.args(["--nodes-authority", certificate]);
    assert_eq!(done(command).0, here);
    // By a name.
    let (_, port) = nodes[0].address.split_once(':').unwrap();
    let mut command = asking(&query, dataset.path(), &[]);
    command.args([
        "--nodes",
        &format!("localhost:{port}"),
        "--nodes-authority",
        certificate,
    ]);
    assert_eq!(done(command).0, here);
    let said = failed(asking(&query, dataset.path(), &[&nodes[0]]));
    assert!(said.contains("none of the nodes can answer"), "{said}");
    // One that nobody vouches for.
    let (_folder, other, _) = self::certificate();
    let mut command = asking(&query, dataset.path(), &[&nodes[0]]);
    command.args(["--nodes-authority", other.to_str().unwrap()]);
    let said = failed(command);
    assert!(said.contains("none of the nodes can answer"), "{said}");
}

#[test]
fn a_node_has_one_dataset() {
    let dataset = dataset();
    let other = tempfile::tempdir().unwrap();
    synthetic::write(other.path(), &synthetic::sweep(1, &[0, 1])).unwrap();
    let node = NodeProcess::of(other.path(), &[]);
    let said = failed(asking(COUNT, dataset.path(), &[&node]));
    assert!(said.contains("it has another dataset"), "{said}");
    assert!(
        said.contains("hint: start the nodes with the --at of this command"),
        "{said}"
    );
}

/// However many ask for what it does not have, a node opens its dataset now and then.
#[test]
fn a_node_opens_its_dataset_once_for_all_strangers() {
    let dataset = dataset();
    let mut command = node(dataset.path(), &[]);
    command.env("ENGRAM_LOG", "engram_cluster=info");
    let mut node = NodeProcess::start(command);
    let runs = synthetic::sweep(1, &[0, 1]);
    let others = [1, 2, 3, 4, 5, 6, 7, 8].map(|n_runs| {
        let other = tempfile::tempdir().unwrap();
        synthetic::write(other.path(), &runs[..n_runs]).unwrap();
        other
    });
    let asked = others.each_ref().map(|other| {
        let mut command = asking(COUNT, other.path(), &[&node]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    });
    for asked in asked {
        let (is_done, _, said) = outcome(asked.wait_with_output().unwrap());
        assert!(
            !is_done && said.contains("it has another dataset"),
            "{said}"
        );
    }
    let log = node.ended();
    let n_opened = log.matches("the dataset is opened again").count();
    assert!((1..=4).contains(&n_opened), "{n_opened} times: {log}");
}

#[test]
fn a_token_in_the_open_is_warned_of() {
    let dataset = dataset();
    let nodes = |address: &str| {
        let mut command = asking(COUNT, dataset.path(), &[]);
        command
            .args(["--nodes", address, "--nodes-timeout", "1"])
            .env("ENGRAM_NODES_TOKEN", TOKEN);
        failed(command)
    };
    const WARNING: &str = "warning: token and rows go over the network unencrypted";
    // An address that is kept for documents, where nothing is.
    let said = nodes("192.0.2.1:1");
    assert!(said.contains(WARNING), "{said}");
    let said = nodes("127.0.0.1:1");
    assert!(!said.contains(WARNING), "{said}");
}

#[test]
fn a_token_that_cannot_be_read_is_explained() {
    let dataset = dataset();
    let mut command = asking(COUNT, dataset.path(), &[]);
    command.args([
        "--nodes",
        "127.0.0.1:1",
        "--nodes-token-file",
        "/no/such/token",
    ]);
    let said = failed(command);
    assert!(
        said.contains("cannot read /no/such/token") && said.contains("hint: check the path"),
        "{said}"
    );
}

#[test]
fn nodes_do_not_start_unsafely() {
    let dataset = dataset();
    let refused = |arguments: &[&str]| {
        let mut command = engram(&["node", "--at", dataset.path().to_str().unwrap()]);
        command.args(arguments).env_remove("ENGRAM_NODES_TOKEN");
        let (is_done, _, said) = outcome(command.output().unwrap());
        assert!(!is_done, "{arguments:?}: {said}");
        said
    };
    let said = refused(&["--listen", "0.0.0.0:0"]);
    assert!(
        said.contains("can be reached from other machines"),
        "{said}"
    );
    let said = refused(&[
        "--listen",
        "127.0.0.1:0",
        "--tls-certificate",
        "a.pem",
        "--tls-key",
        "a.key",
    ]);
    assert!(said.contains("--tls-authority"), "{said}");
    let mut command = asking(&["sql", "SELECT 1", "--allow-write"], dataset.path(), &[]);
    command.args(["--nodes", "127.0.0.1:1"]);
    let said = failed(command);
    assert!(said.contains("cannot be used with"), "{said}");
    let mut command = asking(COUNT, dataset.path(), &[]);
    command.args(["--nodes", "http://node"]);
    let said = failed(command);
    assert!(said.contains("is not the address of a node"), "{said}");
}
