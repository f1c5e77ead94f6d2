//! Where a run's files lie while it is trained and after: its trajectories, its log, its checkpoint, its networks.
//!
//! Every file appears whole or not at all, by one put.

use bytes::Bytes;
use engram_plan::PlannedRun;
use engram_schemas::{DatasetLocation, RunState, layout};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutOptions, PutPayload};
use serde::Serialize;

use crate::observe::recordings;
use crate::trajectory::Trajectory;
use crate::write::to_parquet;
use crate::{Error, Result};

/// What may differ between two runs of the same configuration, and therefore stays out of the data.
#[derive(Clone, Debug, Serialize)]
pub struct RunLog {
    /// The run.
    pub run_id: String,
    /// The run in words.
    pub description: String,
    /// Host that trains it.
    pub host: String,
    /// The process on that host.
    pub process_id: u32,
    /// Device that trains it.
    pub device: String,
    /// Threads that libtorch uses.
    pub n_threads: usize,
    /// Wall time of training and observing by this process.
    pub elapsed_seconds: f64,
    /// Epochs trained.
    pub epoch: usize,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Version of the program.
    pub code_version: &'static str,
}

/// The files of one run in a dataset.
#[derive(Clone, Debug)]
pub struct RunStore {
    location: DatasetLocation,
    run: PlannedRun,
}

impl RunStore {
    /// The files of `run` at `location`.
    pub fn new(location: &DatasetLocation, run: &PlannedRun) -> Self {
        Self {
            location: location.clone(),
            run: run.clone(),
        }
    }

    /// Stores the trajectories under the run's name, or, of a later observation, under one of its own; before them the
    /// recordings, where there are some, because a run exists if its trajectories do.
    ///
    /// When another worker has put the same run there meanwhile, its bytes are the same and stay.
    ///
    /// # Errors
    /// [`Error::Store`] with the place, or what cannot be encoded.
    pub async fn put_trajectory(&self, trajectory: &Trajectory) -> Result<()> {
        let file = trajectory.file();
        let root = self.location.root();
        if let Some(recordings) = recordings::to_parquet(trajectory)? {
            self.create(&file.recordings_path(root), recordings).await?;
        }
        self.create(&file.path(root), to_parquet(trajectory)?).await
    }

    /// Stores the log of the run in `state`. A log of another state is removed, so that the newest is the only one.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn put_log(&self, state: RunState, log: &RunLog) -> Result<()> {
        let text = serde_json::to_vec_pretty(log).unwrap_or_default();
        self.put(&self.log(state), text.into()).await?;
        for &other in RunState::ALL {
            if other != state {
                self.remove(&self.log(other)).await?;
            }
        }
        Ok(())
    }

    /// Removes the log that says that the run is at work.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn end_log(&self) -> Result<()> {
        self.remove(&self.log(RunState::Running)).await
    }

    /// The checkpoint, if there is one.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn checkpoint(&self) -> Result<Option<Bytes>> {
        self.get(&self.checkpoint_path()).await
    }

    /// Stores a checkpoint in the place of the one before.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn put_checkpoint(&self, file: Vec<u8>) -> Result<()> {
        self.put(&self.checkpoint_path(), file.into()).await
    }

    /// Removes the checkpoint.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn remove_checkpoint(&self) -> Result<()> {
        self.remove(&self.checkpoint_path()).await
    }

    /// Stores the network as it was observed after `epoch` epochs.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn put_network(&self, epoch: usize, file: Vec<u8>) -> Result<()> {
        let path = layout::network(self.location.root(), &self.run.run_id, epoch);
        self.put(&path, file.into()).await
    }

    /// The epochs whose networks are kept, ascending.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn network_epochs(&self) -> Result<Vec<usize>> {
        let folder = layout::networks_folder(self.location.root(), &self.run.run_id);
        let objects = self.location.store().list(Some(&folder));
        let objects: Vec<_> = objects
            .try_collect()
            .await
            .map_err(|source| self.error("list", &folder, source))?;
        let names = objects.iter().map(|object| &object.location);
        let mut epochs: Vec<usize> = names.filter_map(layout::parse_network).collect();
        epochs.sort_unstable();
        Ok(epochs)
    }

    /// The network after `epoch` epochs, if it was kept.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn network(&self, epoch: usize) -> Result<Option<Bytes>> {
        self.get(&layout::network(
            self.location.root(),
            &self.run.run_id,
            epoch,
        ))
        .await
    }

    fn log(&self, state: RunState) -> Path {
        layout::run_log(self.location.root(), &self.run.run_id, state)
    }

    fn checkpoint_path(&self) -> Path {
        layout::checkpoint(self.location.root(), &self.run.run_id)
    }

    async fn create(&self, path: &Path, bytes: Bytes) -> Result<()> {
        let options = PutOptions::from(PutMode::Create);
        let put = self.location.store().put_opts(path, bytes.into(), options);
        match put.await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            Err(source) => Err(self.error("write", path, source)),
        }
    }

    async fn put(&self, path: &Path, payload: PutPayload) -> Result<()> {
        let put = self.location.store().put(path, payload).await;
        put.map(|_| ())
            .map_err(|source| self.error("write", path, source))
    }

    async fn get(&self, path: &Path) -> Result<Option<Bytes>> {
        let read = async { self.location.store().get(path).await?.bytes().await };
        match read.await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(self.error("read", path, source)),
        }
    }

    async fn remove(&self, path: &Path) -> Result<()> {
        match self.location.store().delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(self.error("remove", path, source)),
        }
    }

    fn error(&self, what: &'static str, path: &Path, source: object_store::Error) -> Error {
        Error::Store {
            what,
            place: self.location.display(path),
            source,
        }
    }
}
