//! Queries on several machines: nodes that compute, and a session that has them compute.
//!
//! A [`Node`] is a process that has opened the dataset and computes what it is sent. [`distribute`] gives a session nodes: from then
//! on its queries are divided among them, and asking it is the same as before. Plans, and rows between nodes, are carried by
//! `datafusion-distributed`; what is here is what a cluster of this program needs beyond it: how scans are divided (`division`), who
//! may ask and what they may have read (`gate`, `files`), and what becomes of a query when a node is lost (`answer`, `nodes`).
//!
//! There is no coordinator: whoever asks plans, and computes what cannot be divided. Nodes keep nothing of a query, and need not
//! know of each other beforehand.

mod access;
mod address;
mod answer;
mod channels;
mod datasets;
mod division;
mod error;
mod files;
mod gate;
mod loss;
mod named;
mod node;
mod nodes;
mod orders;
mod planner;
mod protocol;
mod rehearsal;
mod scalar_subqueries;

use std::sync::Arc;
use std::time::Duration;

use datafusion::execution::SessionStateBuilder;
use engram_engine::Session;
use tokio::runtime::Handle;

pub use access::{Access, NodeCertificate, Token};
pub use address::{Address, PORT};
pub use error::{Error, Refusal, Result};
pub use node::{Anonymous, Node, NodeSettings};
pub use protocol::VERSION;

use channels::Channels;
use files::Files;
use nodes::Nodes;
use planner::{ForNodes, Planner};
use scalar_subqueries::ScalarSubqueries;

/// The nodes of a session.
#[derive(Clone, Debug)]
pub struct NodesSettings {
    /// Where they are; a name may stand for several.
    pub addresses: Vec<Address>,
    /// What they are shown, and whom of them is trusted.
    pub access: Access,
    /// How long one may be silent before it is taken for lost. Nodes answer while they compute: a slow query is no silence.
    pub silence: Duration,
}

impl NodesSettings {
    /// What a user should know about settings that are allowed and not safe.
    pub fn warnings(&self) -> Vec<&'static str> {
        let is_told = self.access.token.is_some() && self.access.authority.is_none();
        let mut warnings = Vec::new();
        if is_told && !self.addresses.iter().all(Address::is_loopback) {
            warnings.push("token and rows go over the network unencrypted: have nodes encrypt and give --nodes-authority, or keep the network closed");
        }
        warnings
    }
}

/// Has nodes compute the queries of a session from now on. Queries that read no files of the dataset are computed as before.
///
/// Connections live on the runtime `connections`, which should be another than the one that the session computes on: what computes
/// keeps its threads busy, and a node whose answers nobody hears seems to be lost.
///
/// # Errors
/// [`Error::NoNode`] when none of the nodes can answer, and for certificates that cannot be read.
pub async fn distribute(
    session: &Session,
    nodes: NodesSettings,
    connections: Handle,
) -> Result<()> {
    let channels = Channels::new(&nodes.access, nodes.silence, connections)?;
    let channels = channels.of_client(&protocol::identity(session));
    let nodes = Nodes::new(nodes.addresses, channels);
    nodes.ready().await?;
    let mut config = session.context().copied_config();
    let options = config.options_mut();
    // The library knows subqueries as joins alone.
    options
        .optimizer
        .enable_physical_uncorrelated_scalar_subquery = false;
    // A new one would take the place of the one that has the tables.
    options.catalog.create_default_catalog_and_schema = false;
    let mut state = SessionStateBuilder::new_from_existing(session.context().state())
        .with_config(config)
        .build();
    state.add_analyzer_rule(Arc::new(ScalarSubqueries));
    let planner = Planner::new(Arc::new(nodes), Files::of(session), state.clone());
    let state = SessionStateBuilder::new_from_existing(state)
        .with_query_planner(Arc::new(ForNodes(Arc::new(planner))))
        .build();
    *session.context().state_ref().write() = state;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_the_open_is_warned_of() {
        let settings =
            |address: &str, token: Option<&str>, authority: Option<&str>| NodesSettings {
                addresses: vec![address.parse().unwrap()],
                access: Access {
                    token: token.map(|token| Token::parse(token).unwrap()),
                    authority: authority.map(Into::into),
                },
                silence: Duration::from_secs(1),
            };
        let token = Some("s3cr3t-of-some-length");
        assert_eq!(settings("node-1", token, None).warnings().len(), 1);
        for safe in [
            settings("localhost", token, None),
            settings("node-1", None, None),
            settings("node-1", token, Some("authority.pem")),
        ] {
            assert!(safe.warnings().is_empty(), "{safe:?}");
        }
    }
}
