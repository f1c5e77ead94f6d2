//! `engram node`: computes parts of the queries of other commands.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use engram_cluster::{Access, Anonymous, Node, NodeCertificate, NodeSettings};
use engram_schemas::DatasetLocation;

use crate::nodes_arguments::token;
use crate::printing::{print, say};
use crate::serve::{address, ended, seconds};
use crate::session_arguments::OpeningArguments;

/// Compute parts of queries for commands that are given --nodes
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct NodeArgs {
    /// Where the dataset is: a folder or a URL (file://, s3://, gs://, az://); nothing else is read
    #[arg(
        long,
        value_name = "URL",
        env = "ENGRAM_DATASET",
        hide_env_values = true
    )]
    at: String,

    /// Where to listen, as in 0.0.0.0:50061; port 0 takes any
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50061", value_parser = address)]
    listen: SocketAddr,

    /// A file with the token that clients and other nodes have to show
    ///
    /// It may also be given in the environment, as ENGRAM_NODES_TOKEN. All nodes and clients of a cluster have the same.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Compute for whoever reaches the node, without a token and on any address
    #[arg(long)]
    allow_anonymous: bool,

    /// A certificate and what vouches for it, as PEM: all that comes and goes is encrypted
    #[arg(long, value_name = "FILE", requires_all = ["tls_key", "tls_authority"])]
    tls_certificate: Option<PathBuf>,

    /// The private key of the certificate, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,

    /// The certificates that vouch for those of the other nodes, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_authority: Option<PathBuf>,

    /// How long another node or a client may be silent before it is taken for lost
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,

    /// How long queries may go on when the node is told to end
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    grace: Duration,

    #[command(flatten)]
    opening: OpeningArguments,
}

const EXAMPLES: &str = "\
Examples:
  Two nodes of this machine, and a query that both compute:
    engram node --at data/digits --listen 127.0.0.1:50061 &
    engram node --at data/digits --listen 127.0.0.1:50062 &
    engram query figure_4a --at data/digits --nodes 127.0.0.1:50061,127.0.0.1:50062

  A node of a cluster, for clients that show its token:
    openssl rand -hex 32 > token
    engram node --at s3://bucket/release --listen 0.0.0.0:50061 --token-file token

docs/cluster.md says more, and how nodes run under Kubernetes and Slurm. Ctrl-C ends the node when its queries have; a second one
ends it at once.";

impl NodeArgs {
    fn settings(&self) -> anyhow::Result<NodeSettings> {
        let files = self.tls_certificate.clone().zip(self.tls_key.clone());
        Ok(NodeSettings {
            listen: self.listen,
            access: Access {
                token: token(self.token_file.as_ref())?,
                authority: self.tls_authority.clone(),
            },
            anonymous: match self.allow_anonymous {
                true => Anonymous::Everyone,
                false => Anonymous::Loopback,
            },
            certificate: files.map(|(certificate, key)| NodeCertificate { certificate, key }),
            silence: self.timeout,
            n_threads: self.opening.n_threads(),
            grace: self.grace,
        })
    }
}

/// Runs the command.
///
/// # Errors
/// For settings that are not safe, an address that cannot be listened on, and a dataset that cannot be read.
pub(crate) async fn run(args: NodeArgs) -> anyhow::Result<()> {
    let settings = args.settings()?;
    settings.check()?;
    let at = DatasetLocation::open(&args.at)?;
    // What computes keeps its threads busy. On the threads that hold the connections, the node would seem to be lost.
    let compute = crate::query_threads(args.opening.n_threads())?;
    let session = args.opening.settings()?;
    let worked = async {
        let node = Node::bind(at, session, &settings, compute.handle().clone()).await?;
        for warning in settings.warnings() {
            say(&format!("warning: {warning}"));
        }
        print(&announcement(&node), "the address")?;
        node.run(ended()?).await?;
        anyhow::Ok(())
    };
    let worked = worked.await;
    // What still computes has nobody any more to compute for.
    compute.shutdown_background();
    worked
}

fn announcement(node: &Node) -> String {
    let session = node.session();
    let (location, n_runs) = (session.location(), session.dataset().n_runs());
    format!(
        "computing on {location} ({n_runs} runs)\n  node  {}\n",
        node.address()
    )
}
