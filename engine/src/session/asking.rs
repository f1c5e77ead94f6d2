//! Statements with parameters and limits of their own, for a session that many ask at once.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::physical_plan;
use futures::{StreamExt, TryStreamExt};

use super::cooperative::giving_way;
use super::query_pool::QueryPool;
use super::{Answer, Session, SessionSettings};
use crate::placeholders::{Parameters, Placeholders};
use crate::{Error, Result};

/// What is known of a statement before it runs.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// A field for each placeholder, in the order of [`Parameters::InOrder`]; named as in the text, without `$`. Where nothing
    /// says which type a value must have, the field's is text, and any will do.
    pub parameters: Vec<FieldRef>,
    /// The columns of the answer.
    pub schema: SchemaRef,
}

impl Session {
    /// Plans a statement without running it. What type a column has may depend on the values of the placeholders, if these
    /// are known already.
    ///
    /// # Errors
    /// Those of [`Session::sql`], and for parameters that do not fit the statement.
    pub async fn prepare(&self, sql: &str, parameters: Option<&Parameters>) -> Result<Prepared> {
        let placeholders = Placeholders::of(sql)?;
        let values = parameters.map(|parameters| placeholders.bound(parameters));
        let planned = self
            .planned(sql, &placeholders, values.transpose()?)
            .await?;
        let mut types = planned
            .logical_plan()
            .get_parameter_types()
            .map_err(|error| self.planning(sql, error))?;
        let parameters = placeholders.names.iter().map(|name| {
            let known = types.remove(&format!("${name}")).flatten();
            Arc::new(Field::new(name, known.unwrap_or(DataType::Utf8), true))
        });
        Ok(Prepared {
            parameters: parameters.collect(),
            schema: Arc::clone(planned.schema().inner()),
        })
    }

    /// Runs one statement and gives its rows as they are computed. Its operators hold no more than `memory_limit_bytes` in
    /// memory, and with those of all other queries no more than the session's limit.
    ///
    /// # Errors
    /// Those of [`Session::sql`], and for parameters that do not fit the statement; the batches bring those that come up while
    /// rows are computed.
    pub async fn ask(
        &self,
        sql: &str,
        parameters: &Parameters,
        memory_limit_bytes: Option<u64>,
    ) -> Result<Answer> {
        let placeholders = Placeholders::of(sql)?;
        let values = placeholders.bound(parameters)?;
        let planned = self.planned(sql, &placeholders, Some(values)).await?;
        let schema = Arc::clone(planned.schema().inner());
        let mut context = planned.task_ctx();
        let settings = SessionSettings {
            memory_limit_bytes,
            ..SessionSettings::default()
        };
        if let Some(limit) = settings.limit_bytes() {
            let shared = context.runtime_env();
            let pool = QueryPool::new(limit, Arc::clone(&shared.memory_pool));
            let config = settings.proportion(context.session_config().clone());
            context = context
                .with_session_config(config)
                .with_runtime(Arc::new(RuntimeEnv {
                    memory_pool: Arc::new(pool),
                    ..RuntimeEnv::clone(&shared)
                }));
        }
        let plan = planned.create_physical_plan().await.and_then(giving_way);
        let plan = plan.map_err(|error| self.planning(sql, error))?;
        let batches =
            physical_plan::execute_stream(plan, Arc::new(context)).map_err(Error::running)?;
        Ok(Answer {
            schema,
            batches: batches.map_err(Error::running).boxed(),
        })
    }

    /// The columns of a table or view, or nothing where there is none of that name.
    ///
    /// # Errors
    /// When the table cannot be looked up.
    pub async fn columns(&self, table: &str) -> Result<Option<Arc<Schema>>> {
        match self.context.table_provider(table).await {
            Ok(table) => Ok(Some(table.schema())),
            Err(DataFusionError::Plan(_)) => Ok(None),
            Err(error) => Err(Error::engine("looking up a table")(error)),
        }
    }

    /// What the operators of all queries hold in memory at present, in bytes.
    pub fn memory_used_bytes(&self) -> usize {
        self.context.runtime_env().memory_pool.reserved()
    }
}
