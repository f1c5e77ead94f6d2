//! Words for standard output and standard error.

use std::io::{self, Write};

use anyhow::Context;

/// Writes an answer to standard output.
///
/// # Errors
/// When it cannot be written, named as `what` cannot be printed. A reader that has seen enough (`| head`) is no failure.
pub(crate) fn print(text: &str, what: &str) -> anyhow::Result<()> {
    ended(io::stdout().lock().write_all(text.as_bytes()))
        .with_context(|| format!("cannot print {what}"))
}

/// How writing to standard output ended; that its reader has gone is no failure.
pub(crate) fn ended(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Says something on standard error, where progress belongs; a closed one is no reason to stop.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
