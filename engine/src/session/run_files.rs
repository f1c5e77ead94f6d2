//! A table of runs, read run by run, and of no other runs than those that are asked for.
//!
//! A run's rows lie in files of their own; a release's parts are of many runs. What neither can hold is not opened
//! ([`super::file_bounds`]). Files of one run, said to the optimizer, this spares it what it does for rows that may lie anywhere:
//! groups of a run are made where its files are read, without exchanging rows between threads, and are complete when the
//! next run begins, so that a thread holds the groups of one run and not of all.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use arrow::datatypes::{Field, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{
    ColumnStatistics, Result, ScalarValue, Statistics, internal_err, project_schema,
};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::helpers::{expr_applicable_for_cols, pruned_partition_list};
use datafusion::datasource::listing::{ListingTable, ListingTableUrl, PartitionedFile};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder};
use datafusion::datasource::table_schema::{TableSchema, TableSchemaBuilder};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning};
use engram_schemas::trajectories::column;
use futures::TryStreamExt;

use super::file_bounds::FileBounds;
use super::settings;
use crate::dataset::FileRuns;

/// A table of files, of one run each or of many.
///
/// Where each is of one, its partitions are whole runs, but which run is in which is not what a hash says. DataFusion may believe so where two
/// inputs are brought together partition by partition; [`super::Session`] switches off what does so.
#[derive(Debug)]
pub(super) struct RunFiles {
    files: ListingTable,
    /// Its columns: those in the files, and those that are folders.
    schemas: TableSchema,
    runs: Arc<FileRuns>,
    bounds: Arc<FileBounds>,
}

impl RunFiles {
    pub(super) fn new(
        files: ListingTable,
        file_schema: &SchemaRef,
        runs: Arc<FileRuns>,
        bounds: Arc<FileBounds>,
    ) -> Self {
        let partitions = files.options().table_partition_cols.iter();
        let folders = partitions
            .map(|(name, data_type)| Arc::new(Field::new(name, data_type.clone(), false)));
        let schemas = TableSchemaBuilder::from(file_schema)
            .with_table_partition_cols(folders.collect::<Vec<_>>())
            .build();
        Self {
            files,
            schemas,
            runs,
            bounds,
        }
    }

    /// Its files in the folders that the filters let pass. A listing table says of every column of every file that nothing is known of
    /// it, which takes 45 kB a file.
    async fn listed(
        &self,
        url: &ListingTableUrl,
        filters: &[Expr],
        state: &dyn Session,
    ) -> Result<Vec<PartitionedFile>> {
        let options = self.files.options();
        let partitions = &options.table_partition_cols;
        let names: Vec<&str> = partitions.iter().map(|(name, _)| name.as_str()).collect();
        let of_folders = filters.iter();
        let of_folders = of_folders.filter(|filter| expr_applicable_for_cols(&names, filter));
        let of_folders: Vec<Expr> = of_folders.cloned().collect();
        let store = state.runtime_env().object_store(url)?;
        let ending = &options.file_extension;
        pruned_partition_list(state, &store, url, &of_folders, ending, partitions)
            .await?
            .try_collect()
            .await
    }

    /// Those files that may hold rows which pass the filters.
    async fn pruned(
        &self,
        files: Vec<PartitionedFile>,
        filters: &[Expr],
        state: &dyn Session,
    ) -> Vec<PartitionedFile> {
        let paths: Vec<_> = files
            .iter()
            .map(|file| &file.object_meta.location)
            .collect();
        // What cannot be decided here is decided row by row.
        let kept = self
            .bounds
            .may_match(&paths, filters, &self.schema(), state)
            .await;
        let kept = kept.unwrap_or_else(|_| vec![true; paths.len()]);
        let opened = paths.iter().zip(&kept);
        let opened: Vec<_> = opened
            .filter_map(|(path, kept)| kept.then_some(*path))
            .collect();
        self.bounds.announce(&opened);
        let kept = files.into_iter().zip(kept);
        kept.filter_map(|(file, kept)| kept.then_some(file))
            .collect()
    }

    /// The scan with its files sorted by run; `None` where the run of a file is not known.
    fn by_run(&self, scan: &FileScanConfig) -> Result<Option<FileScanConfig>> {
        let mut runs: BTreeMap<&str, Vec<PartitionedFile>> = BTreeMap::new();
        let schemas = scan.file_source().table_schema();
        let (schema, of_file) = (schemas.table_schema(), schemas.file_schema());
        let place = schema.index_of(column::RUN_ID)?;
        // No more than is said. Of the columns behind it nothing may be taken from here.
        let unknown = vec![ColumnStatistics::new_unknown(); place + 1];
        for file in scan.file_groups.iter().flat_map(FileGroup::iter) {
            let Some(run) = self.runs.get(&file.object_meta.location) else {
                return Ok(None);
            };
            // Bounds are what an order of files is checked by.
            let bound = Precision::Exact(ScalarValue::from(run.run_id.as_str()));
            let mut columns = unknown.clone();
            columns[place].min_value = bound.clone();
            columns[place].max_value = bound;
            let mut file = file.clone();
            file.statistics = Some(Arc::new(Statistics {
                num_rows: Precision::Absent,
                total_byte_size: Precision::Absent,
                column_statistics: columns,
            }));
            if run.has_the_tables_columns {
                // Else each file's own is worked out from its footer, and the query rewritten for it.
                file.arrow_schema = Some(Arc::clone(of_file));
            }
            runs.entry(&run.run_id).or_default().push(file);
        }
        let groups = balanced(runs.into_values().collect(), scan.file_groups.len());
        let run_id = Arc::new(Column::new(column::RUN_ID, place));
        let partitioning = Partitioning::Hash(vec![Arc::clone(&run_id) as _], groups.len());
        let order = LexOrdering::new([PhysicalSortExpr::new_default(run_id)]);
        let by_run = FileScanConfigBuilder::from(scan.clone())
            .with_file_groups(groups)
            .with_output_ordering(order.into_iter().collect())
            .with_output_partitioning(Some(partitioning));
        Ok(Some(by_run.build()))
    }
}

