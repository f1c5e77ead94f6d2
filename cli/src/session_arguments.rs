//! What the queries of a command may use and may do, as arguments.
//!
//! A default limit is chosen here and not in the engine, for a command has the machine to itself more often than a library.

use std::num::NonZeroUsize;

use clap::Args;
use engram_engine::Session;
use engram_engine::session::{Access, Damage, SessionSettings};
use engram_schemas::DatasetLocation;
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use crate::nodes_arguments::NodesArguments;
use crate::printing::say;

/// The arguments of every command that takes SQL.
#[derive(Clone, Debug, Args)]
pub(crate) struct SessionArguments {
    /// Allow statements that write: CREATE, DROP, INSERT, COPY, SET
    ///
    /// They may read and write any file that you can. CREATE and DROP last as long as the command and leave the dataset's
    /// files alone. COPY replaces the files that it writes to. INSERT puts files into the dataset that are no runs, and
    /// the dataset does not open again before they are removed.
    #[arg(long, conflicts_with = "nodes")]
    allow_write: bool,

    #[command(flatten)]
    pub(crate) opening: OpeningArguments,

    #[command(flatten)]
    nodes: NodesArguments,
}

/// How a dataset is opened, and how much of the machine a command may take.
#[derive(Clone, Debug, Args)]
pub(crate) struct OpeningArguments {
    /// What queries may hold in memory, as in 500MB or 2GiB; by default three quarters of the machine's memory
    ///
    /// Sorts and aggregations that need more go on in files of the system's temporary folder (TMPDIR). Reading files takes
    /// some memory beside it. In a container the machine's memory is what the container may have.
    #[arg(long, value_name = "SIZE", env = "ENGRAM_MEMORY_LIMIT", value_parser = bytes)]
    memory_limit: Option<u64>,

    /// Threads to compute on, one a core by default; no answer depends on it
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,

    /// Leave damaged files out, and say which; every byte is read and compared with its hash first
    #[arg(long)]
    skip_damaged: bool,

    /// Where the table `results` lies; by default in the dataset, or for a release, which is never changed, in ./engram-results
    #[arg(long, value_name = "URL")]
    results: Option<String>,
}

impl SessionArguments {
    /// What they mean for a session.
    fn settings(&self) -> anyhow::Result<SessionSettings> {
        Ok(SessionSettings {
            access: if self.allow_write {
                Access::Write
            } else {
                Access::ReadOnly
            },
            ..self.opening.settings()?
        })
    }

    /// Opens the dataset.
    ///
    /// # Errors
    /// For a dataset that cannot be read, and nodes of which none can answer.
    pub(crate) async fn open(&self, at: &str) -> anyhow::Result<Session> {
        let session = open(at, &self.settings()?).await?;
        self.nodes.join(&session).await?;
        Ok(session)
    }
}

impl OpeningArguments {
    /// What they mean for a session that only reads.
    ///
    /// # Errors
    /// For a place of results that is none.
    pub(crate) fn settings(&self) -> anyhow::Result<SessionSettings> {
        let results = self.results.as_deref().map(DatasetLocation::open_to_write);
        Ok(SessionSettings {
            memory_limit_bytes: self.memory_limit.or_else(default_memory_limit_bytes),
            n_threads: self.threads,
            access: Access::ReadOnly,
            damage: match self.skip_damaged {
                true => Damage::Skip,
                false => Damage::Refuse,
            },
            results: results.transpose()?,
        })
    }

    /// How many threads queries compute on.
    pub(crate) fn n_threads(&self) -> usize {
        self.threads.map_or_else(cores, usize::from)
    }

    /// Opens the dataset, to read it.
    ///
    /// # Errors
    /// For a dataset that cannot be read.
    pub(crate) async fn open(&self, at: &str) -> anyhow::Result<Session> {
        open(at, &self.settings()?).await
    }
}

/// How many threads the machine runs at a time, or the container.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Opens a dataset, and says what is left out of it.
async fn open(at: &str, settings: &SessionSettings) -> anyhow::Result<Session> {
    let session = Session::open_with(&DatasetLocation::open(at)?, settings).await?;
    let damaged = session.dataset().damaged();
    if !damaged.is_empty() {
        say(&format!("{} damaged files are left out:", damaged.len()));
        for damaged in damaged {
            say(&format!("  {}: {}", damaged.file, damaged.reason));
        }
    }
    Ok(session)
}

/// Three quarters of what the machine has, or the container: the rest is for what reads files, and for others. A system
/// that does not say what it has sets no limit.
fn default_memory_limit_bytes() -> Option<u64> {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(memory);
    let container = system.cgroup_limits().map(|limits| limits.total_memory);
    let machine = system.total_memory();
    let has = container.filter(|&bytes| bytes > 0).unwrap_or(machine);
    (has > 0).then_some(has / 4 * 3)
}

/// The units of a size, each with its bytes. The letters' case does not matter.
const UNITS: [(&str, f64); 9] = [
    ("b", 1.0),
    ("kb", 1e3),
    ("mb", 1e6),
    ("gb", 1e9),
    ("tb", 1e12),
    ("kib", 1024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
    ("tib", 1_099_511_627_776.0),
];

/// A size with its unit, in bytes.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start().to_ascii_lowercase();
    let number: f64 = number
        .parse()
        .map_err(|_| "a size is a number with a unit, as in 500MB or 2GiB".to_owned())?;
    let (_, unit_bytes) = UNITS
        .into_iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(|| {
            "the unit is one of B, kB, MB, GB, TB, KiB, MiB, GiB and TiB, as in 500MB or 2GiB"
                .to_owned()
        })?;
    let bytes = number * unit_bytes;
    if bytes < 1.0 {
        return Err("a limit of nothing lets no query run".to_owned());
    }
    // More than there are numbers for is no limit that could be reached.
    Ok(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, expected) in [
            ("2GB", 2_000_000_000),
            ("2gib", 2 << 30),
            ("1.5 MiB", 3 << 19),
            ("500kB", 500_000),
            ("1B", 1),
            (" 3TB ", 3_000_000_000_000),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "GB", "2", "2 apples", "0GB", "-1GB", "1..2GB", "2G B"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_default_limit_is_below_what_the_machine_has() {
        let system = System::new_with_specifics(
            RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram()),
        );
        if let Some(limit) = default_memory_limit_bytes() {
            assert!(0 < limit && limit <= system.total_memory() / 4 * 3);
        }
    }
}
