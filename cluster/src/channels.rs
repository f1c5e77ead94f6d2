//! Connections to nodes.
//!
//! A connection shows the token, the version and the dataset with every request, and asks a silent node now and then whether it
//! still lives. What goes wrong on it bears the node's name, which neither HTTP nor the library that carries plans and rows put
//! into their errors. An error may come from a node that lost another one, and then is a text: so the name is read from the text.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow_flight::error::FlightError;
use async_trait::async_trait;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion_distributed::grpc::{BoxCloneSyncChannel, create_worker_client};
use datafusion_distributed::{
    ChannelResolver, CoordinatorToWorkerMsg, ExecuteTaskRequest, GetWorkerInfoRequest,
    GetWorkerInfoResponse, SetPlanRequest, WorkerChannel, WorkerToCoordinatorMsg,
};
use futures::StreamExt;
use futures::stream::BoxStream;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tonic::transport::{Certificate, Endpoint};
use tower::ServiceExt;
use url::Url;

use crate::access::{self, Access};
use crate::address::Encryption;
use crate::protocol::{DATASET_HEADER, VERSION, VERSION_HEADER};

/// Begins the text of an error that means a node.
const MARK: &str = "lost the node ";

/// Connections, opened once each.
#[derive(Clone)]
pub(crate) struct Channels {
    headers: HeaderMap,
    authority: Option<Certificate>,
    silence: Duration,
    /// Where connections live. What computes would keep them from answering in time.
    runtime: Handle,
    open: Arc<Mutex<HashMap<Url, Connection>>>,
}

type Connection = Arc<OnceCell<BoxCloneSyncChannel>>;

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The headers hold the token, and are never told.
        f.write_str("Channels")
    }
}

impl Channels {
    /// Connections that show what `access` has, on a runtime. A node that is silent for `silence` is lost.
    ///
    /// # Errors
    /// For a file of certificates that cannot be read.
    pub(crate) fn new(access: &Access, silence: Duration, runtime: Handle) -> crate::Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(VERSION_HEADER, HeaderValue::from_static(VERSION));
        if let Some(shown) = access.token.as_ref().and_then(access::Token::shown) {
            headers.insert(AUTHORIZATION, shown);
        }
        let authority = access.authority.as_deref().map(access::authority);
        Ok(Self {
            headers,
            authority: authority.transpose()?,
            silence,
            runtime,
            open: Arc::default(),
        })
    }

    /// Connections on which a dataset is meant.
    pub(crate) fn with_dataset(mut self, identity: &str) -> Self {
        if let Ok(identity) = HeaderValue::from_str(identity) {
            let name = HeaderName::from_static(DATASET_HEADER);
            self.headers.insert(name, identity);
        }
        self
    }

    pub(crate) fn encryption(&self) -> Encryption {
        match self.authority {
            Some(_) => Encryption::Tls,
            None => Encryption::Plain,
        }
    }

    /// A node to talk to.
    ///
    /// # Errors
    /// A [`Loss`] when it cannot be reached.
    pub(crate) async fn node(&self, url: &Url) -> Result<Box<dyn WorkerChannel>> {
        let connection = match self.open.lock() {
            Ok(mut open) => Arc::clone(open.entry(url.clone()).or_default()),
            Err(_poisoned) => Connection::default(),
        };
        let channel = connection.get_or_try_init(|| self.connect(url)).await?;
        Ok(Box::new(Node {
            url: url.clone(),
            channel: create_worker_client(channel.clone()),
        }))
    }

    async fn connect(&self, url: &Url) -> Result<BoxCloneSyncChannel> {
        let lost = |reason: String| DataFusionError::from(Loss::of(url, reason));
        let half = self.silence / 2;
        let mut target = url.clone();
        target.set_fragment(None);
        let endpoint = Endpoint::from_shared(target.to_string())
            .map_err(|error| lost(causes(&error)))?
            .connect_timeout(self.silence)
            .tcp_nodelay(true)
            .http2_adaptive_window(true)
            .http2_keep_alive_interval(half)
            .keep_alive_timeout(half)
            .keep_alive_while_idle(true);
        let endpoint = match &self.authority {
            None => endpoint,
            Some(authority) => endpoint
                .tls_config(access::client(authority, url))
                .map_err(|error| lost(causes(&error)))?,
        };
        let connecting = async move { endpoint.connect().await };
        let connecting = self
            .runtime
            .spawn(tokio::time::timeout(self.silence, connecting));
        let channel = match connecting.await {
            Ok(Ok(connected)) => connected.map_err(|error| lost(causes(&error)))?,
            Ok(Err(_elapsed)) => return Err(lost(silent(self.silence))),
            Err(error) => return Err(lost(error.to_string())),
        };
        let headers = self.headers.clone();
        let channel = channel.map_request(move |mut request: http::Request<tonic::body::Body>| {
            for (name, value) in &headers {
                request.headers_mut().insert(name, value.clone());
            }
            request
        });
        Ok(BoxCloneSyncChannel::new(channel))
    }
}

