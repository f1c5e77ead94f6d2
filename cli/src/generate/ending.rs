//! How a process ended, in words.

use std::process::ExitStatus;

/// Exit codes above this are how shells and containers pass on the signal that killed what they ran.
const SHELL_SIGNALS: i32 = 128;

/// How a trainer ended: with which code, or by which signal and what that usually means.
pub(crate) fn describe(status: ExitStatus) -> String {
    if let Some(signal) = signal_of(status) {
        return format!("the trainer was killed by {}", in_words(signal));
    }
    match status.code() {
        Some(code) if code > SHELL_SIGNALS && name(code - SHELL_SIGNALS).is_some() => format!(
            "the trainer ended with exit code {code}, which stands for {}",
            in_words(code - SHELL_SIGNALS)
        ),
        Some(code) => format!("the trainer ended with exit code {code}"),
        None => format!("the trainer ended ({status})"),
    }
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}

fn in_words(signal: i32) -> String {
    match name(signal) {
        Some((name, meaning)) => format!("signal {signal} ({name}), {meaning}"),
        None => format!("signal {signal}"),
    }
}

/// A signal's name and what usually lies behind it; by number, which is the same on Linux and macOS for all but one.
fn name(signal: i32) -> Option<(&'static str, &'static str)> {
    let bus = if cfg!(target_os = "linux") { 7 } else { 10 };
    Some(match signal {
        2 => ("SIGINT", "an interrupt"),
        4 => (
            "SIGILL",
            "an instruction that this processor does not have: libtorch may be built for a newer one",
        ),
        6 => ("SIGABRT", "an abort in native code"),
        8 => ("SIGFPE", "an arithmetic error in native code"),
        9 => ("SIGKILL", "often the out-of-memory killer"),
        11 => ("SIGSEGV", "a crash in native code"),
        15 => ("SIGTERM", "somebody asked it to end"),
        24 => ("SIGXCPU", "a limit on processor time"),
        25 => ("SIGXFSZ", "a limit on the size of files"),
        signal if signal == bus => (
            "SIGBUS",
            "often a full disk or a lost file under mapped memory",
        ),
        _ => return None,
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn signals_are_told_in_words() {
        let described = |raw| describe(ExitStatus::from_raw(raw));
        assert_eq!(
            described(9),
            "the trainer was killed by signal 9 (SIGKILL), often the out-of-memory killer"
        );
        assert_eq!(
            described(11),
            "the trainer was killed by signal 11 (SIGSEGV), a crash in native code"
        );
        assert_eq!(described(64), "the trainer was killed by signal 64");
        assert_eq!(described(3 << 8), "the trainer ended with exit code 3");
        assert_eq!(
            described(137 << 8),
            "the trainer ended with exit code 137, which stands for signal 9 (SIGKILL), often the out-of-memory killer"
        );
    }
}
