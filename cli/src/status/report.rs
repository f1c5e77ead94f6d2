//! The state of a sweep at one moment, and how it is shown.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::SystemTime;

use engram_plan::{PlannedRun, SweepFile};
use engram_schemas::{DatasetLocation, RunState, layout};
use futures::StreamExt;
use object_store::ObjectStoreExt;
use serde_json::{Value, json};

use crate::columns::{Align, Columns};
use crate::listing::{IN_FLIGHT, Listing, Standing};
use crate::plan::{Kind, kind};

const COLUMNS: [(&str, Align); 9] = [
    ("task", Align::Left),
    ("architecture", Align::Left),
    ("learning_rule", Align::Left),
    ("planned", Align::Right),
    ("done", Align::Right),
    ("diverged", Align::Right),
    ("failed", Align::Right),
    ("in flight", Align::Right),
    ("missing", Align::Right),
];

/// Logs that are read at once.
const READ_AT_ONCE: usize = 8;

/// A sweep at one moment.
pub(super) struct Report {
    sweep: String,
    at: String,
    total: Tally,
    kinds: Vec<(Kind, Tally)>,
    /// As many as were asked for.
    failures: Vec<Failed>,
    /// As many as were asked for.
    lost: Vec<Named>,
}

/// How many runs stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    done: usize,
    diverged: usize,
    failed: usize,
    in_flight: usize,
    /// Those that are lost included.
    missing: usize,
    lost: usize,
}

/// A run by name and in words.
struct Named {
    run_id: String,
    description: String,
}

struct Failed {
    run: Named,
    message: String,
}

impl Tally {
    fn add(&mut self, standing: Standing) {
        match standing {
            Standing::Done => self.done += 1,
            Standing::Diverged => self.diverged += 1,
            Standing::Failed => self.failed += 1,
            Standing::InFlight => self.in_flight += 1,
            Standing::Missing => self.missing += 1,
            Standing::Lost => {
                self.missing += 1;
                self.lost += 1;
            }
        }
    }

    fn planned(self) -> usize {
        self.done + self.diverged + self.failed + self.in_flight + self.missing
    }

    fn is_there(self) -> bool {
        self.failed + self.in_flight + self.missing == 0
    }

    fn counts(self) -> [usize; 6] {
        let Self {
            done,
            diverged,
            failed,
            in_flight,
            missing,
            ..
        } = self;
        [self.planned(), done, diverged, failed, in_flight, missing]
    }

    fn to_json(self) -> Value {
        json!({
            "planned": self.planned(),
            "done": self.done,
            "diverged": self.diverged,
            "failed": self.failed,
            "in_flight": self.in_flight,
            "missing": self.missing,
            "lost": self.lost,
        })
    }
}

impl Named {
    fn new(run: &PlannedRun) -> Self {
        Self {
            run_id: run.run_id.clone(),
            description: run.configuration.describe(),
        }
    }
}

impl Report {
    /// Lists the dataset, and reads the logs of at most `n_reasons` failed runs.
    ///
    /// # Errors
    /// A sweep that cannot be used, and a dataset that cannot be listed. A log that cannot be read is told in the place of its reason.
    pub(super) async fn read(
        sweep: &SweepFile,
        location: &DatasetLocation,
        now: SystemTime,
        n_reasons: usize,
    ) -> anyhow::Result<Self> {
        let listing = Listing::of_runs(location).await?;
        let mut total = Tally::default();
        let mut kinds: Vec<(Kind, Tally)> = Vec::new();
        let mut places: HashMap<Kind, usize> = HashMap::new();
        let (mut failed, mut lost) = (Vec::new(), Vec::new());
        for run in sweep.runs()? {
            let run = run?;
            let standing = listing.standing(&run, now);
            let kind = kind(&run);
            let place = *places.entry(kind).or_insert_with(|| {
                kinds.push((kind, Tally::default()));
                kinds.len() - 1
            });
            kinds[place].1.add(standing);
            total.add(standing);
            match standing {
                Standing::Failed if failed.len() < n_reasons => failed.push(run),
                Standing::Lost if lost.len() < n_reasons => lost.push(Named::new(&run)),
                _ => {}
            }
        }
        let failures = futures::stream::iter(failed)
            .map(|run| async move {
                Failed {
                    run: Named::new(&run),
                    message: reason(location, &run).await,
                }
            })
            .buffered(READ_AT_ONCE)
            .collect()
            .await;
        Ok(Self {
            sweep: sweep.name.clone(),
            at: location.url().to_string(),
            total,
            kinds,
            failures,
            lost,
        })
    }

