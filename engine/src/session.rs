//! A dataset's tables, ready for SQL.
//!
//! | name           | one row per                                      |
//! |----------------|--------------------------------------------------|
//! | `trajectories` | run, layer, checkpoint and observation condition |
//! | `recordings`   | run, layer, checkpoint, measure and stimulus     |
//! | `results`      | experiment, classifier and split                 |
//! | `runs`         | run                                              |
//! | `layers`       | run and layer                                    |
//! | `examples`     | run, layer and observation condition             |
//! | `observables`  | row of `trajectories` and observed statistic     |
//! | `series`       | example, with its trajectories as lists          |
//!
//! A release may have further tables of its own.
//!
//! SQL here only reads, unless [`Access::Write`] is asked for. Writing has one way in for each table (a generator's run, an
//! experiment's results), and a question that could change its data would not be one.

mod asking;
mod computing;
mod cooperative;
mod file_bounds;
mod memory_pool;
mod query_pool;
mod run_files;
mod settings;
mod tables;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::ParamValues;
use datafusion::config::Dialect;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::cache::cache_manager::CacheManagerConfig;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::{SessionConfig, SessionContext};
use engram_schemas::DatasetLocation;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};

use crate::dataset::{Dataset, FooterCache};
use crate::placeholders::Placeholders;
use crate::sql_error::SqlError;
use crate::{Error, Result, functions, over_all, relations, shorthand, statements};

use crate::nested_loops::{NESTED_LOOPS, NestedLoops};
use crate::not_in::NotIn;
use crate::over_all::WINDOWS_OVER_ALL;

pub use crate::nested_loops::asked_once;
pub use crate::placeholders::Parameters;
pub use asking::Prepared;
use computing::Computing;
pub use cooperative::giving_way;
use file_bounds::FileBounds;
pub use settings::{Access, Damage, SessionSettings};

/// Names of the rules whose operators are of one process, and not for nodes.
pub const RULES_OF_ONE_PROCESS: [&str; 2] = [WINDOWS_OVER_ALL, NESTED_LOOPS];

/// Room for the paths of some hundred thousand files: a listing that does not fit is made again by every query.
const LISTING_CACHE_BYTES: usize = 64 << 20;

/// Room for the footers of some hundred thousand files: those that do not fit are read again by every scan of a query.
const FOOTER_CACHE_BYTES: usize = 2 << 30;

/// An open dataset.
///
/// It sees the files that were there when it was opened.
pub struct Session {
    dataset: Dataset,
    context: SessionContext,
    access: Access,
    computing: Computing,
    file_bounds: Arc<FileBounds>,
}

/// The answer to a statement.
pub struct Answer {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows, as they are computed.
    pub batches: BoxStream<'static, Result<RecordBatch>>,
}

impl Session {
    /// Checks the dataset and registers its tables and views, with default settings.
    ///
    /// # Errors
    /// Those of [`Dataset::open`].
    pub async fn open(location: &DatasetLocation) -> Result<Self> {
        Self::open_with(location, &SessionSettings::default()).await
    }

    /// Checks the dataset and registers its tables and views.
    ///
    /// # Errors
    /// Those of [`Dataset::open`].
    pub async fn open_with(location: &DatasetLocation, settings: &SessionSettings) -> Result<Self> {
        let footers = Arc::new(FooterCache::new());
        let caches = CacheManagerConfig::default().with_file_metadata_cache(Some(footers));
        let limited = settings.limit(RuntimeEnvBuilder::new().with_cache_manager(caches));
        Self::open_within(location, settings, limited).await
    }

    /// Opens the dataset once more, as it is now. What this session may hold in memory, and the footers that are kept, are then for
    /// both together; what `settings` says of them only makes batches fit.
    ///
    /// # Errors
    /// Those of [`Dataset::open`].
    pub async fn open_beside(
        &self,
        location: &DatasetLocation,
        settings: &SessionSettings,
    ) -> Result<Self> {
        let limited = settings::beside(&self.context.runtime_env());
        Self::open_within(location, settings, limited).await
    }