/// The scan in so many groups of whole files, where there are as many files. Where there are fewer, DataFusion cuts them, in as many
/// pieces as there are threads; it would so here too, and have fewer files read at once.
fn by_file(scan: FileScanConfig, n_groups: usize) -> FileScanConfig {
    let files = scan.file_groups.iter().flat_map(FileGroup::iter);
    let files: Vec<_> = files.map(|file| vec![file.clone()]).collect();
    if files.len() < n_groups {
        return scan;
    }
    FileScanConfigBuilder::from(scan)
        .with_file_groups(balanced(files, n_groups))
        .with_output_partitioning(Some(Partitioning::UnknownPartitioning(n_groups)))
        .build()
}

/// At most `n_groups` groups of about equally many bytes, each of whole runs in their order.
fn balanced(runs: Vec<Vec<PartitionedFile>>, n_groups: usize) -> Vec<FileGroup> {
    let n_groups = n_groups.min(runs.len());
    let size = |run: usize| -> u64 { runs[run].iter().map(|file| file.object_meta.size).sum() };
    let mut largest_first: Vec<usize> = (0..runs.len()).collect();
    largest_first.sort_by_key(|&run| Reverse(size(run)));
    let mut lightest: BinaryHeap<_> = (0..n_groups).map(|group| Reverse((0, group))).collect();
    let mut group_of_run = vec![0; runs.len()];
    for run in largest_first {
        if let Some(mut lightest) = lightest.peek_mut() {
            let Reverse((n_bytes, group)) = &mut *lightest;
            *n_bytes += size(run);
            group_of_run[run] = *group;
        }
    }
    let mut groups = vec![Vec::new(); n_groups];
    for (files, group) in runs.into_iter().zip(group_of_run) {
        groups[group].extend(files);
    }
    groups.into_iter().map(FileGroup::new).collect()
}

#[async_trait]
impl TableProvider for RunFiles {
    fn schema(&self) -> SchemaRef {
        self.files.schema()
    }

    fn table_type(&self) -> TableType {
        self.files.table_type()
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        self.files.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(url) = self.files.table_paths().first() else {
            return internal_err!("a table of runs has no folder");
        };
        let listed = self.listed(url, filters, state).await?;
        let opened = self.pruned(listed, filters, state).await;
        if opened.is_empty() {
            let schema = project_schema(&self.schema(), projection)?;
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let n_groups = settings::n_partitions_of_files(state);
        let source = self
            .files
            .options()
            .format
            .file_source(self.schemas.clone());
        let scan = FileScanConfigBuilder::new(url.object_store(), source)
            .with_file_groups(FileGroup::new(opened).split_files(n_groups))
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        let scan = match self.by_run(&scan)? {
            Some(by_run) => by_run,
            None => by_file(scan, n_groups),
        };
        let format = &self.files.options().format;
        format.create_physical_plan(state, scan).await
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Schema};
    use datafusion::datasource::object_store::ObjectStoreUrl;
    use datafusion::datasource::physical_plan::ParquetSource;

    use super::*;

    #[test]
    fn many_files_are_read_side_by_side_and_few_are_left_to_be_cut() {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int32, false)]));
        let source = Arc::new(ParquetSource::new(schema));
        let files = (1..=8).map(|size| PartitionedFile::new(format!("f{size}"), size));
        let url = ObjectStoreUrl::local_filesystem();
        let scan = FileScanConfigBuilder::new(url, source)
            .with_file_groups(FileGroup::new(files.collect()).split_files(2))
            .build();
        let sizes = |scan: &FileScanConfig| -> Vec<Vec<u64>> {
            let groups = scan.file_groups.iter();
            let size = |file: &PartitionedFile| file.object_meta.size;
            groups
                .map(|group| group.iter().map(size).collect())
                .collect()
        };
        let many = by_file(scan.clone(), 4);
        assert_eq!(
            sizes(&many),
            [vec![1, 8], vec![2, 7], vec![3, 6], vec![4, 5]]
        );
        // So that no rule cuts them anew.
        assert!(many.output_partitioning.is_some());
        let few = by_file(scan.clone(), 9);
        assert_eq!(sizes(&few), sizes(&scan));
        assert!(few.output_partitioning.is_none());
    }

    #[test]
    fn runs_stay_whole_and_groups_are_of_one_size() {
        let run = |name: &str, sizes: &[u64]| -> Vec<PartitionedFile> {
            let files = sizes.iter().enumerate();
            files
                .map(|(part, &size)| PartitionedFile::new(format!("{name}-{part}"), size))
                .collect()
        };
        let runs = vec![
            run("a", &[3]),
            run("b", &[5, 4]),
            run("c", &[3]),
            run("d", &[2]),
        ];
        let groups = balanced(runs, 2);
        let names: Vec<Vec<&str>> = groups
            .iter()
            .map(|group| group.iter().map(|file| file.path().as_ref()).collect())
            .collect();
        assert_eq!(names, [vec!["b-0", "b-1"], vec!["a-0", "c-0", "d-0"]]);
        assert_eq!(balanced(vec![run("a", &[1])], 16).len(), 1);
    }
}
