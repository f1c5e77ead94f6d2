//! What is in a dataset: the files of its tables, found and checked before the first question is answered.
//!
//! A dataset is a sweep area, where every run is a file and a listing tells which there are (`sweep`), or a release, whose
//! manifest says it (`release`). Either way it is as it was when it was opened: queries see it through a `Snapshot`.

mod checks;
mod content;
mod footer_cache;
mod footers;
mod part_ends;
mod release;
mod run_parts;
mod snapshot;
mod sweep;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::execution::runtime_env::RuntimeEnv;
use engram_schemas::{
    DatasetLocation, Manifest, RunFile, layout, manifest, recordings, results, trajectories,
};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::session::Damage;
use crate::{Error, Result};

pub use checks::schema_problem;
pub use content::{Content, check_content, tail_offset};
pub(crate) use footer_cache::FooterCache;
pub(crate) use part_ends::PartEnds;
pub(crate) use run_parts::{PartsOfRun, RunParts};
pub(crate) use snapshot::Snapshot;
pub use sweep::list;

/// The checked files of a dataset.
#[derive(Debug)]
pub struct Dataset {
    /// Where it is.
    pub location: DatasetLocation,
    /// Where its table `results` is.
    pub results_location: DatasetLocation,
    /// Of a sweep area, the parts of the table `trajectories`.
    pub runs: Vec<RunFile>,
    /// The number of parts of the table `recordings`.
    pub n_recordings: usize,
    /// What names the files of the table `results`.
    pub result_names: BTreeSet<String>,
    files: Vec<TableFile>,
    release: Option<Manifest>,
    damaged: Vec<Damaged>,
    pub(crate) file_runs: Arc<FileRuns>,
}

/// A file of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableFile {
    /// The table.
    pub table: &'static str,
    /// The file in its store.
    pub object: ObjectMeta,
}

/// A file that is left out of every answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damaged {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What the footers say of every file that is of one run alone.
pub(crate) type FileRuns = HashMap<Path, FileOfRun>;

/// What the footer of a file says whose rows are all of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileOfRun {
    pub(crate) run_id: String,
    /// Whether its columns are those of the table, in their order and of their types.
    pub(crate) has_the_tables_columns: bool,
}

impl Dataset {
    /// Finds the dataset's files. Those of a sweep area are listed and their footers checked, which then lie in the cache of
    /// `runtime`; of a release the manifest is read.
    ///
    /// Results lie at `results`, or else in the sweep area itself; those of a release, which is never changed, in a folder of
    /// the working directory.
    ///
    /// # Errors
    /// [`Error::NothingThere`] for a place without trajectories, [`Error::UnreadableFile`], [`Error::ForeignFile`] or
    /// [`Error::NewerSchema`] for a file that this program cannot trust, unless `damage` is to be skipped, [`Error::Manifest`],
    /// and [`Error::List`] when the store refuses.
    pub async fn open(
        location: &DatasetLocation,
        results: Option<&DatasetLocation>,
        damage: Damage,
        runtime: &RuntimeEnv,
    ) -> Result<Self> {
        let release = release::manifest(location).await?;
        let results_location = match (results, &release) {
            (Some(results), _) => results.clone(),
            (None, None) => location.clone(),
            (None, Some(release)) => DatasetLocation::open(&results_folder(release))?,
        };
        let (mut files, mut damaged) = match &release {
            Some(manifest) => release::parts(location, manifest, damage).await?,
            None => {
                let mut files = sweep::list_table(location, trajectories::TABLE).await?;
                if files.is_empty() {
                    return Err(nothing_there(location).await);
                }
                files.extend(sweep::list_table(location, recordings::TABLE).await?);
                (files, Vec::new())
            }
        };
        let mut file_runs = FileRuns::new();
        if release.is_none() {
            let checked = sweep::check(location, files, damage, runtime).await?;
            (files, damaged, file_runs) = (checked.files, checked.damaged, checked.file_runs);
        }
        let result_files = sweep::list_table(&results_location, results::TABLE).await?;
        let checked = sweep::check(&results_location, result_files, damage, runtime).await?;
        damaged.extend(checked.damaged);
        let names = checked.files.iter();
        let result_names = names
            .filter_map(|file| file.object.location.filename())
            .map(|name| name.trim_end_matches(".parquet").to_owned())
            .collect();
        files.extend(checked.files);
        let of = |table: &'static str| files.iter().filter(move |file| file.table == table);
        let runs = match release {
            Some(_) => Vec::new(),
            None => of(trajectories::TABLE)
                .map(|file| RunFile::parse(&file.object.location, location.root()))
                .collect::<engram_schemas::Result<_>>()?,
        };
        Ok(Self {
            location: location.clone(),
            results_location,
            runs,
            n_recordings: of(recordings::TABLE).count(),
            result_names,
            files,
            release,
            damaged,
            file_runs: Arc::new(file_runs),
        })
    }

