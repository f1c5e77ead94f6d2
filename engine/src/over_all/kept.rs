//! Rows that are kept until all have been seen: in memory, and in files where they pass the limit.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::utils::memory::get_record_batch_memory_size;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SpillFile, TaskContext};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::spill::SpillManager;
use futures::{Stream, StreamExt, TryStreamExt, stream};

/// Fewer bytes than these go to no file.
const SMALLEST_FILE: usize = 1 << 20;

/// The rows of a partition, in their order: those in files, and behind them those in memory.
pub(super) struct Kept {
    files: VecDeque<Arc<dyn SpillFile>>,
    spills: SpillManager,
    in_memory: VecDeque<RecordBatch>,
    reservation: MemoryReservation,
}

impl Kept {
    pub(super) fn new(
        schema: SchemaRef,
        partition: usize,
        metrics: &ExecutionPlanMetricsSet,
        context: &TaskContext,
    ) -> Self {
        let metrics = SpillMetrics::new(metrics, partition);
        let consumer = MemoryConsumer::new(format!("OverAll[{partition}]")).with_can_spill(true);
        Self {
            files: VecDeque::new(),
            spills: SpillManager::new(context.runtime_env(), metrics, schema),
            in_memory: VecDeque::new(),
            reservation: consumer.register(context.memory_pool()),
        }
    }

    pub(super) fn add(&mut self, rows: RecordBatch) -> Result<()> {
        let n_bytes = get_record_batch_memory_size(&rows);
        self.in_memory.push_back(rows);
        if self.reservation.try_grow(n_bytes).is_ok() {
            return Ok(());
        }
        self.reservation.grow(n_bytes);
        if self.reservation.size() < SMALLEST_FILE {
            return Ok(());
        }
        let mut rows = mem::take(&mut self.in_memory);
        let written = self
            .spills
            .spill_record_batch_and_finish(rows.make_contiguous(), "OverAll")?;
        self.files.extend(written);
        self.reservation.free();
        Ok(())
    }

    /// The rows, each given up as it is handed on.
    pub(super) fn rows(self) -> impl Stream<Item = Result<RecordBatch>> + Send + 'static {
        let Self {
            files,
            spills,
            in_memory,
            reservation,
        } = self;
        let in_files = stream::iter(files)
            .map(move |file| spills.read_spill_as_stream_unbuffered(file, None))
            .try_flatten();
        let in_memory = stream::iter(in_memory).map(move |rows| {
            let n_bytes = get_record_batch_memory_size(&rows).min(reservation.size());
            reservation.shrink(n_bytes);
            Ok(rows)
        });
        in_files.chain(in_memory)
    }
}
