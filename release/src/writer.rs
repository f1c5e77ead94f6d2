//! Writes the rows of a table as parts, a partition after the other.

use std::collections::BTreeSet;

use engram_engine::Session;
use engram_schemas::manifest::{File, Part, PartFile, Table};
use engram_schemas::trajectories::column;
use engram_schemas::{Architecture, DatasetLocation, Task, recordings, trajectories};
use futures::TryStreamExt;
use object_store::path::Path;

use crate::Result;
use crate::parts::{Cutter, EncodedPart};
use crate::run_parts::RunParts;
use crate::store::{create, sha256};

/// Digits of a part's hash that stand in its name.
const NAME_DIGITS: usize = 12;

/// How the rows of a table are ordered, and what names one.
pub(crate) struct Order {
    table: &'static str,
    schema: fn() -> arrow::datatypes::SchemaRef,
    key: &'static [&'static str],
}

/// What names a row of `trajectories`, in the order in which rows lie in a release's parts.
pub const TRAJECTORIES_KEY: [&str; 8] = [
    column::LEARNING_RULE,
    column::RUN_ID,
    column::LAYER_INDEX,
    column::EPOCH,
    column::UNIT_FRACTION,
    column::NOISE_STDDEV,
    column::OBSERVATION_SEED,
    column::DEFINITION,
];

pub(crate) const TRAJECTORIES: Order = Order {
    table: trajectories::TABLE,
    schema: trajectories::file_schema,
    key: &TRAJECTORIES_KEY,
};

pub(crate) const RECORDINGS: Order = Order {
    table: recordings::TABLE,
    schema: recordings::file_schema,
    key: &[
        column::LEARNING_RULE,
        column::RUN_ID,
        column::LAYER_INDEX,
        column::EPOCH,
        recordings::column::MEASURE,
        recordings::column::STIMULUS,
        column::OBSERVATION_SEED,
    ],
};

/// Writes tables, and keeps the ends of their parts.
pub(crate) struct Writer<'a, F> {
    pub(crate) to: &'a DatasetLocation,
    /// Is told of every part's path when it is written.
    pub(crate) on_part: &'a F,
    /// The ends of all parts, one behind the other.
    pub(crate) footers: Vec<u8>,
    /// Which part has which run.
    pub(crate) run_parts: RunParts,
    /// Rows that were there twice.
    pub(crate) n_repeated: u64,
}

impl<F: Fn(&str)> Writer<'_, F> {
    /// Writes a table, a partition after the other.
    pub(crate) async fn table(
        &mut self,
        session: &Session,
        order: &Order,
        part_bytes: usize,
    ) -> Result<Table> {
        let runs = session.dataset().runs.iter();
        let partitions: BTreeSet<(&str, &str)> = runs
            .map(|run| (run.architecture.as_str(), run.task.as_str()))
            .collect();
        let mut table = Table {
            name: order.table.to_owned(),
            n_rows: 0,
            parts: Vec::new(),
        };
        for (architecture, task) in partitions {
            let sql = format!(
                "SELECT * FROM {} WHERE architecture = '{architecture}' AND task = '{task}' ORDER BY {}",
                order.table,
                order.key.join(", ")
            );
            let mut cutter = Cutter::try_new((order.schema)(), order.key, part_bytes)?;
            let mut rows = session.stream(&sql).await?.batches;
            let place = (architecture.parse()?, task.parse()?);
            let mut number = 0;
            while let Some(batch) = rows.try_next().await? {
                for part in cutter.take(&batch)? {
                    self.put(&mut table, order.table, place, number, part)
                        .await?;
                    number += 1;
                }
            }
            let (last, n_repeated) = cutter.finish()?;
            self.n_repeated += n_repeated;
            for part in last {
                self.put(&mut table, order.table, place, number, part)
                    .await?;
                number += 1;
            }
        }
        Ok(table)
    }

    async fn put(
        &mut self,
        table: &mut Table,
        name: &'static str,
        (architecture, task): (Architecture, Task),
        number: usize,
        part: EncodedPart,
    ) -> Result<()> {
        let hash = sha256(&part.content);
        let path = PartFile {
            table: name,
            task,
            architecture,
            number,
            hash: hash[..NAME_DIGITS].to_owned(),
        }
        .path(&Path::default());
        let tail = part.content.slice(part.tail_offset as usize..);
        let entry = Part {
            file: File {
                path: path.to_string(),
                size_bytes: part.content.len() as u64,
                sha256: hash,
            },
            n_rows: part.n_rows,
            n_runs: part.runs.len() as u64,
            footer_offset: self.footers.len() as u64,
            footer_bytes: tail.len() as u64,
            bounds: part.bounds,
        };
        self.footers.extend_from_slice(&tail);
        self.run_parts.add(&entry.file.path, &part.runs);
        create(self.to, &entry.file.path(self.to.root())?, part.content).await?;
        (self.on_part)(&entry.file.path);
        table.n_rows += part.n_rows;
        table.parts.push(entry);
        Ok(())
    }
}
