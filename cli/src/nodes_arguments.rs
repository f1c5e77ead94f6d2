//! Which nodes compute the queries of a command, as arguments.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use engram_cluster::{Access, Address, NodesSettings, Token, distribute};
use engram_engine::Session;
use tokio::runtime::Handle;

use crate::printing::say;
use crate::serve::seconds;

/// Where a token may be given; an argument could be read by everybody on the machine.
const TOKEN: &str = "ENGRAM_NODES_TOKEN";

/// The arguments of every command whose queries nodes may compute.
#[derive(Clone, Debug, Args)]
pub(crate) struct NodesArguments {
    /// Have these nodes compute the queries, which `engram node` starts; a name may stand for several
    ///
    /// They have to be of this version and to have the dataset under this --at. The rows are those of a query without nodes.
    #[arg(long, value_name = "HOST:PORT,...", value_delimiter = ',', env = "ENGRAM_NODES", value_parser = address)]
    nodes: Vec<Address>,

    /// The file with the token of the nodes, which may also be given as ENGRAM_NODES_TOKEN
    #[arg(long, value_name = "FILE", requires = "nodes")]
    nodes_token_file: Option<PathBuf>,

    /// The certificates that vouch for those of the nodes, as PEM; what goes to nodes is then encrypted
    #[arg(
        long,
        value_name = "FILE",
        requires = "nodes",
        env = "ENGRAM_NODES_AUTHORITY"
    )]
    nodes_authority: Option<PathBuf>,

    /// How long a node may be silent before it is taken for lost; nodes answer also while they compute
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    nodes_timeout: Duration,
}

impl NodesArguments {
    /// Has the nodes compute the session's queries, where there are any.
    ///
    /// # Errors
    /// When none of the nodes can answer.
    pub(crate) async fn join(&self, session: &Session) -> anyhow::Result<()> {
        if self.nodes.is_empty() {
            return Ok(());
        }
        let nodes = NodesSettings {
            addresses: self.nodes.clone(),
            access: Access {
                token: token(self.nodes_token_file.as_ref())?,
                authority: self.nodes_authority.clone(),
            },
            silence: self.nodes_timeout,
        };
        for warning in nodes.warnings() {
            say(&format!("warning: {warning}"));
        }
        Ok(distribute(session, nodes, connections()?).await?)
    }
}

/// Where connections to nodes live, as long as the command.
fn connections() -> anyhow::Result<Handle> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("nodes")
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let handle = runtime.handle().clone();
    // It would wait for its connections, and cannot where a command ends.
    std::mem::forget(runtime);
    Ok(handle)
}

/// The token of a cluster, by a file or the environment.
///
/// # Errors
/// For a file that cannot be read, and a token that is none.
pub(crate) fn token(file: Option<&PathBuf>) -> anyhow::Result<Option<Token>> {
    if let Some(file) = file {
        return Ok(Some(Token::read(file)?));
    }
    match std::env::var(TOKEN) {
        Ok(text) => Ok(Some(Token::parse(&text)?)),
        Err(_absent) => Ok(None),
    }
}

fn address(text: &str) -> Result<Address, String> {
    let address: Result<Address, engram_cluster::Error> = text.parse();
    address.map_err(|error| match error.hint() {
        Some(hint) => format!("{error}: {hint}"),
        None => error.to_string(),
    })
}
