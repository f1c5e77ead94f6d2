//! The dataset of a node, in the states that clients have opened.
//!
//! A sweep area grows. A client that opened it later than the node means files that the node has not seen, so that the node opens
//! it again; a client that opened it earlier still means the old state, which is kept for a while.

use std::sync::{Arc, Mutex};

use engram_engine::Session;
use engram_engine::session::SessionSettings;
use engram_schemas::DatasetLocation;

use crate::Result;
use crate::protocol::identity;

/// How many states are kept. Each holds the footers of its files in memory.
const KEPT: usize = 3;

/// A dataset that may grow.
pub(crate) struct Datasets {
    location: DatasetLocation,
    settings: SessionSettings,
    /// The states, the one that was asked for last at the end.
    open: Mutex<Vec<Arc<State>>>,
    opening: tokio::sync::Mutex<()>,
}

/// A dataset as it was when it was opened.
pub(crate) struct State {
    identity: String,
    pub(crate) session: Session,
}

impl Datasets {
    /// Opens the dataset.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) async fn open(
        location: DatasetLocation,
        settings: SessionSettings,
    ) -> Result<(Self, Arc<State>)> {
        let datasets = Self {
            location,
            settings,
            open: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
        };
        let state = datasets.opened_anew().await?;
        Ok((datasets, state))
    }

    /// The state of this identity, if the dataset is in it or was so lately.
    ///
    /// # Errors
    /// When it cannot be opened again.
    pub(crate) async fn of(&self, identity: &str) -> Result<Option<Arc<State>>> {
        if let Some(state) = self.kept(identity) {
            return Ok(Some(state));
        }
        let _turn = self.opening.lock().await;
        if let Some(state) = self.kept(identity) {
            return Ok(Some(state));
        }
        tracing::info!("the dataset is opened again");
        let state = self.opened_anew().await?;
        Ok((state.identity == identity).then_some(state))
    }

    fn kept(&self, identity: &str) -> Option<Arc<State>> {
        let mut open = self.open.lock().ok()?;
        let place = open.iter().position(|state| state.identity == identity)?;
        let state = open.remove(place);
        open.push(Arc::clone(&state));
        Some(state)
    }

    async fn opened_anew(&self) -> Result<Arc<State>> {
        let session = Session::open_with(&self.location, &self.settings).await?;
        let identity = identity(&session);
        if let Some(state) = self.kept(&identity) {
            return Ok(state);
        }
        let state = Arc::new(State { identity, session });
        if let Ok(mut open) = self.open.lock() {
            if open.len() == KEPT {
                open.remove(0);
            }
            open.push(Arc::clone(&state));
        }
        Ok(state)
    }
}