#[async_trait]
impl ChannelResolver for Channels {
    async fn get_worker_client_for_url(&self, url: &Url) -> Result<Box<dyn WorkerChannel>> {
        self.node(url).await
    }
}

/// A node, whose errors bear its name.
struct Node {
    url: Url,
    channel: Box<dyn WorkerChannel>,
}

impl Node {
    /// What an error of the connection means. One of the query is passed on as it is.
    fn named(url: &Url, error: DataFusionError) -> DataFusionError {
        let DataFusionError::External(source) = &error else {
            return error;
        };
        if let Some(status) = source.downcast_ref::<tonic::Status>() {
            return Loss::of(url, words(status)).into();
        }
        match source.downcast_ref::<FlightError>() {
            Some(unreadable) => Loss::of(url, causes(unreadable)).into(),
            None => error,
        }
    }
}

#[async_trait]
impl WorkerChannel for Node {
    async fn coordinator_channel(
        &mut self,
        headers: HeaderMap,
        plan: SetPlanRequest,
        messages: BoxStream<'static, CoordinatorToWorkerMsg>,
        metrics: ExecutionPlanMetricsSet,
        context: &Arc<TaskContext>,
    ) -> Result<BoxStream<'static, Result<WorkerToCoordinatorMsg>>> {
        let url = self.url.clone();
        let answer = self
            .channel
            .coordinator_channel(headers, plan, messages, metrics, context)
            .await
            .map_err(|error| Self::named(&url, error))?;
        let answer = answer.map(move |message| message.map_err(|error| Self::named(&url, error)));
        Ok(answer.boxed())
    }

    async fn execute_task(
        &mut self,
        headers: HeaderMap,
        request: ExecuteTaskRequest,
        metrics: ExecutionPlanMetricsSet,
        context: &Arc<TaskContext>,
    ) -> Result<Vec<BoxStream<'static, Result<RecordBatch>>>> {
        let answer = self
            .channel
            .execute_task(headers, request, metrics, context)
            .await
            .map_err(|error| Self::named(&self.url, error))?;
        let partitions = answer.into_iter().map(|partition| {
            let url = self.url.clone();
            let partition =
                partition.map(move |batch| batch.map_err(|error| Self::named(&url, error)));
            partition.boxed()
        });
        Ok(partitions.collect())
    }

    async fn get_worker_info(
        &mut self,
        request: GetWorkerInfoRequest,
    ) -> Result<GetWorkerInfoResponse> {
        let answer = self.channel.get_worker_info(request).await;
        answer.map_err(|error| Self::named(&self.url, error))
    }
}

/// A node that does not answer any more, or refuses to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    /// The node; none where it is not known which of them it is.
    pub(crate) node: Option<Url>,
    /// What happened to it.
    pub(crate) reason: String,
}

impl Loss {
    fn of(node: &Url, reason: String) -> Self {
        Self {
            node: Some(node.clone()),
            reason,
        }
    }

    /// The loss that an error means, if it means one.
    pub(crate) fn read(error: &DataFusionError) -> Option<Self> {
        // The words of the library for a node that was never sent what it is to do, because its client or the way to it was lost.
        const NEVER_SENT: &str = "timed-out while waiting for the plan";
        let text = error.strip_backtrace();
        if let Some((_, rest)) = text.split_once(MARK) {
            let (node, reason) = rest.split_once(": ")?;
            return Some(Self::of(&Url::parse(node).ok()?, reason.to_owned()));
        }
        text.contains(NEVER_SENT).then(|| Self {
            node: None,
            reason: "a node waited for its part of the query in vain".to_owned(),
        })
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Some(node) => write!(f, "{MARK}{node}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

impl std::error::Error for Loss {}

impl From<Loss> for DataFusionError {
    fn from(loss: Loss) -> Self {
        Self::External(Box::new(loss))
    }
}

fn silent(limit: Duration) -> String {
    format!("it did not answer for {} s", limit.as_secs_f64())
}

/// What a status says, with its causes. Of a node that refuses it is the node's own words.
fn words(status: &tonic::Status) -> String {
    match std::error::Error::source(status) {
        Some(source) => causes(source),
        None => status.message().to_owned(),
    }
}

/// An error and its causes in a line, without repetitions.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_read_from_what_other_nodes_tell_of_it() {
        let node = Url::parse("https://10.0.0.7:50061/#nodes").unwrap();
        let loss = Loss::of(&node, "connection reset: by peer".to_owned());
        let error = DataFusionError::from(loss.clone());
        assert_eq!(Loss::read(&error), Some(loss.clone()));
        // What crosses a network is a text.
        let error = DataFusionError::External(error.to_string().into());
        let error = DataFusionError::Context("reading".to_owned(), Box::new(error));
        assert_eq!(Loss::read(&error), Some(loss));
        let other = DataFusionError::Execution("divide by zero".to_owned());
        assert_eq!(Loss::read(&other), None);
    }
}
