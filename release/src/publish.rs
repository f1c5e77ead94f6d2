//! Writes a release.
//!
//! Whoever writes begins with a claim, created if there is none: it says which content is to come. Another writer of the same
//! content goes on beside the first, because their parts have the same names and bytes, and so does the same one after it was
//! killed; a writer of other content is refused before it has written anything. The manifest is created last, and then the
//! claim is removed. So a place holds no release, or a whole one, and no part that is in none.

use std::collections::BTreeSet;
use std::fmt;

use bytes::Bytes;
use engram_engine::{Session, dataset};
use engram_schemas::manifest::{self, CLAIM, FOOTERS, File, Manifest};
use engram_schemas::{DatasetLocation, SCHEMA_VERSION, layout, run_parts};
use object_store::path::Path;
use serde_json::json;

use crate::parts::PART_BYTES;
use crate::plans::{self, Plans};
use crate::run_parts::RunParts;
use crate::store::{self, Put, create, sha256};
use crate::verify::content;
use crate::writer::{RECORDINGS, TRAJECTORIES, Writer};
use crate::{Error, Result, card, citation, croissant, edition};

/// What a release is called, and what of it may be missing.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishSettings {
    /// What it is called.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is about, in a sentence.
    pub description: String,
    /// Who made it.
    pub authors: Vec<String>,
    /// SPDX name of its licence.
    pub license: String,
    /// Where it will be found, as a URL.
    pub url: Option<String>,
    /// When it is published, as in 2020-12-06. It is not asked of the clock, so that equal datasets make equal releases.
    pub date: Option<String>,
    /// Whether runs of the plan may be missing.
    pub allow_partial: bool,
    /// What a part holds before it is encoded, where there is so much.
    pub part_bytes: usize,
    /// Tables beside those of every release.
    pub tables: Vec<Table>,
}

/// A further table of a release, in SQL by its name.
#[derive(Clone, PartialEq)]
pub struct Table {
    /// Its name, and that of its file.
    pub name: String,
    /// Its Parquet file.
    pub parquet: Bytes,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({}, {})", self.name, sha256(&self.parquet))
    }
}

impl Default for PublishSettings {
    fn default() -> Self {
        Self {
            name: "engram".to_owned(),
            version: "1.0.0".to_owned(),
            description: String::new(),
            authors: Vec::new(),
            license: "CC-BY-4.0".to_owned(),
            url: None,
            date: None,
            allow_partial: false,
            part_bytes: PART_BYTES,
            tables: Vec::new(),
        }
    }
}

/// A release that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Rows that the sweep had twice, and the release has once.
    pub n_repeated: u64,
    /// Whether all of it was there before.
    pub was_there: bool,
}

/// Writes the dataset of `session` to `to` as a release. `on_part` is told of every part's path when it is written.
///
/// # Errors
/// [`Error::Version`] and [`Error::Date`], [`Error::Incomplete`] and [`Error::NoPlan`] unless the settings allow it, [`Error::Damaged`] for files that are not what was
/// written, [`Error::AlreadyRelease`] and [`Error::Claimed`] for a place that is taken, [`Error::Store`].
pub async fn publish(
    session: &Session,
    to: &DatasetLocation,
    settings: &PublishSettings,
    on_part: impl Fn(&str) + Send + Sync,
) -> Result<Published> {
    edition::version(&settings.version)?;
    settings.date.as_deref().map(edition::date).transpose()?;
    let from = session.location();
    if let Some(release) = session.dataset().release() {
        return Err(already(from, release));
    }
    let there = session.dataset().run_ids();
    let plans = Plans::of_sweeps(from).await?;
    let missing = plans.missing(&there);
    if !settings.allow_partial {
        if plans.files.is_empty() {
            let place = from.url().to_string();
            return Err(Error::NoPlan { place });
        }
        if !missing.is_empty() {
            let n_planned = plans.planned.len();
            return Err(Error::Incomplete { missing, n_planned });
        }
    }
    let damaged = content::damaged(session).await?;
    if !damaged.is_empty() {
        let files = damaged.into_iter().map(|finding| finding.to_string());
        return Err(Error::Damaged {
            files: files.collect(),
        });
    }
    let content = content_of(settings, session);
    if let Some(before) = take(to, settings, &content).await? {
        return Ok(Published {
            manifest: before,
            n_repeated: 0,
            was_there: true,
        });
    }
    let mut writer = Writer {
        to,
        on_part: &on_part,
        footers: Vec::new(),
        run_parts: RunParts::default(),
        n_repeated: 0,
    };
    let mut tables = vec![
        writer
            .table(session, &TRAJECTORIES, settings.part_bytes)
            .await?,
    ];
    if session.dataset().n_recordings > 0 {
        tables.push(
            writer
                .table(session, &RECORDINGS, settings.part_bytes)
                .await?,
        );
    }
    let (footers, n_repeated) = (Bytes::from(writer.footers), writer.n_repeated);
    let run_parts = writer.run_parts.encode()?;
    let mut manifest = Manifest {
        format: manifest::FORMAT.to_owned(),
        name: settings.name.clone(),
        version: settings.version.clone(),
        license: settings.license.clone(),
        schema_version: SCHEMA_VERSION.to_owned(),
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
        n_runs: there.len() as u64,
        n_planned: plans.planned.len() as u64,
        content,
        missing,
        tables,
        files: Vec::new(),
    };
    let card = card::markdown(session, &manifest, settings).await?;
    let mut files: Vec<(String, Bytes)> = vec![
        (FOOTERS.to_owned(), footers),
        (run_parts::FILE.to_owned(), run_parts),
        ("README.md".to_owned(), card.into()),
        (
            "CITATION.cff".to_owned(),
            citation::cff(&manifest, settings).into(),
        ),
        ("LICENSE".to_owned(), citation::license(settings).into()),
        (
            croissant::FILE.to_owned(),
            croissant::json_ld(&manifest, settings).into(),
        ),
    ];
    let plan_files = plans.files.into_iter();
    files.extend(plan_files.map(|(name, text)| (format!("{}/{name}", plans::FOLDER), text)));
    let further = settings.tables.iter();
    files.extend(further.map(|table| (manifest::table_file(&table.name), table.parquet.clone())));
    for (path, content) in files {
        let file = File {
            size_bytes: content.len() as u64,
            sha256: sha256(&content),
            path,
        };
        create(to, &file.path(to.root())?, content).await?;
        manifest.files.push(file);
    }
    refuse_strangers(to, &manifest).await?;
    let path = to.root().clone().join(manifest::FILE);
    create(to, &path, manifest.to_json().into()).await?;
    store::remove(to, &to.root().clone().join(CLAIM)).await?;
    Ok(Published {
        manifest,
        n_repeated,
        was_there: false,
    })
}

