//! Errors in the terms of gRPC.

use engram_engine::sql_error::Kind;
use tonic::{Code, Status};

use crate::Error;

/// The most characters of a message. It travels in a header, and Java's clients take no more than 8 KiB of those.
const LONGEST: usize = 2000;

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Self::new(code(&error), message(&error))
    }
}

fn code(error: &Error) -> Code {
    match error {
        Error::Engine(engram_engine::Error::Sql(error)) => match error.kind() {
            Kind::Text => Code::InvalidArgument,
            Kind::Write => Code::PermissionDenied,
            Kind::Limit => Code::ResourceExhausted,
            _ => Code::Unknown,
        },
        Error::Busy { .. } | Error::Waited { .. } | Error::Closing => Code::Unavailable,
        Error::TimedOut { .. } => Code::DeadlineExceeded,
        Error::TooManyRows { .. }
        | Error::TooManyStatements { .. }
        | Error::StatementsTooLarge { .. } => Code::ResourceExhausted,
        Error::TooLong { .. } => Code::InvalidArgument,
        Error::Idle { .. } => Code::Aborted,
        Error::Cancelled => Code::Cancelled,
        Error::Unauthenticated { .. } => Code::Unauthenticated,
        Error::NoSuchStatement => Code::NotFound,
        _ => Code::Internal,
    }
}

fn message(error: &Error) -> String {
    let told = error.told();
    if told.chars().count() <= LONGEST {
        return told;
    }
    // A long line of SQL is what makes a message long: without it, its place has to do.
    let Error::Engine(engram_engine::Error::Sql(sql)) = error else {
        return clipped(&told, LONGEST);
    };
    let mut text = clipped(sql.problem(), LONGEST / 2);
    if let Some((line, column)) = sql.position() {
        text.push_str(&format!("\n  at line {line}, column {column}"));
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("\nhint: {}", clipped(&hint, LONGEST / 3)));
    }
    text
}

fn clipped(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text.to_owned(),
    }
}

/// What this server does not do.
pub(super) fn refused(what: &str) -> Status {
    Status::unimplemented(format!(
        "{what}: this server only reads the dataset, in SQL\nhint: send a query"
    ))
}

/// A message that is not what the protocol says.
pub(super) fn malformed(error: impl std::fmt::Display) -> Status {
    Status::invalid_argument(format!("the request is not one of Flight SQL: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn messages_keep_their_hint() {
        let status = Status::from(Error::TimedOut {
            limit: Duration::from_secs(2),
        });
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(
            status.message(),
            "the query took longer than 2 s, which is the limit here\nhint: ask for less at once, or ask who runs the server \
            for a larger --timeout"
        );
        assert_eq!(clipped(&"ä".repeat(9), 3), "äää ...");
    }
}