    async fn open_within(
        location: &DatasetLocation,
        settings: &SessionSettings,
        limited: RuntimeEnvBuilder,
    ) -> Result<Self> {
        let runtime = limited
            .with_object_list_cache_limit(LISTING_CACHE_BYTES)
            .with_metadata_cache_limit(FOOTER_CACHE_BYTES)
            .build_arc()
            .map_err(Error::engine("setting up"))?;
        let results = settings.results.as_ref();
        let dataset = Dataset::open(location, results, settings.damage, &runtime).await?;
        let mut config = SessionConfig::new().with_information_schema(true);
        // DataFusion knows functions over lists that take a lambda, but its default dialect has no syntax for one.
        config.options_mut().sql_parser.dialect = Dialect::DuckDB;
        // Without spans an error could not say where in the query it is.
        config.options_mut().sql_parser.collect_spans = true;
        // Without statistics DataFusion would cut both sides of every join up by its key. What is looked up here is small
        // (a side for every example, a few checkpoints of each), and what streams past it is wide.
        config.options_mut().optimizer.repartition_joins = false;
        // Every run has a file of its own, and a join's keys are in all of them: what a join has seen of its one side rules
        // out none of the other's files, and asking each takes as long as reading it.
        config
            .options_mut()
            .optimizer
            .enable_join_dynamic_filter_pushdown = false;
        // A run's rows lie together. That there are fewer runs at a time than threads is no reason to take them apart.
        config.options_mut().optimizer.subset_repartition_threshold = 1;
        // It would take each of two inputs' partitions for the same part of all runs.
        config.options_mut().optimizer.prefer_existing_union = true;
        // Of a minimum or maximum that is known so far files are asked whether they have a better one, and what else is summed up of
        // their rows is left out with them: it looks at those arguments alone that are columns.
        config
            .options_mut()
            .optimizer
            .enable_aggregate_dynamic_filter_pushdown = false;
        // Of groups below a window it leaves those out that are not among the first, of which the window is to know.
        config.options_mut().optimizer.enable_topk_aggregation = false;
        // Parquet's bounds pass over NaN. With them DataFusion takes a column of one number and NaNs for that number.
        config.options_mut().execution.collect_statistics = false;
        if dataset.release().is_some() {
            // The ends of its parts lie together; of the parts themselves only what is asked for is read.
            config.options_mut().execution.parquet.metadata_size_hint = None;
            // Its parts are of many runs: of the other columns only those pages are read in which rows pass.
            config.options_mut().execution.parquet.pushdown_filters = true;
        }
        let config = settings.proportion(config);
        let mut rules = PhysicalOptimizer::default().rules;
        over_all::add_to(&mut rules);
        rules.push(Arc::new(NestedLoops));
        rules.push(Arc::new(NotIn));
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(runtime)
            .with_default_features()
            .with_physical_optimizer_rules(rules);
        let context = SessionContext::new_with_state(state.build());
        let results = &dataset.results_location;
        context.register_object_store(&results.store_url(), Arc::clone(results.store()));
        let part_ends = dataset.part_ends()?;
        let snapshot = dataset.snapshot(part_ends.as_ref());
        context.register_object_store(&location.store_url(), Arc::new(snapshot));
        let file_bounds = match dataset.release() {
            Some(release) => FileBounds::of_release(release, location, part_ends)?,
            None => FileBounds::Runs(Arc::clone(&dataset.file_runs)),
        };
        let session = Self {
            file_bounds: Arc::new(file_bounds),
            dataset,
            context,
            access: settings.access,
            computing: Computing::with(settings.n_threads)?,
        };
        session
            .register()
            .await
            .map_err(Error::engine("registering the dataset's tables"))?;
        Ok(session)
    }

    /// Where the dataset is.
    pub fn location(&self) -> &DatasetLocation {
        &self.dataset.location
    }

    /// Where its table `results` is.
    pub fn results_location(&self) -> &DatasetLocation {
        &self.dataset.results_location
    }

