//! A node: it computes parts of queries for clients, and hands rows to them and to other nodes.
//!
//! It is started for one dataset and reads nothing else. A client that could name any place would have the node read, with the
//! node's own rights, what the client may not; and a node that knows its dataset has its footers in memory before it is asked.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use datafusion::common::tree_node::{TransformedResult, TreeNode};
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion_distributed::{
    DistributedExt, Worker, WorkerPlanRewriteEvent, WorkerPlanRewriteEventResponse,
    WorkerQueryContext, WorkerSessionBuilder,
};
use engram_engine::Session;
use engram_engine::session::{SessionSettings, asked_once};
use engram_schemas::DatasetLocation;
use tokio::runtime::Handle;
use tonic::transport::Server;
use tonic::transport::server::{Router, TcpIncoming};

use crate::access::{Access, NodeCertificate};
use crate::channels::Channels;
use crate::datasets::{Datasets, State};
use crate::files::Files;
use crate::gate::{Gate, count_panics};
use crate::protocol::{DATASET_HEADER, Greeting, MOST_HEADER_BYTES, VERSION};
use crate::{Error, Result};

/// What a node listens on, and whom it works for.
#[derive(Clone, Debug)]
pub struct NodeSettings {
    /// Where it listens; port 0 takes any.
    pub listen: SocketAddr,
    /// The token that clients have to show, and that it shows to other nodes; and whom of these it trusts.
    pub access: Access,
    /// Who is worked for where there is no token.
    pub anonymous: Anonymous,
    /// Its certificate; without one nothing is encrypted.
    pub certificate: Option<NodeCertificate>,
    /// How long another node or a client may be silent before it is taken for lost.
    pub silence: Duration,
    /// The threads that it computes on.
    pub n_threads: usize,
    /// How long queries may go on that run when it is told to end.
    pub grace: Duration,
}

/// Who is worked for where there is no token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anonymous {
    /// Programs of the same machine.
    #[default]
    Loopback,
    /// Whoever reaches the node.
    Everyone,
}

impl NodeSettings {
    /// Whether a node can run by these settings, safely.
    ///
    /// # Errors
    /// [`Error::Settings`] when strangers would be worked for without a token, or when a node would trust no other.
    pub fn check(&self) -> Result<()> {
        let is_open = !self.listen.ip().is_loopback();
        if is_open && self.access.token.is_none() && self.anonymous == Anonymous::Loopback {
            return Err(Error::Settings {
                problem: format!(
                    "{} can be reached from other machines, and whoever reaches it could read the dataset",
                    self.listen
                ),
                hint: "ask for a token with --token-file FILE or ENGRAM_NODES_TOKEN, or let everybody in with --allow-anonymous",
            });
        }
        if self.certificate.is_some() != self.access.authority.is_some() {
            return Err(Error::Settings {
                problem: "an encrypted node needs a certificate, its key, and what vouches for the other nodes".to_owned(),
                hint: "give --tls-certificate, --tls-key and --tls-authority together",
            });
        }
        Ok(())
    }

    /// What an operator should know about settings that are allowed and not safe.
    pub fn warnings(&self) -> Vec<&'static str> {
        let is_open = !self.listen.ip().is_loopback();
        let mut warnings = Vec::new();
        if is_open && self.certificate.is_none() && self.access.token.is_some() {
            warnings.push("token and rows go over the network unencrypted: give --tls-certificate, --tls-key and --tls-authority, or keep the network closed");
        }
        if is_open && self.access.token.is_none() {
            warnings.push("whoever reaches the node can read the dataset");
        }
        warnings
    }
}

/// A node that listens.
pub struct Node {
    router: Router<tower::layer::util::Stack<Gate, tower::layer::util::Identity>>,
    incoming: TcpIncoming,
    address: SocketAddr,
    grace: Duration,
    is_ending: Arc<AtomicBool>,
    first: Arc<State>,
}

impl Node {
    /// Opens the dataset and listens. Queries are computed on the runtime `compute`, which should be another than the one that
    /// this is called on: what computes keeps its threads busy, and a node that does not answer for long is taken for lost.
    ///
    /// # Errors
    /// For settings that are not safe, a dataset that cannot be opened, an address that cannot be listened on, and a certificate
    /// that cannot be used.
    pub async fn bind(
        at: DatasetLocation,
        session: SessionSettings,
        settings: &NodeSettings,
        compute: Handle,
    ) -> Result<Self> {
        settings.check()?;
        count_panics();
        let (datasets, first) = Datasets::open(at, session).await?;
        let datasets = Arc::new(datasets);
        let channels = Channels::new(&settings.access, settings.silence, Handle::current())?;
        let greeting = Greeting {
            version: VERSION.to_owned(),
            n_threads: settings.n_threads,
        };
        let desk = Desk {
            datasets: Arc::clone(&datasets),
            channels,
        };
        let worker = Worker::from_session_builder(desk).with_version(greeting.written());
        let is_ending = Arc::new(AtomicBool::new(false));
        let gate = Gate {
            token: settings.access.token.clone(),
            datasets,
            compute,
            is_ending: Arc::clone(&is_ending),
        };
        let mut server = Server::builder()
            .http2_keepalive_interval(Some(settings.silence / 2))
            .http2_keepalive_timeout(Some(settings.silence / 2))
            .http2_adaptive_window(Some(true))
            .http2_max_header_list_size(MOST_HEADER_BYTES);
        if let Some(files) = &settings.certificate {
            server = server
                .tls_config(files.server()?)
                .map_err(|source| Error::Certificate {
                    file: files.certificate.clone(),
                    source,
                })?;
        }
        let router = server.layer(gate).add_service(worker.into_worker_server());
        let listen = settings.listen;
        let bound = bind(listen).map_err(|source| Error::Bind {
            address: listen,
            source,
        });
        let (address, incoming) = bound?;
        Ok(Self {
            router,
            incoming,
            address,
            grace: settings.grace,
            is_ending,
            first,
        })
    }

