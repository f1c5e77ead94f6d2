//! The tables, views and functions that a session has.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, SchemaBuilder, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::error::DataFusionError;
use engram_schemas::{recordings, results, trajectories};

use super::run_files::RunFiles;
use super::{Access, Session};
use crate::dataset::table_url;
use crate::repeated_projections::RepeatedProjections;
use crate::{aggregates, functions, relations, views};

impl Session {
    pub(super) async fn register(&self) -> std::result::Result<(), DataFusionError> {
        let partitions =
            trajectories::PARTITION_COLUMNS.map(|column| (column.to_owned(), DataType::Utf8));
        self.register_files(
            trajectories::TABLE,
            trajectories::file_schema(),
            partitions.to_vec(),
        )?;
        if self.dataset.n_recordings > 0 {
            self.register_files(
                recordings::TABLE,
                recordings::file_schema(),
                partitions.to_vec(),
            )?;
        } else {
            // An empty table has no folders, so that the partition columns are like the others, in their place behind.
            let partitions = partitions.map(|(name, data_type)| Field::new(name, data_type, true));
            let mut schema = SchemaBuilder::from(recordings::file_schema().fields());
            schema.extend(partitions);
            self.register_empty(recordings::TABLE, Arc::new(schema.finish()))?;
        }
        if !self.dataset.result_names.is_empty() {
            self.register_files(results::TABLE, results::file_schema(), Vec::new())?;
        } else {
            self.register_empty(results::TABLE, results::file_schema())?;
        }
        self.register_further_tables().await?;
        self.context
            .add_analyzer_rule(Arc::new(RepeatedProjections));
        functions::bound(&self.context)?;
        for function in functions::all() {
            self.context.register_udf(function);
        }
        for aggregate in aggregates::all() {
            self.context.register_udaf(aggregate);
        }
        for planner in relations::planners() {
            self.context.register_relation_planner(planner)?;
        }
        for (name, query) in views::all() {
            let view = self.context.sql(&query).await?.into_view();
            self.context.register_table(name, view)?;
        }
        Ok(())
    }

    fn register_empty(
        &self,
        table: &str,
        schema: SchemaRef,
    ) -> std::result::Result<(), DataFusionError> {
        let empty = MemTable::try_new(schema, vec![Vec::new()])?;
        self.context.register_table(table, Arc::new(empty))?;
        Ok(())
    }

    /// Registers what a release has beside the tables of every dataset. None takes the name of one of these.
    async fn register_further_tables(&self) -> std::result::Result<(), DataFusionError> {
        let Some(release) = self.dataset.release() else {
            return Ok(());
        };
        for (name, file) in release.further_tables() {
            if views::is_taken(name) {
                continue;
            }
            let mut url = self.location().url().clone();
            url.set_path(&format!("{}{}", url.path(), file.path));
            let options = ListingOptions::new(Arc::new(ParquetFormat::default()));
            let config = ListingTableConfig::new(ListingTableUrl::try_new(url, None)?)
                .with_listing_options(options)
                .infer_schema(&self.context.state())
                .await?;
            let table = ListingTable::try_new(config)?;
            self.context.register_table(name, Arc::new(table))?;
        }
        Ok(())
    }

    fn register_files(
        &self,
        table: &str,
        schema: SchemaRef,
        partitions: Vec<(String, DataType)>,
    ) -> std::result::Result<(), DataFusionError> {
        let format =
            ParquetFormat::default().with_options(self.context.copied_table_options().parquet);
        let options = ListingOptions::new(Arc::new(format)).with_table_partition_cols(partitions);
        let location = match table {
            results::TABLE => self.results_location(),
            _ => self.location(),
        };
        let folder = ListingTableUrl::try_new(table_url(location, table), None)?;
        let config = ListingTableConfig::new(folder)
            .with_listing_options(options)
            .with_schema(Arc::clone(&schema));
        let files = ListingTable::try_new(config)?;
        // Files that come later, and settings that bring partitions of two tables together, are not for what is read by run.
        let provider: Arc<dyn TableProvider> = match self.access {
            Access::ReadOnly if table != results::TABLE => {
                let (runs, bounds) = (&self.dataset.file_runs, &self.file_bounds);
                let (runs, bounds) = (Arc::clone(runs), Arc::clone(bounds));
                Arc::new(RunFiles::new(files, &schema, runs, bounds))
            }
            _ => Arc::new(files),
        };
        self.context.register_table(table, provider)?;
        Ok(())
    }
}