    /// Whether there is nothing to wait for.
    pub(super) fn is_over(&self) -> bool {
        self.total.in_flight + self.total.missing == 0
    }

    pub(super) fn n_planned(&self) -> usize {
        self.total.planned()
    }

    pub(super) fn n_failed(&self) -> usize {
        self.total.failed
    }

    /// The totals in a line.
    pub(super) fn to_line(&self) -> String {
        let Tally {
            done,
            diverged,
            failed,
            in_flight,
            missing,
            lost,
        } = self.total;
        let lost = match lost {
            0 => String::new(),
            lost => format!(" ({lost} of them lost)"),
        };
        format!(
            "{}: of {} networks {done} done, {diverged} diverged, {failed} failed, {in_flight} in flight, \
             {missing} missing{lost}\n",
            self.sweep,
            self.total.planned(),
        )
    }

    /// Everything.
    pub(super) fn to_text(&self) -> String {
        self.text(|_| true)
    }

    /// What still changes: kinds of which all runs are there become one line.
    pub(super) fn to_short_text(&self) -> String {
        self.text(|tally| !tally.is_there())
    }

    fn text(&self, is_shown: impl Fn(Tally) -> bool) -> String {
        let cells: Vec<Vec<String>> = self
            .kinds
            .iter()
            .filter(|(_, tally)| is_shown(*tally))
            .map(|((task, architecture, rule), tally)| {
                let kind = [task.to_string(), architecture.to_string(), rule.to_string()];
                let counts = tally.counts();
                kind.into_iter()
                    .chain(counts.iter().map(usize::to_string))
                    .collect()
            })
            .collect();
        let mut text = Vec::new();
        if !cells.is_empty() {
            let mut columns = Columns::new(&COLUMNS);
            cells.iter().for_each(|row| columns.fit(row));
            // A vector takes everything.
            let _ = columns.write_head(&mut text);
            for row in &cells {
                let _ = columns.write_row(&mut text, row);
            }
        }
        let mut text = String::from_utf8_lossy(&text).into_owned();
        let n_hidden = self.kinds.len() - cells.len();
        if n_hidden > 0 {
            let _ = writeln!(text, "(and {n_hidden} kinds of network that are all there)");
        }
        let _ = write!(text, "\n{}at {}\n", self.to_line(), self.at);
        self.add_named(&mut text);
        text
    }

    fn add_named(&self, text: &mut String) {
        if self.total.failed > 0 {
            text.push_str("\nfailed:\n");
            for Failed { run, message } in &self.failures {
                let _ = writeln!(text, "  {}  {}: {message}", run.run_id, run.description);
            }
            add_more(text, self.total.failed - self.failures.len());
        }
        if self.total.lost > 0 {
            let minutes = IN_FLIGHT.as_secs() / 60;
            let _ = writeln!(
                text,
                "\nlost: no word for {minutes} minutes or more. They count as missing; `engram generate` takes them up \
                 again:"
            );
            for run in &self.lost {
                let _ = writeln!(text, "  {}  {}", run.run_id, run.description);
            }
            add_more(text, self.total.lost - self.lost.len());
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let kinds = self
            .kinds
            .iter()
            .map(|((task, architecture, rule), tally)| {
                let mut object = tally.to_json();
                object["task"] = json!(task);
                object["architecture"] = json!(architecture);
                object["learning_rule"] = json!(rule);
                object
            });
        let named = |run: &Named| json!({ "run_id": run.run_id, "description": run.description });
        let failures = self.failures.iter().map(|Failed { run, message }| {
            let mut object = named(run);
            object["message"] = json!(message);
            object
        });
        let mut object = self.total.to_json();
        object["sweep"] = json!(self.sweep);
        object["at"] = json!(self.at);
        object["kinds"] = kinds.collect();
        object["failures"] = failures.collect();
        object["lost_runs"] = self.lost.iter().map(named).collect();
        object
    }
}

fn add_more(text: &mut String, more: usize) {
    if more > 0 {
        let _ = writeln!(text, "  and {more} more (--reasons N shows more)");
    }
}

/// Why a run failed, by its log.
async fn reason(location: &DatasetLocation, run: &PlannedRun) -> String {
    let path = layout::run_log(location.root(), &run.run_id, RunState::Failed);
    let bytes = async { location.store().get(&path).await?.bytes().await };
    let log: Option<Value> = match bytes.await {
        Ok(bytes) => serde_json::from_slice(&bytes).ok(),
        Err(error) => return format!("its log cannot be read: {error}"),
    };
    let message = log.as_ref().and_then(|log| log.get("message")?.as_str());
    message.map_or_else(
        || format!("{} gives no reason", location.display(&path)),
        str::to_owned,
    )
}
