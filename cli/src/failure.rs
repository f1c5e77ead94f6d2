//! How a failure is told: the chain of causes once, a hint where there is one, and an exit code.

use std::any::Any;
use std::process::ExitCode;

use engram_schemas::location;

/// Failures that arise in the command itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The user can do something about it.
    #[error("{message}")]
    Request { message: String, hint: String },
    /// Something of ours broke.
    #[error("{message}")]
    Internal { message: String, hint: String },
    /// Stopped on request before everything was done.
    #[error("{0}")]
    Stopped(String),
    /// Ended by a signal, with what was not done yet.
    #[error("stopped by {0} before the end")]
    Ended(&'static str),
}

/// The whole message, for standard error.
pub(crate) fn describe(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}");
    for cause in location::causes(error.as_ref()) {
        text.push_str(&format!("\n  cause: {cause}"));
    }
    if let Some(hint) = hint(error) {
        text.push_str(&format!("\nhint: {hint}"));
    }
    text
}

/// What is told of a panic, beside the place that the system has told already.
pub(crate) fn of_panic(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().copied();
    let why = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure::Internal {
        message: format!(
            "the command broke down: {}",
            why.unwrap_or("it is not said why")
        ),
        hint: "a mistake of Engram, or of a library that it uses, such as DataFusion: please report it with all that is said above. \
               A query that broke down under --memory-limit may succeed with more memory"
            .to_owned(),
    }
}

/// The code of a command that was stopped on request: whoever runs it may run it again.
pub(crate) const STOPPED: u8 = 75;

pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    if let Some(engram_export::Error::Stopped) = error.downcast_ref() {
        return ExitCode::from(STOPPED);
    }
    match error.downcast_ref::<Failure>() {
        Some(Failure::Stopped(_) | Failure::Ended(_)) => ExitCode::from(STOPPED),
        Some(Failure::Internal { .. }) => ExitCode::from(2),
        _ => ExitCode::from(1),
    }
}

/// What a store refused is told by the store's hint, whatever it was asked for. What the system refuses to nodes is in no store.
fn hint(error: &anyhow::Error) -> Option<String> {
    use engram_cluster::Error::{Bind, Read};
    if let Some(error @ (Bind { .. } | Read { .. })) = error.downcast_ref() {
        return error.hint();
    }
    location::hint(error.as_ref()).or_else(|| hint_of_request(error))
}

fn hint_of_request(error: &anyhow::Error) -> Option<String> {
    if let Some(Failure::Request { hint, .. } | Failure::Internal { hint, .. }) =
        error.downcast_ref::<Failure>()
    {
        return Some(hint.clone());
    }
    if let Some(Failure::Stopped(_)) = error.downcast_ref::<Failure>() {
        return Some("the same command goes on from there".to_owned());
    }
    if let Some(error) = error.downcast_ref::<engram_plan::Error>() {
        return error.hint();
    }
    if let Some(error) = error.downcast_ref::<engram_release::Error>() {
        return engram_release::hint(error);
    }
    if let Some(error) = error.downcast_ref::<engram_import::Error>() {
        return engram_import::hint(error);
    }
    if let Some(error) = error.downcast_ref::<engram_export::Error>() {
        return engram_export::hint(error);
    }
    if let Some(error) = error.downcast_ref::<engram_server::Error>() {
        return error.hint();
    }
    if let Some(error) = error.downcast_ref::<engram_cluster::Error>() {
        return error.hint();
    }
    if let Some(error) = error.downcast_ref::<engram_schemas::Error>() {
        return error.hint();
    }
    error
        .downcast_ref::<engram_engine::Error>()
        .and_then(engram_engine::hint)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn a_panic_is_a_failure_of_ours_that_says_what_it_said() {
        for said in ["it was odd", "it was 3"] {
            let panic = if said.ends_with('3') {
                std::panic::catch_unwind(|| panic!("it was {}", 3))
            } else {
                std::panic::catch_unwind(|| panic!("it was odd"))
            };
            let failure = of_panic(&*panic.unwrap_err()).into();
            let told = describe(&failure);
            assert!(told.starts_with(&format!("error: the command broke down: {said}\nhint: ")));
            assert_eq!(exit_code(&failure), ExitCode::from(2));
        }
    }

    #[test]
    fn what_nodes_may_not_do_has_a_hint_of_its_own() {
        let denied = || ErrorKind::PermissionDenied.into();
        let token = engram_cluster::Error::Read {
            file: "token".into(),
            source: denied(),
        };
        let port = engram_cluster::Error::Bind {
            address: ([127, 0, 0, 1], 1).into(),
            source: denied(),
        };
        let hints = [token, port].map(|error| hint(&error.into()).unwrap());
        assert_eq!(
            hints,
            [
                "let the user who runs the command read it",
                "choose a port above 1023"
            ]
        );
    }
}
