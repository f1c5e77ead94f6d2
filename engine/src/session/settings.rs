//! What a session may use and may do.
//!
//! A limit is of what the operators of queries hold: the tables of aggregations and joins, the rows of sorts. What reads
//! files and what waits between operators comes on top, so that a limit belongs well below what the machine has. Operators
//! that reach it go on in files of the system's temporary folder where they can. Which limit suits a machine is not decided
//! here: whoever starts a session knows what else runs there.

use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::catalog::Session;
use datafusion::execution::cache::cache_manager::CacheManagerConfig;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::MemoryLimit;
use datafusion::execution::object_store::DefaultObjectStoreRegistry;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::SessionConfig;

use engram_schemas::DatasetLocation;

use super::memory_pool::{FILES_OF_A_MERGE, LimitedPool};

/// The limit below which batches are made smaller, in bytes. A row of collected trajectories takes 8 kB, and an operator that spilled all
/// it held has to take a batch in.
const ROOM_FOR_WHOLE_BATCHES: usize = 4 << 30;

/// Partitions of a scan for each thread: one that waits, for a disk or for a store, lets others compute.
const FILES_AT_ONCE: usize = 4;

/// The fewest parts that a query is cut into. Cut into one, runs whose files are read side by side would be summed up in two steps, and
/// the first would hold them all.
const FEWEST_PARTITIONS: usize = 2;

/// The fewest rows of a batch.
const SMALLEST_BATCH: usize = 256;

/// The part of the limit that the sort of each partition keeps for merging what it spilled, once there are that many.
const MERGING_PART: usize = 16;

/// What a session may use and may do.
#[derive(Clone, Debug, Default)]
pub struct SessionSettings {
    /// What the operators of all queries together may hold in memory, in bytes; without it there is no limit.
    pub memory_limit_bytes: Option<u64>,
    /// Threads that queries and classifiers compute on; without it one a core. No answer depends on it.
    pub n_threads: Option<NonZeroUsize>,
    /// What statements may do.
    pub access: Access,
    /// What becomes of files that are not what they should be.
    pub damage: Damage,
    /// Where the table `results` lies; without it in the dataset, or for a release in the working directory.
    pub results: Option<DatasetLocation>,
}

/// What becomes of a dataset with files that are not what they should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Damage {
    /// It does not open, and the error names a file. Names and footers are checked.
    #[default]
    Refuse,
    /// The files are left out of every answer, and counted. Every byte is read and compared with its hash first.
    Skip,
}

/// What statements may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Ask the dataset. Nothing else can be read, and nothing can be changed.
    #[default]
    ReadOnly,
    /// Also create, change and drop tables and views, read and write files anywhere (CREATE EXTERNAL TABLE, COPY), and
    /// change settings. INSERT puts files into the dataset that are no runs, and a dataset with such files in it does not
    /// open any more.
    Write,
}

impl Access {
    pub(super) fn options(self) -> SQLOptions {
        let writes = self == Self::Write;
        SQLOptions::new()
            .with_allow_ddl(writes)
            .with_allow_dml(writes)
            .with_allow_statements(writes)
    }
}

impl SessionSettings {
    /// Gives operators the limit, and files to go on in when they reach it.
    pub(super) fn limit(&self, runtime: RuntimeEnvBuilder) -> RuntimeEnvBuilder {
        let files = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::OsTmpDirectory)
            .with_max_spill_merge_fan_in(FILES_OF_A_MERGE);
        let runtime = runtime.with_disk_manager_builder(files);
        match self.limit_bytes() {
            None => runtime,
            Some(limit) => runtime.with_memory_pool(Arc::new(LimitedPool::new(limit))),
        }
    }

    /// Cuts queries in as many parts as there are threads, or two, and keeps batches, and what each sort sets aside for merging, in proportion: DataFusion's own choices are fit for
    /// gigabytes, and under a small limit would leave nothing to work in.
    pub(super) fn proportion(&self, mut config: SessionConfig) -> SessionConfig {
        let n_threads = self.n_threads.map(NonZeroUsize::get);
        let n_partitions = n_threads
            .unwrap_or(config.target_partitions())
            .max(FEWEST_PARTITIONS);
        config = config.with_target_partitions(n_partitions);
        let Some(limit) = self.limit_bytes() else {
            return config;
        };
        let merging = limit / MERGING_PART / n_partitions;
        let options = &mut config.options_mut().execution;
        options.sort_spill_reservation_bytes = options.sort_spill_reservation_bytes.min(merging);
        if limit >= ROOM_FOR_WHOLE_BATCHES {
            return config;
        }
        let n_rows = config.batch_size() / ROOM_FOR_WHOLE_BATCHES.div_ceil(limit.max(1));
        config.with_batch_size(n_rows.max(SMALLEST_BATCH))
    }

    pub(super) fn limit_bytes(&self) -> Option<usize> {
        // More than can be addressed is no limit that could be reached.
        self.memory_limit_bytes
            .map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
    }
}

/// Into how many partitions the files of a table are divided. Under a small limit no more than there are threads, as each needs room
/// of its own for what is planned above it.
pub(super) fn n_partitions_of_files(session: &dyn Session) -> usize {
    let n_threads = session.config().target_partitions();
    match session.runtime_env().memory_pool.memory_limit() {
        MemoryLimit::Finite(limit) if limit < ROOM_FOR_WHOLE_BATCHES => n_threads,
        _ => FILES_AT_ONCE * n_threads,
    }
}

/// The limits of a session that is open, for another one: both hold what they hold together, and a file's footer is kept once.
pub(super) fn beside(runtime: &RuntimeEnv) -> RuntimeEnvBuilder {
    let footers = runtime.cache_manager.get_file_metadata_cache();
    let kept = CacheManagerConfig::default().with_file_metadata_cache(Some(footers));
    RuntimeEnvBuilder::from_runtime_env(runtime)
        // Which files there are is each session's own, and so is the store that says so.
        .with_cache_manager(kept)
        .with_object_store_registry(Arc::new(DefaultObjectStoreRegistry::default()))
}
