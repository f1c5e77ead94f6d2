//! A user's own recordings, from a file to the statistics of every session.
//!
//! Two forms are read, both as CSV, Parquet or Arrow (IPC file), told apart by the names of their columns:
//!
//! * units: a row for each unit (and stimulus), a column for each session in their order. Beside them there may be
//!   `recording`, `depth`, `measure`, `stimulus` and `unit`.
//! * statistics: a row for each session, with the columns `session` (their order) and those of the table `trajectories`
//!   (`activation_raw_mean`), and perhaps `recording` and `depth`.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchReader};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Float64Type};
use arrow::error::ArrowError;
use arrow::ipc::reader::{FileReader, StreamReader};
use datafusion::prelude::{CsvReadOptions, ParquetReadOptions, SessionContext};
use engram_observables::{Observation, Scratch, Statistics, observe};
use engram_schemas::Depth;
use engram_schemas::observable::{Function, Measure, Observable, Statistic};

use crate::{Error, Result};

/// A recording: statistics of some sessions.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Its name; empty where the file has one recording only.
    pub name: String,
    /// Where in its network or pathway the recorded layer is, where that is known.
    pub depth: Option<Depth>,
    /// Units, where the file has them one by one.
    pub n_units: Option<usize>,
    /// The statistics by name, session by session.
    pub sessions: Vec<BTreeMap<String, f64>>,
    /// What the file calls the sessions.
    pub session_names: Vec<String>,
}

const RECORDING: &str = "recording";
const DEPTH: &str = "depth";
const MEASURE: &str = "measure";
const STIMULUS: &str = "stimulus";
const UNIT: &str = "unit";
const SESSION: &str = "session";

/// Reads the recordings of a file, in the order of their first rows.
///
/// # Errors
/// [`Error::RecordingFile`] when it cannot be read or has neither form.
pub async fn read(path: &Path) -> Result<Vec<Recording>> {
    let rows = rows(path).await?;
    let refuse = |reason: String| Error::RecordingFile {
        path: path.to_owned(),
        reason,
    };
    if rows.num_rows() == 0 {
        return Err(refuse("it has no rows".to_owned()));
    }
    let schema = rows.schema();
    let is_observable =
        |name: &str| Observable::all().any(|observable| observable.column() == name);
    let is_of_statistics = schema
        .fields()
        .iter()
        .any(|field| is_observable(field.name()));
    let table = Table { rows };
    let recordings = match is_of_statistics {
        true => table.statistics(),
        false => table.units(),
    };
    recordings.map_err(refuse)
}

async fn rows(path: &Path) -> Result<RecordBatch> {
    let failed = |reason: String| Error::RecordingFile {
        path: path.to_owned(),
        reason,
    };
    let name = path
        .to_str()
        .ok_or_else(|| failed("its name is no text".to_owned()))?;
    let context = SessionContext::new();
    let extension = path.extension().and_then(|extension| extension.to_str());
    let extension = extension.unwrap_or_default().to_ascii_lowercase();
    let frame = match extension.as_str() {
        "csv" => {
            // A column's type is that of all its rows: units may be silent for long.
            let options = CsvReadOptions::new().schema_infer_max_records(usize::MAX);
            context.read_csv(name, options).await
        }
        "parquet" => {
            context
                .read_parquet(name, ParquetReadOptions::default())
                .await
        }
        "arrow" | "feather" => return arrow_file(path).map_err(failed),
        _ => {
            return Err(failed(
                "its name ends in none of .csv, .parquet and .arrow".to_owned(),
            ));
        }
    };
    let frame = frame.map_err(|error| failed(error.strip_backtrace()))?;
    let schema = std::sync::Arc::clone(frame.schema().inner());
    let batches = frame
        .collect()
        .await
        .map_err(|error| failed(error.strip_backtrace()))?;
    concat_batches(&schema, &batches).map_err(|error| failed(error.to_string()))
}

/// The rows of an Arrow file, or of an Arrow stream that was kept in a file.
fn arrow_file(path: &Path) -> std::result::Result<RecordBatch, String> {
    const FILE_MAGIC: &[u8] = b"ARROW1";
    let content = std::fs::read(path).map_err(|error| error.to_string())?;
    let is_file = content.starts_with(FILE_MAGIC);
    let content = Cursor::new(content);
    let rows = match is_file {
        true => FileReader::try_new(content, None).and_then(all),
        false => StreamReader::try_new(content, None).and_then(all),
    };
    rows.map_err(|error| error.to_string())
}

