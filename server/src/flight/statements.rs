//! The statements that clients have prepared.
//!
//! What a client binds has to be kept between its calls, and drivers differ in whether they take a new handle for it. So
//! statements are kept here: not more than so many, and those that nobody uses for long are forgotten.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engram_engine::session::Parameters;
use prometheus_client::metrics::gauge::Gauge;

use crate::identity::Client;
use crate::question::QueryId;
use crate::{Error, Result};

/// A statement that a client has prepared.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) sql: String,
    /// The names of its placeholders, in their order.
    pub(super) placeholders: Vec<String>,
    /// What was bound: the values of one execution each.
    pub(super) bound: Vec<Parameters>,
    /// The name of whoever prepared it; others do not see it.
    pub(super) client: Option<String>,
}

pub(super) struct Statements {
    kept: Mutex<HashMap<QueryId, Kept>>,
    most: usize,
    idle: Duration,
    gauge: Gauge,
}

struct Kept {
    statement: Statement,
    used: Instant,
}

impl Statements {
    pub(super) fn new(most: usize, idle: Duration, gauge: Gauge) -> Self {
        let kept = Mutex::default();
        Self {
            kept,
            most,
            idle,
            gauge,
        }
    }

    /// Keeps a statement.
    ///
    /// # Errors
    /// [`Error::TooManyStatements`].
    pub(super) fn keep(&self, id: QueryId, statement: Statement) -> Result<()> {
        let mut kept = self.kept();
        if kept.len() >= self.most {
            kept.retain(|_, kept| kept.used.elapsed() < self.idle);
        }
        if kept.len() >= self.most {
            return Err(Error::TooManyStatements { limit: self.most });
        }
        let used = Instant::now();
        kept.insert(id, Kept { statement, used });
        self.count(&kept);
        Ok(())
    }

    /// A client's statement.
    ///
    /// # Errors
    /// [`Error::NoSuchStatement`].
    pub(super) fn find(&self, id: &QueryId, client: &Client) -> Result<Statement> {
        self.with(id, client, |statement| statement.clone())
    }

    /// Binds values to a client's statement, in the place of earlier ones.
    ///
    /// # Errors
    /// [`Error::NoSuchStatement`].
    pub(super) fn bind(&self, id: &QueryId, client: &Client, bound: Vec<Parameters>) -> Result<()> {
        self.with(id, client, |statement| statement.bound = bound)
    }

    /// Forgets a client's statement, if it is there.
    pub(super) fn close(&self, id: &QueryId, client: &Client) {
        let mut kept = self.kept();
        if kept
            .get(id)
            .is_some_and(|kept| kept.statement.client == client.name)
        {
            kept.remove(id);
        }
        self.count(&kept);
    }

    fn with<T>(
        &self,
        id: &QueryId,
        client: &Client,
        what: impl FnOnce(&mut Statement) -> T,
    ) -> Result<T> {
        let mut kept = self.kept();
        let found = kept
            .get_mut(id)
            .filter(|kept| kept.statement.client == client.name && kept.used.elapsed() < self.idle);
        let found = found.ok_or(Error::NoSuchStatement)?;
        found.used = Instant::now();
        Ok(what(&mut found.statement))
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<QueryId, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, kept: &HashMap<QueryId, Kept>) {
        self.gauge
            .set(i64::try_from(kept.len()).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement() -> Statement {
        Statement {
            sql: "SELECT 1".to_owned(),
            placeholders: Vec::new(),
            bound: Vec::new(),
            client: Some("alice".to_owned()),
        }
    }

    fn id(text: &str) -> QueryId {
        QueryId(text.to_owned())
    }

    #[test]
    fn statements_are_bounded_in_number_and_time_and_belong_to_their_client() {
        let named = |name: &str| Client {
            name: Some(name.to_owned()),
            address: None,
        };
        let (alice, bob) = (named("alice"), named("bob"));
        let statements = Statements::new(2, Duration::from_millis(50), Gauge::default());
        statements.keep(id("a"), statement()).unwrap();
        statements.keep(id("b"), statement()).unwrap();
        assert!(matches!(
            statements.keep(id("c"), statement()),
            Err(Error::TooManyStatements { limit: 2 })
        ));
        statements.find(&id("a"), &alice).unwrap();
        assert!(statements.find(&id("a"), &bob).is_err());
        statements.close(&id("a"), &bob);
        statements.find(&id("a"), &alice).unwrap();
        std::thread::sleep(Duration::from_millis(60));
        assert!(
            statements.find(&id("a"), &alice).is_err(),
            "not used for long"
        );
        statements.keep(id("c"), statement()).unwrap();
        assert_eq!(statements.gauge.get(), 1);
    }
}
