//! Where a run's files lie while it is trained and after: its trajectories, its log, its checkpoint, its networks.
//!
//! Every file appears whole or not at all: by one put, and one that is large and may be replaced by an upload in parts.

use bytes::Bytes;
use engram_plan::PlannedRun;
use engram_schemas::{DatasetLocation, RunState, layout};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutOptions};
use serde::Serialize;

use crate::observe::recordings;
use crate::trajectory::Trajectory;
use crate::write::to_parquet;
use crate::{Error, Result};

/// Bytes of a part of a large file. A request has to pass in a minute, and checkpoints of large networks have hundreds of
/// megabytes.
const PART_BYTES: usize = 16 << 20;

/// How many parts are on their way at a time.
const CONCURRENT_PARTS: usize = 4;

/// How often a large file is begun anew: the end of an upload cannot be asked for twice.
const ATTEMPTS: usize = 3;

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

    async fn put(&self, path: &Path, bytes: Bytes) -> Result<()> {
        let put = if bytes.len() > PART_BYTES && self.location.local_path().is_none() {
            self.put_in_parts(path, &bytes, PART_BYTES).await
        } else {
            let put = self.location.store().put(path, bytes.into()).await;
            put.map(|_| ())
        };
        put.map_err(|source| self.error("write", path, source))
    }

    async fn put_in_parts(
        &self,
        path: &Path,
        bytes: &Bytes,
        part_bytes: usize,
    ) -> object_store::Result<()> {
        let mut n_attempts = 1;
        loop {
            match self.upload(path, bytes, part_bytes).await {
                Err(_) if n_attempts < ATTEMPTS => n_attempts += 1,
                done => return done,
            }
        }
    }

    async fn upload(
        &self,
        path: &Path,
        bytes: &Bytes,
        part_bytes: usize,
    ) -> object_store::Result<()> {
        let mut upload = self.location.store().put_multipart(path).await?;
        let begins = (0..bytes.len()).step_by(part_bytes);
        let parts: Vec<_> = begins
            .map(|begin| bytes.slice(begin..bytes.len().min(begin + part_bytes)))
            .map(|part| upload.put_part(part.into()))
            .collect();
        let sent = stream::iter(parts)
            .buffer_unordered(CONCURRENT_PARTS)
            .try_collect::<()>();
        if let Err(error) = sent.await {
            // What was sent may lie about where this cannot be done either; nobody sees it as a file.
            let _ = upload.abort().await;
            return Err(error);
        }
        upload.complete().await.map(|_| ())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{feedback_alignment, run};
    use engram_schemas::Architecture;

    #[tokio::test]
    async fn a_file_in_parts_is_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let location = DatasetLocation::open(folder.path().to_str().unwrap()).unwrap();
        let store = RunStore::new(&location, &run(Architecture::Knet4, feedback_alignment()));
        let path = location.root().clone().join("checkpoint");
        for text in ["seventeen letters", "short"] {
            let bytes = Bytes::from_static(text.as_bytes());
            store.put_in_parts(&path, &bytes, 5).await.unwrap();
            assert_eq!(store.get(&path).await.unwrap().unwrap(), bytes);
        }
    }
}
