//! Compares every byte with what was written: of a release by its manifest, of a sweep by the hash in each file.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use engram_engine::{Session, dataset};
use engram_schemas::manifest::{FOOTERS, File, Part};
use engram_schemas::{DatasetLocation, Manifest, layout};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use parquet::file::metadata::ParquetMetaDataReader;

use super::{Finding, Report};
use crate::store::{failed, sha256};
use crate::{Result, store};

/// Files that are read at a time.
const CONCURRENT_FILES: usize = 4;

/// The files of an open sweep that are not what was written.
///
/// # Errors
/// [`crate::Error::Store`].
pub async fn damaged(session: &Session) -> Result<Vec<Finding>> {
    let location = session.location();
    let checked: Vec<_> = stream::iter(session.dataset().files())
        .map(|file| check(location, &file.object))
        .buffered(CONCURRENT_FILES)
        .try_collect()
        .await?;
    Ok(checked
        .into_iter()
        .filter_map(|(finding, _)| finding)
        .collect())
}

/// What a file of a sweep is, and whether it has a hash.
async fn check(location: &DatasetLocation, object: &ObjectMeta) -> Result<(Option<Finding>, bool)> {
    let read = async { location.store().get(&object.location).await?.bytes().await };
    let bytes = match read.await {
        Ok(bytes) => bytes,
        Err(source) => return Err(failed("read", location, &object.location, source)),
    };
    let finding = |problem: String| Finding {
        what: location.display(&object.location),
        problem,
    };
    Ok(match dataset::check_content(&bytes) {
        dataset::Content::Whole => (None, true),
        dataset::Content::WithoutHash => (None, false),
        dataset::Content::Damaged { reason } => (Some(finding(reason)), true),
    })
}

/// Reads every file of a sweep's tables.
pub(super) async fn of_sweep(location: &DatasetLocation) -> Result<Report> {
    let mut report = Report {
        kind: "sweep",
        ..Report::default()
    };
    let mut objects = Vec::new();
    for folder in [
        layout::trajectories_folder(location.root()),
        layout::recordings_folder(location.root()),
    ] {
        objects.extend(dataset::list(location, &folder).await?);
    }
    let mut checked = stream::iter(&objects)
        .map(
            |object| async move { Ok::<_, crate::Error>((object, check(location, object).await?)) },
        )
        .buffered(CONCURRENT_FILES);
    while let Some((object, (finding, has_hash))) = checked.try_next().await? {
        report.n_bytes += object.size;
        match has_hash {
            true => report.n_files += 1,
            false => report.n_without_hash += 1,
        }
        report.findings.extend(finding);
    }
    Ok(report)
}

/// Reads every file of a release.
pub(super) async fn of_release(location: &DatasetLocation, manifest: &Manifest) -> Result<Report> {
    let mut report = Report {
        kind: "release",
        name: Some(format!("{} {}", manifest.name, manifest.version)),
        ..Report::default()
    };
    let mut footers = None;
    for file in &manifest.files {
        let content = compare(location, file, &mut report).await?;
        if file.path == FOOTERS {
            footers = content;
        }
    }
    for table in &manifest.tables {
        for part in &table.parts {
            if let Some(content) = compare(location, &part.file, &mut report).await? {
                of_part(&table.name, part, &content, footers.as_ref(), &mut report);
            }
        }
    }
    let known: BTreeSet<Path> = manifest
        .parts()
        .map(|part| Ok(part.file.path(location.root())?))
        .collect::<Result<_>>()?;
    for folder in [
        layout::trajectories_folder(location.root()),
        layout::recordings_folder(location.root()),
    ] {
        // A store that cannot list cannot be asked for what should not be there.
        let there = match dataset::list(location, &folder).await {
            Ok(there) => there,
            Err(_) if location.url().scheme().starts_with("http") => continue,
            Err(error) => return Err(error.into()),
        };
        for object in there
            .iter()
            .filter(|object| !known.contains(&object.location))
        {
            report.findings.push(Finding {
                what: location.display(&object.location),
                problem: "it lies among the parts, and the manifest does not name it".to_owned(),
            });
        }
    }
    let counted: BTreeMap<&str, u64> = manifest
        .tables
        .iter()
        .map(|table| {
            (
                table.name.as_str(),
                table.parts.iter().map(|part| part.n_rows).sum(),
            )
        })
        .collect();
    for table in &manifest.tables {
        if counted.get(table.name.as_str()) != Some(&table.n_rows) {
            report.findings.push(Finding {
                what: format!("table {}", table.name),
                problem: "its parts do not have as many rows as it".to_owned(),
            });
        }
    }
    Ok(report)
}

/// Compares a file with what the manifest says of it. Gives its content where it is right.
async fn compare(
    location: &DatasetLocation,
    file: &File,
    report: &mut Report,
) -> Result<Option<Bytes>> {
    let path = file.path(location.root())?;
    let Some(content) = store::read(location, &path).await? else {
        report.findings.push(Finding {
            what: location.display(&path),
            problem: "it is missing".to_owned(),
        });
        return Ok(None);
    };
    report.n_files += 1;
    report.n_bytes += content.len() as u64;
    let problem = if content.len() as u64 != file.size_bytes {
        format!(
            "it has {} bytes, and the manifest says {}",
            content.len(),
            file.size_bytes
        )
    } else if sha256(&content) != file.sha256 {
        "its SHA-256 is not that of the manifest: it was changed after it was written".to_owned()
    } else {
        return Ok(Some(content));
    };
    report.findings.push(Finding {
        what: location.display(&path),
        problem,
    });
    Ok(None)
}

/// Checks what the manifest says of a part beyond its bytes.
fn of_part(
    table: &str,
    part: &Part,
    content: &Bytes,
    footers: Option<&Bytes>,
    report: &mut Report,
) {
    let mut wrong = |problem: String| {
        report.findings.push(Finding {
            what: part.file.path.clone(),
            problem,
        });
    };
    match ParquetMetaDataReader::new().parse_and_finish(content) {
        Err(error) => wrong(format!("it cannot be read as Parquet: {error}")),
        Ok(metadata) => {
            if let Some(problem) = dataset::schema_problem(table, &metadata) {
                wrong(problem);
            }
            let n_rows = metadata.file_metadata().num_rows();
            if u64::try_from(n_rows).ok() != Some(part.n_rows) {
                wrong(format!(
                    "it has {n_rows} rows, and the manifest says {}",
                    part.n_rows
                ));
            }
        }
    }
    let range = part.footer_offset as usize..(part.footer_offset + part.footer_bytes) as usize;
    let end = content.len() - part.footer_bytes as usize;
    if footers.is_some_and(|footers| footers.get(range) != Some(&content[end..])) {
        wrong(format!("its end is not what {FOOTERS} says"));
    }
}
