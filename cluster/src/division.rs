//! How what is read is divided among nodes.
//!
//! The engine's scans of runs say that a partition holds whole runs, and declare it as a partitioning by hash, which it is not:
//! where a run is follows from the files, and not from a hash. What is planned above relies on it, and sums a run up where it is
//! read. So a division keeps the runs whole. It never relies on the declared hash itself, and neither does the library: where
//! it brings rows of two inputs together, it exchanges them anew.
//!
//! Every partition is cut into as many parts as there are tasks, and each task reads its part of all of them: so there are as
//! many partitions in a task as there were, in their order.

use std::sync::Arc;

use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::datasource::listing::{FileRange, PartitionedFile};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning};
use datafusion_distributed::{
    DesiredTaskCountEvent, DesiredTaskCountEventResponse, DistributedConfig, DistributedLeafExec,
    ScaleUpLeafNodeEvent, ScaleUpLeafNodeEventResponse,
};
use engram_schemas::trajectories::column;

/// Files of fewer bytes are read by one task: each that reads a part of one has to read its footer.
const WHOLE_BYTES: u64 = 4 << 20;

/// The files that a leaf of a plan reads, if it reads any.
pub(crate) fn scan(leaf: &dyn ExecutionPlan) -> Option<&FileScanConfig> {
    let source = leaf.downcast_ref::<DataSourceExec>()?;
    source.data_source().downcast_ref()
}

/// Into how many tasks a scan should be divided.
pub(crate) fn n_tasks(
    event: DesiredTaskCountEvent<'_>,
) -> Option<Result<DesiredTaskCountEventResponse>> {
    let scan = scan(event.plan.as_ref())?;
    // What is planned above one partition may rely on there being no other.
    if scan.file_groups.len() < 2 {
        return Some(Ok(DesiredTaskCountEventResponse::maximum(1)));
    }
    let config = DistributedConfig::from_session_config(event.session_config);
    Some(config.map(|config| DesiredTaskCountEventResponse::desired(config.max_tasks_per_stage)))
}

/// The scan, divided.
pub(crate) fn divide(
    event: ScaleUpLeafNodeEvent<'_>,
) -> Option<Result<ScaleUpLeafNodeEventResponse>> {
    let scan = scan(event.plan.as_ref())?;
    let divided = divided(scan, event.task_count).and_then(|scans| {
        let tasks = scans
            .into_iter()
            .map(|scan| DataSourceExec::from_data_source(scan) as _);
        DistributedLeafExec::try_new(Arc::clone(event.plan), tasks)
    });
    Some(divided.map(|leaf| ScaleUpLeafNodeEventResponse::new(Arc::new(leaf))))
}

fn divided(scan: &FileScanConfig, n_tasks: usize) -> Result<Vec<FileScanConfig>> {
    let mut without_files = scan.clone();
    without_files.file_groups.clear();
    let mut tasks = vec![without_files; n_tasks];
    for (number, group) in scan.file_groups.iter().enumerate() {
        let mut parts = match scan.output_partitioning {
            Some(Partitioning::Hash(..)) => cut(runs(scan, group)?, n_tasks),
            _ => cut(pieces(group, n_tasks as u64), n_tasks),
        };
        // Of groups of fewer runs than there are tasks, not the same tasks get nothing.
        parts.rotate_right(number % n_tasks);
        for (task, part) in tasks.iter_mut().zip(parts) {
            task.file_groups.push(FileGroup::new(part));
        }
    }
    Ok(tasks)
}

/// Files that stay together.
type Together = Vec<PartitionedFile>;

/// The files of every run in turn. Of what is known of their columns, only the run goes with them: the rest would be most of a plan,
/// and says nothing.
fn runs(scan: &FileScanConfig, group: &FileGroup) -> Result<Vec<Together>> {
    let schema = scan.file_source.table_schema().table_schema();
    let place = schema.index_of(column::RUN_ID)?;
    let mut runs: Vec<Together> = Vec::new();
    let mut last = None;
    for file in group.iter() {
        let known = file.statistics.as_deref();
        let known = known.and_then(|all| Some((all, all.column_statistics.get(place)?)));
        let Some((all, bounds)) = known else {
            return internal_err!("a scan by run has a file of which nothing is known");
        };
        let run = match (&bounds.min_value, &bounds.max_value) {
            (Precision::Exact(from), Precision::Exact(to)) if from == to => from,
            _ => return internal_err!("a scan by run has a file whose run is not known"),
        };
        let mut file = file.clone();
        file.arrow_schema = None;
        file.statistics = Some(Arc::new(Statistics {
            column_statistics: all.column_statistics[..=place].to_vec(),
            ..Statistics::clone(all)
        }));
        match runs.last_mut().filter(|_| last == Some(run)) {
            Some(files) => files.push(file),
            None => runs.push(vec![file]),
        }
        last = Some(run);
    }
    Ok(runs)
}

