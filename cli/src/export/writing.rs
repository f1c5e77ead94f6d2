//! Answers to files: the one way of every command that writes them.

use engram_engine::Session;
use engram_export::{Asked, ExportSettings, Exported, Watch, export};
use engram_schemas::DatasetLocation;
use indicatif::{HumanBytes, HumanCount, ProgressBar};

use crate::printing::say;
use crate::signals;

/// Writes an answer to a place, which is told as it was given, and says what was written. A signal stops it, and nothing is
/// left then.
///
/// # Errors
/// Those of the query and of the place.
pub(crate) async fn write(
    session: &Session,
    asked: Asked<'_>,
    (to, given): (&DatasetLocation, &str),
    settings: &ExportSettings,
) -> anyhow::Result<Exported> {
    // Drawn to standard error, and only where that is a terminal.
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    let mut signals = signals::listen()?;
    let watch = Watch {
        progress: &|n_rows, n_bytes| {
            bar.set_message(format!(
                "{} rows, {}",
                HumanCount(n_rows),
                HumanBytes(n_bytes)
            ));
        },
        stop: async move {
            signals::asked(&mut signals).await;
        },
    };
    let exported = export(session, asked, to, settings, watch).await;
    bar.finish_and_clear();
    let exported = exported?;
    say(&summary(&to.as_given(given), &exported));
    Ok(exported)
}

/// What was written, in a line.
fn summary(place: &str, exported: &Exported) -> String {
    let counted = |n: u64, what: &str| match n {
        1 => format!("1 {what}"),
        n => format!("{} {what}s", HumanCount(n)),
    };
    let mut parts = vec![
        counted(exported.n_rows, "row"),
        counted(exported.n_columns as u64, "column"),
    ];
    if exported.n_files != 1 {
        parts.push(counted(exported.n_files, "file"));
    }
    parts.push(HumanBytes(exported.n_bytes).to_string());
    let seconds = exported.elapsed.as_secs_f64();
    format!("{place}: {} in {seconds:.1} s", parts.join(", "))
}
