//! The nodes of a session: which there are, and which of them can answer.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use datafusion_distributed::GetWorkerInfoRequest;
use futures::future::join_all;
use url::Url;

use crate::address::{Address, told};
use crate::channels::Channels;
use crate::error::Refusal;
use crate::protocol::{Greeting, VERSION};
use crate::{Error, Result};

/// How long a node that was lost is not asked again: what does not answer takes its time.
const SET_ASIDE: Duration = Duration::from_secs(60);

/// The nodes of a session.
#[derive(Debug)]
pub(crate) struct Nodes {
    addresses: Vec<Address>,
    channels: Channels,
    set_aside: Mutex<HashMap<Url, (Instant, String)>>,
}

/// Nodes that can answer.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    /// By their URLs, in order.
    pub(crate) urls: Vec<Url>,
    /// The threads that each of them has at least.
    pub(crate) n_threads: usize,
}

impl Nodes {
    pub(crate) fn new(addresses: Vec<Address>, channels: Channels) -> Self {
        Self {
            addresses,
            channels,
            set_aside: Mutex::default(),
        }
    }

    pub(crate) fn channels(&self) -> &Channels {
        &self.channels
    }

    /// The nodes that can answer. Those that cannot are left out, and the log says so.
    ///
    /// # Errors
    /// [`Error::NoNode`] when none can.
    pub(crate) async fn ready(&self) -> Result<Ready> {
        let (urls, mut refusals) = self.resolved().await;
        let asked = urls.into_iter().map(async |url| match self.aside(&url) {
            Some(reason) => Err((url, reason, Known::Before)),
            None => match self.ask(&url).await {
                Ok(greeting) => Ok((url, greeting)),
                Err(reason) => Err((url, reason, Known::Now)),
            },
        });
        let mut ready = Ready {
            urls: Vec::new(),
            n_threads: usize::MAX,
        };
        for answer in join_all(asked).await {
            match answer {
                Ok((url, greeting)) => {
                    ready.n_threads = ready.n_threads.min(greeting.n_threads);
                    ready.urls.push(url);
                }
                Err((url, reason, known)) => {
                    if known == Known::Now {
                        self.set_aside(&url, &reason);
                    }
                    let node = told(&url);
                    refusals.push(Refusal { node, reason });
                }
            }
        }
        match ready.urls.is_empty() {
            true => Err(Error::NoNode { refusals }),
            false => Ok(ready),
        }
    }

    /// Leaves a node out for a while.
    pub(crate) fn set_aside(&self, node: &Url, reason: &str) {
        tracing::warn!(node = told(node), reason, "a node is left out");
        if let Ok(mut set_aside) = self.set_aside.lock() {
            set_aside.insert(node.clone(), (Instant::now(), reason.to_owned()));
        }
    }

    /// Why a node is left out, if it is.
    fn aside(&self, node: &Url) -> Option<String> {
        let set_aside = self.set_aside.lock().ok()?;
        let (since, reason) = set_aside.get(node)?;
        (since.elapsed() < SET_ASIDE).then(|| reason.clone())
    }

    /// The nodes that the addresses stand for, each once, and addresses that stand for none.
    async fn resolved(&self) -> (Vec<Url>, Vec<Refusal>) {
        let encryption = self.channels.encryption();
        let resolving = self
            .addresses
            .iter()
            .map(|address| address.resolve(encryption));
        let (mut urls, mut refusals) = (Vec::new(), Vec::new());
        for (address, found) in self.addresses.iter().zip(join_all(resolving).await) {
            let reason = match found {
                Ok(found) if !found.is_empty() => {
                    urls.extend(found);
                    continue;
                }
                Ok(_) => "the name stands for no address".to_owned(),
                Err(error) => error.to_string(),
            };
            let node = address.to_string();
            refusals.push(Refusal { node, reason });
        }
        urls.sort();
        urls.dedup();
        (urls, refusals)
    }

    /// What a node says of itself, or why it cannot answer.
    async fn ask(&self, url: &Url) -> std::result::Result<Greeting, String> {
        let asking = async {
            let mut node = self.channels.node(url).await?;
            node.get_worker_info(GetWorkerInfoRequest {}).await
        };
        let answer = asking
            .await
            .map_err(|error| match self.channels.loss(&error) {
                Some(loss) => loss.reason,
                None => error.strip_backtrace(),
            })?;
        let greeting = Greeting::read(&answer.version)
            .ok_or_else(|| "what answers there is no node of Engram".to_owned())?;
        match greeting.version == VERSION {
            true => Ok(greeting),
            false => Err(format!(
                "it has version {} of Engram, and this is version {VERSION}",
                greeting.version
            )),
        }
    }
}

/// Since when it is known that a node cannot answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Before,
    Now,
}
