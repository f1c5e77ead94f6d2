//! Designs tried out: from their queries to rows of the table `results`, and to models.

use std::sync::Arc;

use datafusion::datasource::MemTable;
use engram_classifiers::{Kind, Settings};
use engram_schemas::results::{Control, ResultRow};

use super::{DESIGN, Design, DesignQuery, UNITS};
use crate::diagnosis::{self, SavedModel};
use crate::experiments::splits::{Split, SplitSettings, splits};
use crate::experiments::trial::Trial;
use crate::experiments::{SplitOutcome, rows};
use crate::identify::check_classes;
use crate::{Error, FeatureMatrix, Result, Session, write_results};

/// Tests designs by their queries, and writes the rows of those that are not in the table `results` yet. Gives the result
/// ids, in the order of `designs`; `on_design` is called after each.
///
/// # Errors
/// [`Error::Sql`] and [`Error::FeatureQuery`] for a query that fails, and what classifiers and stores refuse.
pub async fn test_designs(
    session: &Session,
    designs: &[(Design, DesignQuery)],
    split_settings: &SplitSettings,
    on_design: impl Fn(),
) -> Result<Vec<String>> {
    split_settings.check()?;
    let mut result_ids = Vec::with_capacity(designs.len());
    let mut observed: Option<&str> = None;
    for (design, query) in designs {
        let result_id = result_id(session, query, split_settings);
        if !session.dataset().result_names.contains(&result_id) {
            if observed != Some(&query.units) {
                observe(session, &query.units).await?;
                observed = Some(&query.units);
            }
            let tried = Tried::of(session, query, split_settings).await?;
            let rows = tried.rows(design, query, split_settings);
            write_results(session.results_location(), &result_id, &rows).await?;
        }
        result_ids.push(result_id);
        on_design();
    }
    forget(session)?;
    Ok(result_ids)
}

/// Tests a design as [`test_designs`] does, and learns a model for it from all examples. Gives the result id and the model.
///
/// # Errors
/// As [`test_designs`].
pub async fn learn_design(
    session: &Session,
    design: &Design,
    query: &DesignQuery,
    split_settings: &SplitSettings,
) -> Result<(String, SavedModel)> {
    split_settings.check()?;
    observe(session, &query.units).await?;
    let tried = Tried::of(session, query, split_settings).await?;
    forget(session)?;
    let result_id = result_id(session, query, split_settings);
    let rows = tried.rows(design, query, split_settings);
    write_results(session.results_location(), &result_id, &rows).await?;
    let (sql, split_settings) = (query.sql(), split_settings.clone());
    let learn = move || tried.learn(&sql, &split_settings);
    let mut model = session.compute("fitting the classifier", learn).await??;
    model.units = Some(design.units as usize);
    Ok((result_id, model))
}

fn result_id(session: &Session, query: &DesignQuery, settings: &SplitSettings) -> String {
    let sql = query.sql();
    let settings = format!("{settings:?} {:?}", CLASSIFIER.settings());
    let asked = [DESIGN, &sql, &settings];
    let runs = session.dataset().identity();
    rows::result_id(asked.into_iter().chain(runs))
}

/// Keeps what is seen of the units as a table of this session.
async fn observe(session: &Session, sql: &str) -> Result<()> {
    let answer = session.sql(sql).await?;
    let schema = Arc::clone(answer.schema().inner());
    let batches = answer.collect().await.map_err(Error::running)?;
    let failed = Error::engine("testing a design");
    let context = session.context();
    let table = context
        .deregister_table(UNITS)
        .and_then(|_| MemTable::try_new(schema, vec![batches]))
        .and_then(|table| context.register_table(UNITS, Arc::new(table)));
    table.map(|_| ()).map_err(failed)
}

/// Forgets what was seen of the units.
fn forget(session: &Session) -> Result<()> {
    let forgotten = session.context().deregister_table(UNITS);
    forgotten
        .map(|_| ())
        .map_err(Error::engine("testing a design"))
}

/// What designs are tried out with.
const CLASSIFIER: Kind = Kind::RandomForest;

/// A design that was tried out on every split.
struct Tried {
    matrix: FeatureMatrix,
    settings: Settings,
    splits: Vec<Split>,
    outcomes: Vec<SplitOutcome>,
}

impl Tried {
    /// Tries a design out on the units that are kept.
    async fn of(
        session: &Session,
        query: &DesignQuery,
        split_settings: &SplitSettings,
    ) -> Result<Self> {
        let matrix = FeatureMatrix::from_query(session, &query.features).await?;
        let matrix = matrix.in_order();
        check_classes(&matrix, split_settings.split_by)?;
        let splits = splits(session, &matrix, split_settings).await?;
        let settings = CLASSIFIER.settings();
        let trial = Trial {
            points: vec![settings.clone()],
            n_folds: 1,
            folds_by: split_settings.split_by,
            control: Control::None,
            with_permutations: false,
            seed: split_settings.seed,
        };
        let try_out = move || -> Result<Self> {
            let numbered = splits.iter().zip(0..);
            let outcomes = numbered
                .map(|(split, number)| trial.run(&matrix, split, number))
                .collect::<Result<_>>()?;
            Ok(Self {
                matrix,
                settings,
                splits,
                outcomes,
            })
        };
        session.compute("fitting the classifier", try_out).await?
    }

    /// One row a split.
    fn rows(
        &self,
        design: &Design,
        query: &DesignQuery,
        split_settings: &SplitSettings,
    ) -> Vec<ResultRow> {
        let points = std::slice::from_ref(&self.settings);
        let row = |(outcome, split): (&SplitOutcome, i32)| ResultRow {
            experiment: DESIGN.to_owned(),
            query: query.sql(),
            parameters: design.parameters().to_string(),
            split_by: split_settings.split_by.to_string(),
            split,
            seed: split_settings.seed.cast_signed(),
            ..rows::row(&self.matrix, points, Control::None, outcome)
        };
        self.outcomes.iter().zip(0..).map(row).collect()
    }

    /// What all examples teach.
    fn learn(&self, sql: &str, split_settings: &SplitSettings) -> Result<SavedModel> {
        let (splits, outcomes) = (&self.splits, &self.outcomes);
        diagnosis::learn(
            &self.matrix,
            sql,
            &self.settings,
            split_settings,
            splits,
            outcomes,
        )
    }
}