fn already(place: &DatasetLocation, release: &Manifest) -> Error {
    Error::AlreadyRelease {
        place: place.url().to_string(),
        name: release.name.clone(),
        version: release.version.clone(),
    }
}

/// What the content to come follows from, hashed: equal for equal content.
fn content_of(settings: &PublishSettings, session: &Session) -> String {
    let files = session.dataset().files();
    let mut files: Vec<&str> = files
        .iter()
        .map(|file| file.object.location.filename().unwrap_or_default())
        .collect();
    files.sort_unstable();
    let content = json!({
        "files": files,
        "settings": format!("{settings:?}"),
        "code_version": env!("CARGO_PKG_VERSION"),
    });
    sha256(content.to_string().as_bytes())
}

/// Takes the place for this content. Gives the release that is there already, if it is the same.
async fn take(
    to: &DatasetLocation,
    settings: &PublishSettings,
    content: &str,
) -> Result<Option<Manifest>> {
    if let Some(folder) = to.local_path() {
        // The local store makes folders as it needs them; whether this is possible is better known before any work.
        std::fs::create_dir_all(&folder).map_err(|error| Error::Store {
            what: "write to",
            place: folder.display().to_string(),
            source: object_store::Error::Generic {
                store: "LocalFileSystem",
                source: error.into(),
            },
        })?;
    }
    refuse_taken(to).await?;
    let claim = json!({ "name": settings.name, "version": settings.version, "content": content });
    let claim = Bytes::from(claim.to_string());
    let path = to.root().clone().join(CLAIM);
    let put = create(to, &path, claim.clone()).await?;
    if put == Put::WasThere {
        let other = store::read(to, &path).await?.unwrap_or_default();
        if other != claim && !other.is_empty() {
            return Err(Error::Claimed {
                place: to.url().to_string(),
                claim: String::from_utf8_lossy(&other).into_owned(),
            });
        }
    }
    // A manifest may have come, and the claim before it gone, between a look for one and the claim; after the claim none of
    // other content can.
    let manifest = to.root().clone().join(manifest::FILE);
    let Some(text) = store::read(to, &manifest).await? else {
        return Ok(None);
    };
    store::remove(to, &path).await?;
    let release = Manifest::from_json(&text)?;
    if release.content == content {
        return Ok(Some(release));
    }
    Err(already(to, &release))
}

/// Refuses a place where something is that no writer of a release left: a sweep, somebody's files.
async fn refuse_taken(to: &DatasetLocation) -> Result<()> {
    let files = dataset::list(to, to.root()).await?;
    if files.is_empty() {
        return Ok(());
    }
    // Looked at after the listing: a writer claims the place before it writes, and names the release before it gives up the claim.
    for known in [CLAIM, manifest::FILE] {
        let known = to.root().clone().join(known);
        if store::read(to, &known).await?.is_some() {
            return Ok(());
        }
    }
    Err(Error::Taken {
        place: to.to_string(),
        found: to.display(&files[0].location),
        n_files: files.len(),
    })
}

/// Refuses files in the folders of tables that the manifest does not name: a reader of the folders would count them in.
async fn refuse_strangers(to: &DatasetLocation, manifest: &Manifest) -> Result<()> {
    let known: BTreeSet<Path> = manifest
        .parts()
        .map(|part| Ok(part.file.path(to.root())?))
        .collect::<Result<_>>()?;
    let mut files = Vec::new();
    for folder in [
        layout::trajectories_folder(to.root()),
        layout::recordings_folder(to.root()),
    ] {
        let there = dataset::list(to, &folder).await?.into_iter();
        let strangers = there.filter(|file| !known.contains(&file.location));
        files.extend(strangers.map(|file| to.display(&file.location)));
    }
    if files.is_empty() {
        return Ok(());
    }
    let place = to.url().to_string();
    Err(Error::Strangers { place, files })
}