    /// Of a release, what it says of itself.
    pub fn release(&self) -> Option<&Manifest> {
        self.release.as_ref()
    }

    /// The files of all tables that answers come from.
    pub fn files(&self) -> &[TableFile] {
        &self.files
    }

    /// The files that are left out.
    pub fn damaged(&self) -> &[Damaged] {
        &self.damaged
    }

    /// How many runs there are.
    pub fn n_runs(&self) -> usize {
        match &self.release {
            Some(release) => usize::try_from(release.n_runs).unwrap_or(usize::MAX),
            None => self.run_ids().len(),
        }
    }

    /// Of a sweep area, the runs that there are: what the rows of each file say, or else its name.
    pub fn run_ids(&self) -> BTreeSet<String> {
        let runs = self.runs.iter();
        runs.map(|run| {
            let by_rows = self.file_runs.get(&run.path(self.location.root()));
            by_rows.map_or(&run.run_id, |file| &file.run_id).clone()
        })
        .collect()
    }

    /// What answers follow from: equal for equal data. The runs of a sweep area, which are named by their configurations, or
    /// the content of a release.
    pub fn identity(&self) -> impl Iterator<Item = &str> {
        let release = self.release.iter().map(|release| release.content.as_str());
        let damaged = self.damaged.iter().map(|damaged| damaged.file.as_str());
        release
            .chain(self.runs.iter().map(|run| run.run_id.as_str()))
            .chain(damaged)
    }

    /// Of a release, the ends of its parts.
    ///
    /// # Errors
    /// [`engram_schemas::Error::Manifest`].
    pub(crate) fn part_ends(&self) -> Result<Option<Arc<PartEnds>>> {
        let root = self.location.root();
        let ends = self
            .release
            .as_ref()
            .map(|release| PartEnds::of(release, root));
        Ok(ends.transpose()?.map(Arc::new))
    }

    /// The dataset's files as a store.
    pub(crate) fn snapshot(&self, part_ends: Option<&Arc<PartEnds>>) -> Snapshot {
        let root = self.location.root();
        let mut folders = vec![
            layout::trajectories_folder(root),
            layout::recordings_folder(root),
        ];
        let results_are_beside = self.results_location.store_url() == self.location.store_url();
        if results_are_beside {
            folders.push(layout::results_folder(self.results_location.root()));
        }
        let files = self.files.iter();
        let files = files.filter(|file| results_are_beside || file.table != results::TABLE);
        let files = files.map(|file| file.object.clone());
        let snapshot = Snapshot::new(Arc::clone(self.location.store()), folders, files);
        match part_ends {
            None => snapshot,
            Some(ends) => snapshot.with_part_ends(Arc::clone(ends)),
        }
    }
}

/// Where the results of a release lie when nobody says where.
fn results_folder(release: &Manifest) -> String {
    const DIGITS: usize = 8;
    let is_plain =
        |character: &char| character.is_ascii_alphanumeric() || "-_.".contains(*character);
    let plain = |text: &str| text.chars().filter(is_plain).collect::<String>();
    let content: String = plain(&release.content).chars().take(DIGITS).collect();
    format!(
        "engram-results/{}-{}-{content}",
        plain(&release.name),
        plain(&release.version)
    )
}

async fn nothing_there(location: &DatasetLocation) -> Error {
    let nothing = |found| Error::NothingThere {
        location: place(location),
        found,
    };
    let claim = location.root().clone().join(manifest::CLAIM);
    if location.store().head(&claim).await.is_ok() {
        return nothing(
            "a release is being published there, or its writer died before the manifest",
        );
    }
    match location
        .store()
        .list_with_delimiter(Some(location.root()))
        .await
    {
        Ok(listing) if !listing.objects.is_empty() || !listing.common_prefixes.is_empty() => {
            nothing("what is there has no folder `trajectories` with files in it")
        }
        _ => nothing("the place is empty or does not exist"),
    }
}

/// The dataset's place as a user would write it.
fn place(location: &DatasetLocation) -> String {
    let place = location.local_path().map_or_else(
        || location.url().to_string(),
        |path| path.display().to_string(),
    );
    match place.strip_suffix('/') {
        Some(shorter) if !shorter.is_empty() => shorter.to_owned(),
        _ => place,
    }
}

/// The folder of one of the dataset's tables as a URL that ends in a slash.
pub(crate) fn table_url(location: &DatasetLocation, table: &str) -> url::Url {
    let mut url = location.url().clone();
    let path = format!("{}{table}/", url.path());
    url.set_path(&path);
    url
}
