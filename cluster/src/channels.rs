//! Connections to nodes.
//!
//! A connection shows the token, the version and the dataset with every request, and asks a silent node now and then whether it
//! still lives.
//!
//! Which nodes call each other stands in plans. A node calls those alone that the client of a query says to have, encrypted as
//! it is itself: to any other it would show its token.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use datafusion::common::plan_err;
use datafusion::error::{DataFusionError, Result};
use datafusion_distributed::grpc::{BoxCloneSyncChannel, create_worker_client};
use datafusion_distributed::{ChannelResolver, WorkerChannel};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tonic::transport::{Certificate, Endpoint};
use tower::ServiceExt;
use url::Url;

use crate::access::{self, Access};
use crate::address::Encryption;
use crate::loss::{Loss, Mark};
use crate::named::{Name, Named, causes};
use crate::protocol::{DATASET_HEADER, MARK_HEADER, NODES_HEADER, VERSION, VERSION_HEADER};

/// How many connections are kept. Nodes come and go, and their addresses with them.
const MOST_KEPT: usize = 1024;

/// Connections, opened once each.
#[derive(Clone)]
pub(crate) struct Channels {
    headers: HeaderMap,
    authority: Option<Certificate>,
    silence: Duration,
    /// Where connections live. What computes would keep them from answering in time.
    runtime: Handle,
    open: Arc<Mutex<HashMap<Url, Connection>>>,
    mark: Mark,
    /// The only nodes that are called, where not all are.
    only: Option<Arc<[Url]>>,
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
            mark: Mark::drawn(),
            only: None,
        })
    }

    /// The connections of a client: a dataset is meant on them, and losses are told so that the client knows them.
    pub(crate) fn of_client(mut self, dataset: &str) -> Self {
        let dataset = HeaderValue::from_str(dataset).ok();
        let shown = [(DATASET_HEADER, dataset), (MARK_HEADER, self.mark.header())];
        for (name, value) in shown {
            if let Some(value) = value {
                self.headers.insert(HeaderName::from_static(name), value);
            }
        }
        self
    }

    /// What the nodes of a query are told of each other.
    pub(crate) fn headers_of_query(nodes: &[Url]) -> HeaderMap {
        let nodes: Vec<&str> = nodes.iter().map(Url::as_str).collect();
        let nodes = HeaderValue::from_str(&nodes.join(",")).ok();
        let name = HeaderName::from_static(NODES_HEADER);
        nodes.map(|nodes| (name, nodes)).into_iter().collect()
    }

    /// The connections of a node for the query that came with these headers.
    pub(crate) fn for_query(&self, headers: &HeaderMap) -> Self {
        let named = headers.get(NODES_HEADER);
        let named = named.and_then(|named| named.to_str().ok()).unwrap_or("");
        let only = named.split(',').filter_map(|url| Url::parse(url).ok());
        Self {
            mark: Mark::shown(headers).unwrap_or_else(|| self.mark.clone()),
            only: Some(only.collect()),
            ..self.clone()
        }
    }

    /// The loss of a node that an error means, if it means one.
    pub(crate) fn loss(&self, error: &DataFusionError) -> Option<Loss> {
        self.mark.read(error)
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
    /// A [`Loss`] when it cannot be reached, and an error of the plan when it is none that may be called.
    pub(crate) async fn node(&self, url: &Url) -> Result<Box<dyn WorkerChannel>> {
        let is_known = self.only.as_ref().is_none_or(|only| only.contains(url));
        if !is_known || url.scheme() != self.encryption().scheme() {
            return plan_err!("{url} is no node of this query");
        }
        let connection = self.connection(url);
        let channel = connection.get_or_try_init(|| self.connect(url)).await?;
        let name = Name {
            url: url.clone(),
            mark: self.mark.clone(),
        };
        let channel = create_worker_client(channel.clone());
        Ok(Box::new(Named { name, channel }))
    }

    /// The connection that is kept, opened or not.
    fn connection(&self, url: &Url) -> Connection {
        let Ok(mut open) = self.open.lock() else {
            return Connection::default();
        };
        if open.len() >= MOST_KEPT && !open.contains_key(url) {
            // Any: whoever uses it goes on to do so, and it is opened again when it is asked for.
            let any = open.keys().next().cloned();
            any.and_then(|any| open.remove(&any));
        }
        Arc::clone(open.entry(url.clone()).or_default())
    }

    async fn connect(&self, url: &Url) -> Result<BoxCloneSyncChannel> {
        let lost = |reason: String| self.mark.error(&Loss::of(url, reason));
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

fn silent(limit: Duration) -> String {
    format!("it did not answer for {} s", limit.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels() -> Channels {
        let silence = Duration::from_secs(1);
        Channels::new(&Access::default(), silence, Handle::current()).unwrap()
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    async fn refusal(channels: &Channels, node: &str) -> DataFusionError {
        channels.node(&url(node)).await.err().unwrap()
    }

    #[tokio::test]
    async fn only_nodes_of_the_query_are_called() {
        // Nothing listens there: what may be called is lost, and the rest is not tried.
        let named = [url("http://127.0.0.1:1/"), url("http://127.0.0.2:1/")];
        let all = channels();
        let some = all.for_query(&Channels::headers_of_query(&named));
        for node in ["http://127.0.0.1:1/", "http://127.0.0.2:1/"] {
            let error = refusal(&some, node).await;
            assert_eq!(some.loss(&error).unwrap().node, Some(url(node)));
        }
        let none = all.for_query(&HeaderMap::new());
        for (channels, node) in [
            (&some, "http://127.0.0.3:1/"),
            (&some, "http://127.0.0.1:2/"),
            (&some, "https://127.0.0.1:1/"),
            (&none, "http://127.0.0.1:1/"),
            (&all, "https://127.0.0.1:1/"),
            (&all, "file:///etc/passwd"),
        ] {
            let error = refusal(channels, node).await;
            assert_eq!(channels.loss(&error), None, "{error}");
            assert!(error.to_string().contains("is no node of this query"));
        }
    }

    #[tokio::test]
    async fn what_is_encrypted_is_never_shown_in_the_open() {
        let encrypted = Channels {
            authority: Some(Certificate::from_pem("")),
            ..channels()
        };
        let error = refusal(&encrypted, "http://127.0.0.1:1/").await;
        assert!(error.to_string().contains("is no node of this query"));
    }

    #[tokio::test]
    async fn few_connections_are_kept() {
        let channels = channels();
        for port in 1..=MOST_KEPT + 10 {
            channels.connection(&url(&format!("http://10.0.0.1:{port}/")));
        }
        let last = url(&format!("http://10.0.0.1:{}/", MOST_KEPT + 10));
        let open = channels.open.lock().unwrap();
        assert!(open.len() == MOST_KEPT && open.contains_key(&last));
    }
}
