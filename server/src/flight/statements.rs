//! The statements that clients have prepared.
//!
//! What a client binds has to be kept between its calls, and drivers differ in whether they take a new handle for it. So
//! statements are kept here: not more than so many, nor of more bytes than so many together, and those that nobody uses for long
//! are forgotten.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use datafusion::scalar::ScalarValue;
use engram_engine::session::Parameters;
use prometheus_client::metrics::gauge::Gauge;

use crate::identity::Client;
use crate::question::QueryId;
use crate::{Error, Result};

/// The most bytes of all statements and of what is bound to them.
const MOST_BYTES: usize = 64 << 20;

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
    statement: Arc<Statement>,
    n_bytes: usize,
    used: Instant,
}

impl Statement {
    /// The bytes of its text and of what is bound to it.
    fn n_bytes(&self) -> usize {
        let bound = self.bound.iter().flat_map(Parameters::values);
        self.sql.len() + bound.map(ScalarValue::size).sum::<usize>()
    }
}

impl Kept {
    fn new(statement: Statement) -> Self {
        Self {
            n_bytes: statement.n_bytes(),
            statement: Arc::new(statement),
            used: Instant::now(),
        }
    }
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
    /// [`Error::TooManyStatements`], and [`Error::StatementsTooLarge`].
    pub(super) fn keep(&self, id: QueryId, statement: Statement) -> Result<()> {
        let mut kept = self.kept();
        let statement = Kept::new(statement);
        if kept.len() >= self.most || !has_room(&kept, statement.n_bytes) {
            kept.retain(|_, kept| kept.used.elapsed() < self.idle);
        }
        if kept.len() >= self.most {
            return Err(Error::TooManyStatements { limit: self.most });
        }
        if !has_room(&kept, statement.n_bytes) {
            return Err(Error::StatementsTooLarge { limit: MOST_BYTES });
        }
        kept.insert(id, statement);
        self.count(&kept);
        Ok(())
    }

    /// A client's statement.
    ///
    /// # Errors
    /// [`Error::NoSuchStatement`].
    pub(super) fn find(&self, id: &QueryId, client: &Client) -> Result<Arc<Statement>> {
        let mut kept = self.kept();
        let found = self.used(&mut kept, id, client)?;
        Ok(Arc::clone(&found.statement))
    }

    /// Binds values to a client's statement, in the place of earlier ones.
    ///
    /// # Errors
    /// [`Error::NoSuchStatement`], and [`Error::StatementsTooLarge`].
    pub(super) fn bind(&self, id: &QueryId, client: &Client, bound: Vec<Parameters>) -> Result<()> {
        let mut kept = self.kept();
        let found = self.used(&mut kept, id, client)?;
        let statement = Kept::new(Statement {
            bound,
            ..Statement::clone(&found.statement)
        });
        let more = statement.n_bytes.saturating_sub(found.n_bytes);
        if !has_room(&kept, more) {
            return Err(Error::StatementsTooLarge { limit: MOST_BYTES });
        }
        kept.insert(id.clone(), statement);
        Ok(())
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

    /// A client's statement, which is used now.
    fn used<'a>(
        &self,
        kept: &'a mut HashMap<QueryId, Kept>,
        id: &QueryId,
        client: &Client,
    ) -> Result<&'a mut Kept> {
        let found = kept
            .get_mut(id)
            .filter(|kept| kept.statement.client == client.name && kept.used.elapsed() < self.idle);
        let found = found.ok_or(Error::NoSuchStatement)?;
        found.used = Instant::now();
        Ok(found)
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<QueryId, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, kept: &HashMap<QueryId, Kept>) {
        self.gauge
            .set(i64::try_from(kept.len()).unwrap_or(i64::MAX));
    }
}

fn has_room(kept: &HashMap<QueryId, Kept>, more: usize) -> bool {
    let n_bytes: usize = kept.values().map(|kept| kept.n_bytes).sum();
    n_bytes.saturating_add(more) <= MOST_BYTES
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

    #[test]
    fn statements_are_bounded_in_bytes() {
        let alice = Client {
            name: Some("alice".to_owned()),
            address: None,
        };
        let statements = Statements::new(100, Duration::from_secs(60), Gauge::default());
        statements.keep(id("a"), statement()).unwrap();
        let half = || vec![Parameters::InOrder(vec!["x".repeat(MOST_BYTES / 2).into()])];
        statements.bind(&id("a"), &alice, half()).unwrap();
        statements.bind(&id("a"), &alice, half()).unwrap();
        statements.keep(id("b"), statement()).unwrap();
        assert!(matches!(
            statements.bind(&id("b"), &alice, half()),
            Err(Error::StatementsTooLarge { .. })
        ));
        let long = Statement {
            sql: "x".repeat(MOST_BYTES / 2),
            ..statement()
        };
        assert!(matches!(
            statements.keep(id("c"), long),
            Err(Error::StatementsTooLarge { .. })
        ));
        assert!(statements.find(&id("b"), &alice).unwrap().bound.is_empty());
    }
}
