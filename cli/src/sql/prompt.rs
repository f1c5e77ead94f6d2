//! The interactive prompt.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use engram_engine::{Session, statements};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use tokio::runtime::Runtime;

use super::Format;
use super::output::{Destination, Sink};

const HELP: &str = "\
SQL ends with `;` and may run over several lines.
  \\d        tables and views
  \\d NAME   columns of a table or view
  \\?        this help
  \\q        leave (also Ctrl-D); Ctrl-C drops the line or stops the query";

/// Reads statements and prints answers until the user leaves.
pub(super) async fn run(session: Session, format: Format) -> anyhow::Result<()> {
    let session = Arc::new(session);
    let mut queries = Queries::try_new()?;
    let mut editor = DefaultEditor::new().context("cannot set up the prompt")?;
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
            "\\d" => queries.answer(&session, TABLES, format).await?,
            command if is_command => match command.strip_prefix("\\d ") {
                Some(name) => {
                    let name = name.trim().trim_end_matches(';');
                    queries
                        .answer(&session, &format!("DESCRIBE {name}"), format)
                        .await?;
                }
                None => say(&format!("there is no command `{command}`; \\? lists them"))?,
            },
            _ => queries.answer(&session, &text, format).await?,
        }
    }
    Ok(())
}

const TABLES: &str = "\
SELECT table_name AS name, lower(table_type) AS kind FROM information_schema.tables \
WHERE table_schema <> 'information_schema' ORDER BY name";

/// The threads that queries run on.
///
/// They are not the program's own: a query that computes without a pause would keep those from hearing Ctrl-C, and could
/// not be left behind.
struct Queries(Option<Runtime>);

impl Queries {
    fn try_new() -> anyhow::Result<Self> {
        Ok(Self(Some(Runtime::new().context("cannot start threads")?)))
    }

    /// Runs what was typed and prints the answers, or what is wrong; only a terminal that is gone ends the prompt.
    async fn answer(
        &mut self,
        session: &Arc<Session>,
        text: &str,
        format: Format,
    ) -> anyhow::Result<()> {
        let Some(runtime) = &self.0 else {
            return Ok(());
        };
        let answers = runtime.spawn(print_answers(Arc::clone(session), text.to_owned(), format));
        let outcome = tokio::select! {
            outcome = answers => outcome?,
            _ = tokio::signal::ctrl_c() => {
                *self = Self::try_new()?;
                return say("stopped");
            }
        };
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
}

impl Drop for Queries {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

async fn print_answers(session: Arc<Session>, text: String, format: Format) -> anyhow::Result<()> {
    let format = if format.is_binary() {
        Format::Table
    } else {
        format
    };
    for statement in Session::statements(&text)? {
        let start = Instant::now();
        let mut sink = Sink::open(Destination::Stdout, format)?;
        sink.write(session.stream(&statement).await?).await?;
        sink.finish()?;
        say(&format!("{:.3} s", start.elapsed().as_secs_f64()))?;
    }
    Ok(())
}

/// Words of the prompt itself go to stderr: stdout holds answers.
fn say(text: &str) -> anyhow::Result<()> {
    writeln!(io::stderr(), "{text}").context("cannot write to the terminal")
}

fn n_runs(session: &Session) -> String {
    let runs = session.dataset().runs.len();
    format!("{runs} {}", if runs == 1 { "run" } else { "runs" })
}

fn save(editor: &mut DefaultEditor, history: &std::path::Path) -> rustyline::Result<()> {
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