/// All batches of a reader as one.
fn all(reader: impl RecordBatchReader) -> std::result::Result<RecordBatch, ArrowError> {
    let schema = reader.schema();
    concat_batches(
        &schema,
        &reader.collect::<std::result::Result<Vec<_>, _>>()?,
    )
}

/// The file's rows.
struct Table {
    rows: RecordBatch,
}

type Outcome<T> = std::result::Result<T, String>;

impl Table {
    /// Recordings from rows of sessions.
    fn statistics(&self) -> Outcome<Vec<Recording>> {
        let sessions = self
            .numbers(SESSION)?
            .ok_or("statistics need a column `session`, which orders them")?;
        let observables: Vec<String> = Observable::all()
            .map(Observable::column)
            .filter(|name| self.rows.column_by_name(name).is_some())
            .collect();
        let columns = observables
            .iter()
            .map(|name| Ok(self.numbers(name)?.unwrap_or_default()))
            .collect::<Outcome<Vec<_>>>()?;
        let depths = self.texts(DEPTH)?;
        self.grouped(|name, rows| {
            let mut rows = rows.to_vec();
            rows.sort_by(|&a, &b| sessions[a].total_cmp(&sessions[b]));
            let twice = rows
                .windows(2)
                .find(|pair| sessions[pair[0]] == sessions[pair[1]]);
            if let Some(pair) = twice {
                return Err(format!(
                    "{} has session {} twice",
                    called(name),
                    sessions[pair[0]]
                ));
            }
            let session = |&row: &usize| {
                let values = observables.iter().zip(&columns);
                values
                    .map(|(name, column)| (name.clone(), column[row]))
                    .collect()
            };
            Ok(Recording {
                name: name.to_owned(),
                depth: depth(depths.as_deref(), &rows)?,
                n_units: None,
                sessions: rows.iter().map(session).collect(),
                session_names: rows.iter().map(|&row| sessions[row].to_string()).collect(),
            })
        })
    }

    /// Recordings from rows of units.
    fn units(&self) -> Outcome<Vec<Recording>> {
        let known = [RECORDING, DEPTH, MEASURE, STIMULUS, UNIT];
        let schema = self.rows.schema();
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let sessions: Vec<&str> = names.filter(|name| !known.contains(name)).collect();
        if sessions.is_empty() {
            return Err("it has no column with a session's values".to_owned());
        }
        if sessions.contains(&"") {
            return Err(
                "it has a column without a name, which may be an index and no session: name it, or leave it out"
                    .to_owned(),
            );
        }
        let columns = sessions
            .iter()
            .map(|name| Ok(self.numbers(name)?.unwrap_or_default()))
            .collect::<Outcome<Vec<_>>>()?;
        let (depths, measures) = (self.texts(DEPTH)?, self.texts(MEASURE)?);
        let stimuli = self.texts(STIMULUS)?;
        self.grouped(|name, rows| {
            let mut groups: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
            for &row in rows {
                let measure = measures.as_ref().map(|texts| texts[row].as_str());
                let measure = measure.unwrap_or(Measure::Activation.as_str());
                let stimulus = stimuli.as_ref().map_or("", |texts| &texts[row]);
                groups.entry((measure, stimulus)).or_default().push(row);
            }
            let groups: Vec<(Measure, Vec<usize>)> = groups
                .into_iter()
                .map(|((measure, _), rows)| Ok((measure_named(measure)?, rows)))
                .collect::<Outcome<_>>()?;
            let session = |(session, column): (&&str, &Vec<f64>)| {
                means(&groups, column).ok_or_else(|| {
                    format!("{} has no unit with a value in `{session}`", called(name))
                })
            };
            Ok(Recording {
                name: name.to_owned(),
                depth: depth(depths.as_deref(), rows)?,
                n_units: groups.iter().map(|(_, rows)| rows.len()).max(),
                sessions: sessions
                    .iter()
                    .zip(&columns)
                    .map(session)
                    .collect::<Outcome<_>>()?,
                session_names: sessions.iter().map(|&name| name.to_owned()).collect(),
            })
        })
    }