    /// The dataset's files.
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// DataFusion's own context, for what is not SQL.
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Plans one statement. Rows are computed when the answer is collected or streamed; errors of that time become ours by
    /// [`Error::running`].
    ///
    /// # Errors
    /// [`Error::Sql`] that says where in `sql` the problem is and what was probably meant, also for a statement that
    /// would write where [`Access`] does not allow it.
    pub async fn sql(&self, sql: &str) -> Result<DataFrame> {
        self.planned(sql, &Placeholders::of(sql)?, None).await
    }

    /// As [`Session::sql`], with values for the placeholders or without.
    async fn planned(
        &self,
        sql: &str,
        placeholders: &Placeholders,
        values: Option<ParamValues>,
    ) -> Result<DataFrame> {
        statements::check_depth(sql)?;
        match statements::split(sql)?.len() {
            0 => {
                return Err(Error::Sql(Box::new(SqlError::without_position(
                    "there is no SQL statement",
                ))));
            }
            1 => {}
            n => {
                let problem = format!("there are {n} statements where one is expected");
                return Err(Error::Sql(Box::new(SqlError::without_position(&problem))));
            }
        }
        let planned = self.plan(sql, placeholders, values).await;
        planned.map_err(|error| self.planning(sql, error))
    }

    fn planning(&self, sql: &str, error: DataFusionError) -> Error {
        Error::Sql(Box::new(SqlError::planning(sql, error, &self.names())))
    }

    async fn plan(
        &self,
        sql: &str,
        placeholders: &Placeholders,
        values: Option<ParamValues>,
    ) -> std::result::Result<DataFrame, DataFusionError> {
        let state = self.context.state();
        let mut statement = state.sql_to_statement(sql, &Dialect::DuckDB)?;
        shorthand::write_out(&mut statement);
        placeholders.number(&mut statement);
        relations::write_out(&mut statement);
        let told_apart = shorthand::told_apart(&statement);
        let mut plan = state.statement_to_plan(statement).await?;
        if let Some(told_apart) = told_apart
            && !shorthand::compares_with_rows_around(&plan)?
        {
            plan = state.statement_to_plan(told_apart).await?;
        }
        self.access.options().verify_plan(&plan)?;
        if let Some(values) = values {
            plan = plan.with_param_values(values)?;
        }
        self.context.execute_logical_plan(plan).await
    }

    /// Runs one statement and gives its rows as they are computed.
    ///
    /// # Errors
    /// Those of [`Session::sql`]; the batches bring those that come up while rows are computed.
    pub async fn stream(&self, sql: &str) -> Result<Answer> {
        let answer = self.sql(sql).await?;
        let schema = Arc::clone(answer.schema().inner());
        let batches = answer.execute_stream().await.map_err(Error::running)?;
        Ok(Answer {
            schema,
            batches: batches.map_err(Error::running).boxed(),
        })
    }

    /// The single statements of a text in which they are separated by `;`. Each keeps the lines and columns that it has
    /// in the text, as empty space before it, so that its errors name the text's positions.
    ///
    /// # Errors
    /// [`Error::Sql`] for a text that cannot be taken apart: a quote or comment that is not closed.
    pub fn statements(sql: &str) -> Result<Vec<String>> {
        statements::split(sql)
    }

    /// The names of tables and views, sorted.
    pub fn tables(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .context
            .catalog_names()
            .iter()
            .filter_map(|catalog| self.context.catalog(catalog))
            .flat_map(|catalog| {
                let schemas = catalog.schema_names();
                schemas
                    .into_iter()
                    .filter(|name| name != "information_schema")
                    .filter_map(move |name| catalog.schema(&name))
            })
            .flat_map(|schema| schema.table_names())
            .collect();
        names.sort();
        names
    }

    /// The names of the functions of rows, groups and windows, and of the table functions.
    pub fn functions(&self) -> Vec<String> {
        let state = self.context.state();
        state
            .scalar_functions()
            .keys()
            .chain(state.aggregate_functions().keys())
            .chain(state.window_functions().keys())
            .filter(|name| *name != functions::CONCATENATION)
            .cloned()
            .chain(relations::functions::names())
            .collect()
    }

    fn names(&self) -> crate::sql_error::Names {
        crate::sql_error::Names {
            tables: self.tables(),
            functions: self.functions(),
        }
    }
}
