//! A node that is lost, told in such a way that nothing else passes for it.
//!
//! Whoever asked has to know which node was lost, and learns it from errors. They may come from a node that lost another one, and
//! cross the network as texts, in which words of queries and of files stand as well. So a loss stands between two marks: whoever
//! asks draws one at random, and shows it to the nodes with every request.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use datafusion::error::DataFusionError;
use http::{HeaderMap, HeaderValue};
use url::Url;

use crate::protocol::MARK_HEADER;

/// A node that does not answer any more, or refuses to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    /// The node; none where it is not known which of them it is.
    pub(crate) node: Option<Url>,
    /// What happened to it.
    pub(crate) reason: String,
}

impl Loss {
    /// The loss of a node that is known.
    pub(crate) fn of(node: &Url, reason: String) -> Self {
        let node = Some(node.clone());
        Self { node, reason }
    }
}

/// What only those know who work on the queries of one client.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Mark(Arc<str>);

impl Mark {
    /// Another one each time.
    pub(crate) fn drawn() -> Self {
        // Its keys come from the system.
        let random = RandomState::new();
        let text = format!("{:016x}{:016x}", random.hash_one(0), random.hash_one(1));
        Self(text.into())
    }

    /// The mark that a client shows.
    pub(crate) fn shown(headers: &HeaderMap) -> Option<Self> {
        let shown = headers.get(MARK_HEADER)?.to_str().ok()?;
        (!shown.is_empty()).then(|| Self(shown.into()))
    }

    /// The mark, as it is shown.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }

    /// The error that means a loss.
    pub(crate) fn error(&self, loss: &Loss) -> DataFusionError {
        let mark = &self.0;
        let node = loss.node.as_ref().map_or("-", Url::as_str);
        let reason = &loss.reason;
        DataFusionError::External(format!("{mark}{node} {reason}{mark}").into())
    }

    /// The loss that an error means, if it means one.
    pub(crate) fn read(&self, error: &DataFusionError) -> Option<Loss> {
        let text = error.strip_backtrace();
        let (node, reason) = text.split(&*self.0).nth(1)?.split_once(' ')?;
        Some(Loss {
            node: Url::parse(node).ok(),
            reason: reason.to_owned(),
        })
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever knows it can pass something for a loss.
        f.write_str("Mark")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss() -> Loss {
        Loss {
            node: Url::parse("https://10.0.0.7:50061/#nodes").ok(),
            reason: "connection reset: by peer".to_owned(),
        }
    }

    #[test]
    fn a_loss_is_read_from_what_other_nodes_tell_of_it() {
        let mut headers = HeaderMap::new();
        let client = Mark::drawn();
        headers.insert(MARK_HEADER, client.header().unwrap());
        let node = Mark::shown(&headers).unwrap();
        let unknown = Loss {
            node: None,
            reason: "no plan came".to_owned(),
        };
        for loss in [loss(), unknown] {
            let error = node.error(&loss);
            assert_eq!(client.read(&error), Some(loss.clone()));
            // What crosses a network is a text, and may have words around it.
            let error = DataFusionError::External(error.to_string().into());
            let error = DataFusionError::Context("reading".to_owned(), Box::new(error));
            assert_eq!(client.read(&error), Some(loss));
        }
    }

    #[test]
    fn what_users_write_is_no_loss() {
        let (client, other) = (Mark::drawn(), Mark::drawn());
        assert!(client != other);
        let told = other.error(&loss()).to_string();
        let plain = told.replace(&*other.0, "");
        for text in ["divide by zero", &told, &plain] {
            let error = DataFusionError::Execution(text.to_owned());
            assert_eq!(client.read(&error), None, "{text}");
        }
        assert_eq!(format!("{client:?}"), "Mark");
    }
}