/// The files in turn, of which large ones are in pieces.
fn pieces(group: &FileGroup, n_pieces: u64) -> Vec<Together> {
    let mut pieces = Vec::new();
    for file in group.iter() {
        let (from, to) = match &file.range {
            Some(range) => (range.start, range.end),
            None => (0, i64::try_from(file.object_meta.size).unwrap_or(i64::MAX)),
        };
        let length = u64::try_from(to - from).unwrap_or_default();
        if length < WHOLE_BYTES || n_pieces < 2 {
            pieces.push(vec![file.clone()]);
            continue;
        }
        let step = i64::try_from(length.div_ceil(n_pieces)).unwrap_or(i64::MAX);
        let mut start = from;
        while start < to {
            let end = start.saturating_add(step).min(to);
            let mut piece = file.clone();
            piece.range = Some(FileRange { start, end });
            pieces.push(vec![piece]);
            start = end;
        }
    }
    pieces
}

/// So many parts of about equally many bytes, in their order; some may be empty.
fn cut(all: Vec<Together>, n_parts: usize) -> Vec<Together> {
    let size = |together: &Together| {
        together
            .iter()
            .map(PartitionedFile::effective_size)
            .sum::<u64>()
    };
    let total: u64 = all.iter().map(size).sum();
    let mut parts = vec![Together::new(); n_parts];
    let mut before = 0;
    for together in all {
        let size = size(&together);
        // By where its middle lies.
        let middle = u128::from(before) * 2 + u128::from(size);
        let place = middle * n_parts as u128 / (u128::from(total) * 2).max(1);
        let place = usize::try_from(place)
            .unwrap_or(usize::MAX)
            .min(n_parts - 1);
        parts[place].extend(together);
        before += size;
    }
    parts
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Schema;
    use datafusion::datasource::object_store::ObjectStoreUrl;
    use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetSource};
    use datafusion::datasource::table_schema::TableSchema;

    use super::*;

    fn named(parts: &[Together]) -> Vec<Vec<String>> {
        let name = |file: &PartitionedFile| match &file.range {
            None => file.path().to_string(),
            Some(range) => format!("{}:{}..{}", file.path(), range.start, range.end),
        };
        parts
            .iter()
            .map(|part| part.iter().map(name).collect())
            .collect()
    }

    #[test]
    fn what_belongs_together_stays_together() {
        let run = |name: &str, sizes: &[u64]| -> Together {
            let files = sizes.iter().enumerate();
            files
                .map(|(place, &size)| PartitionedFile::new(format!("{name}{place}"), size))
                .collect()
        };
        let runs = vec![
            run("a", &[3]),
            run("b", &[2, 2]),
            run("c", &[3]),
            run("d", &[2]),
        ];
        assert_eq!(
            named(&cut(runs.clone(), 2)),
            [vec!["a0", "b0", "b1"], vec!["c0", "d0"]]
        );
        assert_eq!(cut(runs.clone(), 1).len(), 1);
        let many = cut(runs, 8);
        assert_eq!(many.len(), 8);
        assert_eq!(named(&many).concat(), ["a0", "b0", "b1", "c0", "d0"]);
        assert!(cut(Vec::new(), 3).iter().all(Together::is_empty));
    }

    #[test]
    fn groups_of_one_file_each_are_divided_evenly() {
        let schema = TableSchema::from(Arc::new(Schema::empty()));
        let files = ["a", "b", "c", "d"].map(|name| PartitionedFile::new(name, 1));
        let scan = FileScanConfigBuilder::new(
            ObjectStoreUrl::local_filesystem(),
            Arc::new(ParquetSource::new(schema)),
        )
        .with_file_groups(files.map(|file| FileGroup::new(vec![file])).to_vec())
        .build();
        let tasks = divided(&scan, 2).unwrap();
        let read = |task: &FileScanConfig| {
            let groups: Vec<Together> = task
                .file_groups
                .iter()
                .map(|group| group.iter().cloned().collect())
                .collect();
            named(&groups)
        };
        // The partitions keep their places, and both tasks have something to read.
        let none: [&str; 0] = [];
        assert_eq!(read(&tasks[0]), [&none[..], &["b"], &none, &["d"]]);
        assert_eq!(read(&tasks[1]), [&["a"][..], &none, &["c"], &none]);
    }

    #[test]
    fn large_files_are_cut_and_small_ones_are_not() {
        let large = 3 * WHOLE_BYTES;
        let group = FileGroup::new(vec![
            PartitionedFile::new("small", WHOLE_BYTES - 1),
            PartitionedFile::new("large", large),
        ]);
        let all = pieces(&group, 3);
        let third = WHOLE_BYTES;
        let expected = [
            "small".to_owned(),
            format!("large:0..{third}"),
            format!("large:{third}..{}", 2 * third),
            format!("large:{}..{large}", 2 * third),
        ];
        assert_eq!(named(&all).concat(), expected);
        // Cut once more, nothing is read twice and nothing is left out.
        let again: Vec<Together> = all
            .iter()
            .flat_map(|piece| pieces(&FileGroup::new(piece.clone()), 2))
            .collect();
        let read: u64 = again
            .concat()
            .iter()
            .map(PartitionedFile::effective_size)
            .sum();
        assert_eq!(read, large + WHOLE_BYTES - 1);
    }
}