    /// Where it listens, with the port that was taken for 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The dataset, as it is at first.
    pub fn session(&self) -> &Session {
        &self.first.session
    }

    /// Works until `shutdown` comes. Then no connection is taken any more, and what runs may go on for the settings' grace.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<()> {
        let (told, ended) = tokio::sync::oneshot::channel::<()>();
        let serving = self
            .router
            .serve_with_incoming_shutdown(self.incoming, async {
                let _ = ended.await;
            });
        let address = self.address;
        let failed = |source| Error::Serve { address, source };
        tokio::pin!(serving);
        tokio::select! {
            served = &mut serving => return served.map_err(failed),
            () = shutdown => {}
        }
        tracing::info!("shutting down");
        let _ = told.send(());
        match tokio::time::timeout(self.grace, serving).await {
            Ok(served) => served.map_err(failed),
            Err(_elapsed) => {
                // Whoever called ends what still computes. To its client that must not look like the end of an answer.
                self.is_ending.store(true, Ordering::SeqCst);
                Ok(())
            }
        }
    }
}

fn bind(address: SocketAddr) -> std::io::Result<(SocketAddr, TcpIncoming)> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    Ok((
        address,
        TcpIncoming::from(listener).with_nodelay(Some(true)),
    ))
}

/// Where queries get what they run with: the dataset, this program's functions, and ways to other nodes.
struct Desk {
    datasets: Arc<Datasets>,
    channels: Channels,
}

#[async_trait]
impl WorkerSessionBuilder for Desk {
    async fn build_session_state(
        &self,
        asked: WorkerQueryContext,
    ) -> std::result::Result<SessionState, DataFusionError> {
        let identity = asked.headers.get(DATASET_HEADER);
        let identity = identity
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let unknown =
            || DataFusionError::Plan("the query names no dataset of this node".to_owned());
        let state = self.datasets.of(identity).await?.ok_or_else(unknown)?;
        let ours = state.session.context().state();
        let files = Files::of(&state.session);
        let channels = self.channels.for_query(&asked.headers);
        let mut builder = asked.builder;
        let options = builder.config().get_or_insert_default().options_mut();
        // All but the extensions, which are the library's for this query.
        options.execution = ours.config_options().execution.clone();
        options.optimizer = ours.config_options().optimizer.clone();
        options.sql_parser = ours.config_options().sql_parser.clone();
        let state = builder
            .with_runtime_env(Arc::clone(ours.runtime_env()))
            .with_scalar_functions(ours.scalar_functions().values().cloned().collect())
            .with_higher_order_functions(ours.higher_order_functions().values().cloned().collect())
            .with_aggregate_functions(ours.aggregate_functions().values().cloned().collect())
            .with_window_functions(ours.window_functions().values().cloned().collect())
            .with_distributed_channel_resolver(channels)
            .with_distributed_worker_plan_rewrite_handler(
                move |event: WorkerPlanRewriteEvent<'_>| {
                    files.check(&event.plan)?;
                    let plan = event.plan.transform_up(asked_once).data()?;
                    Ok(WorkerPlanRewriteEventResponse::new(plan))
                },
            )
            .build();
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Token;

    fn settings(address: &str) -> NodeSettings {
        NodeSettings {
            listen: address.parse().unwrap(),
            access: Access::default(),
            anonymous: Anonymous::Loopback,
            certificate: None,
            silence: Duration::from_secs(30),
            n_threads: 1,
            grace: Duration::from_secs(1),
        }
    }

    #[test]
    fn strangers_need_a_token() {
        settings("127.0.0.1:0").check().unwrap();
        let error = settings("0.0.0.0:50061").check().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("0.0.0.0:50061 can be reached"),
            "{error}"
        );
        let everyone = NodeSettings {
            anonymous: Anonymous::Everyone,
            ..settings("0.0.0.0:50061")
        };
        everyone.check().unwrap();
        let mut known = settings("0.0.0.0:50061");
        known.access.token = Some(Token::parse("s3cr3t-of-some-length").unwrap());
        known.check().unwrap();
        assert_eq!(known.warnings().len(), 1);
    }

    #[test]
    fn an_encrypted_node_trusts_the_others() {
        let mut encrypted = settings("127.0.0.1:0");
        encrypted.certificate = Some(NodeCertificate {
            certificate: "node.pem".into(),
            key: "node.key".into(),
        });
        assert!(encrypted.check().is_err());
        encrypted.access.authority = Some("authority.pem".into());
        encrypted.check().unwrap();
    }
}