    /// A recording of the rows of each name.
    fn grouped(
        &self,
        recording: impl Fn(&str, &[usize]) -> Outcome<Recording>,
    ) -> Outcome<Vec<Recording>> {
        let names = self.texts(RECORDING)?;
        let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
        for row in 0..self.rows.num_rows() {
            let name = names.as_ref().map_or("", |names| &names[row]);
            match groups.iter_mut().find(|(other, _)| *other == name) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((name, vec![row])),
            }
        }
        groups
            .iter()
            .map(|(name, rows)| recording(name, rows))
            .collect()
    }

    /// A column of numbers, NaN where there is none; nothing without the column.
    fn numbers(&self, name: &str) -> Outcome<Option<Vec<f64>>> {
        let Some(column) = self.cast(name, &DataType::Float64)? else {
            return Ok(None);
        };
        let numbers = column.as_primitive::<Float64Type>();
        Ok(Some(
            numbers.iter().map(|n| n.unwrap_or(f64::NAN)).collect(),
        ))
    }

    /// A column of texts, empty where there is none; nothing without the column.
    fn texts(&self, name: &str) -> Outcome<Option<Vec<String>>> {
        let Some(column) = self.cast(name, &DataType::Utf8)? else {
            return Ok(None);
        };
        let texts = column.as_string::<i32>();
        Ok(Some(
            texts
                .iter()
                .map(|text| text.unwrap_or_default().to_owned())
                .collect(),
        ))
    }

    fn cast(&self, name: &str, data_type: &DataType) -> Outcome<Option<ArrayRef>> {
        let Some(column) = self.rows.column_by_name(name) else {
            return Ok(None);
        };
        let is_text = matches!(
            column.data_type(),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
        );
        // A cast would make NULLs of words, and a unit's value would be lost silently.
        if is_text && *data_type == DataType::Float64 && column.null_count() < column.len() {
            return Err(format!(
                "its column `{name}` is text where numbers are expected"
            ));
        }
        let column = cast(column, data_type);
        column
            .map(Some)
            .map_err(|_| format!("its column `{name}` is no {data_type}"))
    }
}

fn called(name: &str) -> String {
    match name {
        "" => "the recording".to_owned(),
        name => format!("the recording `{name}`"),
    }
}

/// The depth that all rows agree on.
fn depth(depths: Option<&[String]>, rows: &[usize]) -> Outcome<Option<Depth>> {
    let Some(depths) = depths else {
        return Ok(None);
    };
    let text = &depths[rows[0]];
    if rows.iter().any(|&row| depths[row] != *text) {
        return Err("a recording has one `depth`, the same in all of its rows".to_owned());
    }
    if text.is_empty() {
        return Ok(None);
    }
    let known = Depth::ALL.iter().find(|depth| depth.as_str() == text);
    match known {
        None => Err(format!(
            "`{text}` is no depth; there are early, middle and deep"
        )),
        known => Ok(known.copied()),
    }
}

fn measure_named(name: &str) -> Outcome<Measure> {
    let known = Measure::ALL
        .into_iter()
        .find(|known| known.as_str() == name);
    known.ok_or_else(|| {
        format!("`{name}` is no measure; there are weight, activation and activity_change")
    })
}

/// A session's statistics, averaged over the groups of a measure: the stimuli. Units without a value are passed over; nothing
/// where a group has none with one.
fn means(groups: &[(Measure, Vec<usize>)], column: &[f64]) -> Option<BTreeMap<String, f64>> {
    let mut sums: BTreeMap<String, (f64, usize)> = BTreeMap::new();
    for (measure, rows) in groups {
        let values = rows.iter().map(|&row| column[row]);
        let values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
        if values.is_empty() {
            return None;
        }
        for (name, value) in statistics(*measure, &values) {
            let sum = sums.entry(name).or_default();
            sum.0 += value;
            sum.1 += 1;
        }
    }
    let means = sums
        .into_iter()
        .map(|(name, (sum, n))| (name, sum / n as f64));
    Some(means.collect())
}

/// The statistics of the units' values, by name.
fn statistics(measure: Measure, values: &[f64]) -> Vec<(String, f64)> {
    // The change of activity is one number: the sum over the inputs.
    let sum = [values.iter().sum()];
    let values = match measure {
        Measure::ActivityChange => &sum[..],
        _ => values,
    };
    let Observation { raw, abs, square } = observe(values, &mut Scratch::default());
    let values = [raw, abs, square].map(Statistics::to_array).concat();
    let functions = Function::ALL.into_iter();
    let all = functions.flat_map(|function| Statistic::ALL.map(|statistic| (function, statistic)));
    all.zip(values)
        .filter(|((_, statistic), _)| measure.statistics().contains(statistic))
        .map(|((function, statistic), value)| {
            let observable = Observable {
                measure,
                function,
                statistic,
            };
            (observable.column(), value)
        })
        .collect()
}

#[cfg(test)]
mod tests;
