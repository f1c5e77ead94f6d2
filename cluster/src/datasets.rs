//! The dataset of a node, in the states that clients have opened.
//!
//! A sweep area grows. A client that opened it later than the node means files that the node has not seen, so that the node opens
//! it again; a client that opened it earlier still means the old state, which is kept for a while. All states have one memory for
//! queries, and one for footers.
//!
//! A client may also mean what this dataset never was, and whether it does is known only when the dataset has been opened again. So
//! that happens once in a while, for all who wait for it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use engram_engine::Session;
use engram_engine::session::SessionSettings;
use engram_schemas::DatasetLocation;
use tokio::time::Instant;

use crate::Result;
use crate::protocol::identity;

/// How many states are kept.
const KEPT: usize = 3;

/// The time from one opening to the next.
const APART: Duration = Duration::from_secs(3);

/// A dataset that may grow.
pub(crate) struct Datasets {
    location: DatasetLocation,
    settings: SessionSettings,
    /// The states, the one that was asked for last at the end.
    open: Mutex<Vec<Arc<State>>>,
    /// When it was opened last. Held while it is opened.
    opened: tokio::sync::Mutex<Instant>,
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
        let opened = Instant::now();
        let session = Session::open_with(&location, &settings).await?;
        let datasets = Self {
            location,
            settings,
            open: Mutex::default(),
            opened: tokio::sync::Mutex::new(opened),
        };
        let state = datasets.keep(session);
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
        let asked = Instant::now();
        let mut opened = self.opened.lock().await;
        if let Some(state) = self.kept(identity) {
            return Ok(Some(state));
        }
        // What was opened after the client asked has all that the client saw.
        if *opened > asked {
            return Ok(None);
        }
        tokio::time::sleep_until(*opened + APART).await;
        tracing::info!("the dataset is opened again");
        *opened = Instant::now();
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
        let other = self.open.lock().ok().and_then(|open| open.last().cloned());
        let (location, settings) = (&self.location, &self.settings);
        let session = match other {
            Some(other) => other.session.open_beside(location, settings).await?,
            None => Session::open_with(location, settings).await?,
        };
        Ok(self.keep(session))
    }

    fn keep(&self, session: Session) -> Arc<State> {
        let identity = identity(&session);
        if let Some(state) = self.kept(&identity) {
            return state;
        }
        let state = Arc::new(State { identity, session });
        if let Ok(mut open) = self.open.lock() {
            if open.len() == KEPT {
                open.remove(0);
            }
            open.push(Arc::clone(&state));
        }
        state
    }
}
