//! The interactive prompt.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use engram_engine::{Session, statements};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor};
use tokio::runtime::{Handle, Runtime};

use super::completion::{Completion, Vocabulary};
use super::destination::Printed;
use super::output::Sink;
use super::progress::Progress;

type Prompt = Editor<Completion, DefaultHistory>;

const HELP: &str = "\
SQL ends with `;` and may run over several lines. Tab completes tables, columns, functions and keywords.
  \\d        tables and views
  \\d NAME   columns of a table or view
  \\timing   tell or do not tell how long each statement took
  \\?        this help
  \\q        leave (also Ctrl-D); Ctrl-C drops the line or stops the query";

/// Reads statements and prints answers until the user leaves.
pub(super) async fn run(session: Session, format: Printed) -> anyhow::Result<()> {
    let session = Arc::new(session);
    let mut queries = Queries::try_new(format)?;
    let config = Config::builder().completion_type(CompletionType::List);
    let mut editor = Prompt::with_config(config.build()).context("cannot set up the prompt")?;
    let history = history_file();
    if let Some(history) = &history {
        // The first time there is none.
        let _ = editor.load_history(history);
    }
    say(&format!(
        "{} at {}; \\? for help",
        n_runs(&session),
        session.location().url()
    ))?;
    let mut typed = String::new();
    loop {
        let prompt = if typed.is_empty() {
            "engram> "
        } else {
            "   ...> "
        };
        // What was asked may have made tables.
        editor.set_helper(Some(Completion {
            vocabulary: Vocabulary::of(&session).await,
            before: typed.clone(),
        }));
        // Waiting for a key blocks, and must not hold up a worker of the runtime.
        let (back, line) = tokio::task::spawn_blocking(move || {
            let line = editor.readline(prompt);
            (editor, line)
        })
        .await?;
        editor = back;
        match line {
            Ok(line) => {
                if !typed.is_empty() {
                    typed.push('\n');
                }
                typed.push_str(&line);
            }
            Err(ReadlineError::Interrupted) => {
                typed.clear();
                continue;
            }
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error).context("cannot read from the terminal"),
        }
        let entry = typed.trim();
        let is_command = entry.starts_with('\\');
        if entry.is_empty() {
            typed.clear();
            continue;
        }
        if !is_command && !statements::is_complete(&typed) {
            continue;
        }
        let entry = entry.to_owned();
        let text = std::mem::take(&mut typed);
        let _ = editor.add_history_entry(&entry);
        if let Some(history) = &history {
            // A history that cannot be kept is no reason to stop.
            let _ = save(&mut editor, history);
        }
        match entry.as_str() {
            "\\q" => break,
            "\\?" => say(HELP)?,
            "\\timing" => {
                queries.timing = queries.timing.other();
                say(match queries.timing {
                    Timing::Told => "times are told",
                    Timing::Untold => "times are not told",
                })?;
            }
            "\\d" => queries.answer(&session, TABLES).await?,
            command if is_command => match command.strip_prefix("\\d ") {
                Some(name) => {
                    let name = name.trim().trim_end_matches(';');
                    queries
                        .answer(&session, &format!("DESCRIBE {name}"))
                        .await?;
                }
                None => say(&format!("there is no command `{command}`; \\? lists them"))?,
            },
            _ => queries.answer(&session, &text).await?,
        }
    }
    Ok(())
}

const TABLES: &str = "\
SELECT table_name AS name, lower(table_type) AS kind FROM information_schema.tables \
WHERE table_schema <> 'information_schema' ORDER BY name";

/// Whether the time that a statement took is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timing {
    Told,
    Untold,
}

impl Timing {
    fn other(self) -> Self {
        match self {
            Self::Told => Self::Untold,
            Self::Untold => Self::Told,
        }
    }
}

/// The threads that queries run on, and how their answers are printed.
///
/// They are not the program's own: a query that computes without a pause would keep those from hearing Ctrl-C, and could
/// not be left behind.
struct Queries {
    runtime: Option<Runtime>,
    format: Printed,
    timing: Timing,
}

impl Queries {
    fn try_new(format: Printed) -> anyhow::Result<Self> {
        Ok(Self {
            runtime: Some(threads()?),
            format: if format.is_binary() {
                Printed::Table
            } else {
                format
            },
            timing: Timing::Told,
        })
    }

    /// Runs what was typed and prints the answers, or what is wrong; only a terminal that is gone ends the prompt.
    async fn answer(&mut self, session: &Arc<Session>, text: &str) -> anyhow::Result<()> {
        let Some(runtime) = &self.runtime else {
            return Ok(());
        };
        let progress = Arc::new(Progress::new());
        let answers = runtime.spawn(print_answers(
            Arc::clone(session),
            text.to_owned(),
            (self.format, self.timing),
            Arc::clone(&progress),
        ));
        let outcome = tokio::select! {
            outcome = answers => outcome?,
            _ = tokio::signal::ctrl_c() => {
                progress.close();
                self.leave_behind();
                self.runtime = Some(threads()?);
                return say("stopped");
            }
        };
        progress.close();
        if let Err(error) = outcome {
            say(&format!("{error:#}"))?;
            if let Some(hint) = error
                .downcast_ref::<engram_engine::Error>()
                .and_then(engram_engine::hint)
            {
                say(&format!("hint: {hint}"))?;
            }
        }
        Ok(())
    }

    fn leave_behind(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Queries {
    fn drop(&mut self) {
        self.leave_behind();
    }
}

/// As many threads as the program has.
fn threads() -> anyhow::Result<Runtime> {
    crate::query_threads(Handle::current().metrics().num_workers())
}

async fn print_answers(
    session: Arc<Session>,
    text: String,
    (format, timing): (Printed, Timing),
    progress: Arc<Progress>,
) -> anyhow::Result<()> {
    for statement in Session::statements(&text)? {
        let start = Instant::now();
        progress.begin();
        let mut sink = Sink::open(format, Arc::clone(&progress));
        sink.write(session.stream(&statement).await?).await?;
        sink.finish()?;
        if timing == Timing::Told {
            say(&format!("{:.3} s", start.elapsed().as_secs_f64()))?;
        }
    }
    Ok(())
}

/// Words of the prompt itself go to stderr: stdout holds answers.
fn say(text: &str) -> anyhow::Result<()> {
    writeln!(io::stderr(), "{text}").context("cannot write to the terminal")
}

fn n_runs(session: &Session) -> String {
    let runs = session.dataset().n_runs();
    format!("{runs} {}", if runs == 1 { "run" } else { "runs" })
}

fn save(editor: &mut Prompt, history: &std::path::Path) -> rustyline::Result<()> {
    if let Some(folder) = history.parent() {
        std::fs::create_dir_all(folder)?;
    }
    editor.save_history(history)
}

/// Where the history is kept, by the XDG convention.
fn history_file() -> Option<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let state =
        set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("engram").join("sql_history"))
}
