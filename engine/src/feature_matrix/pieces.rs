//! A feature matrix that is read in pieces: for more examples than fit the memory as numbers.
//!
//! The query is asked three times: who the examples are, what their values are like, and for every value the bin that it falls
//! into. Where an example stands follows from who it is, so that it makes no difference in which order rows come.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::dataframe::DataFrame;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use engram_classifiers::random_forest::{BinnedExamples, Binner};
use futures::TryStreamExt;

use super::rows::{FeatureQuery, Identity, query_column};
use super::{Example, FeatureMatrix, Layout, Side, refused};
use crate::{Error, Excluded, Result, Session};

/// Examples that are binned at a time.
const EXAMPLES_OF_A_PIECE: usize = 4096;

/// A feature matrix by the bins of its values, a byte each.
#[derive(Debug)]
pub struct BinnedMatrix {
    /// All but the values, of which it has none.
    pub matrix: FeatureMatrix,
    /// The values' bins.
    pub examples: BinnedExamples,
}

impl BinnedMatrix {
    /// As [`FeatureMatrix::from_query`], with the examples in the order of who they are. The query must give equal rows
    /// whenever it is asked, one for an example, in any order. Where there are too many examples to look at all, equal seeds
    /// take the bins from the same ones.
    ///
    /// # Errors
    /// As [`FeatureMatrix::from_query`], and [`Error::FeatureQuery`] where an example has several rows.
    pub async fn from_query(session: &Session, sql: &str, seed: u64) -> Result<Self> {
        let (examples, excluded, sides) = who(session, sql).await?;
        if examples.is_empty() {
            return Err(Error::NoExamples { excluded });
        }
        let (classes, labels) = super::label(&examples)?;
        let labels_of = |places: &[usize]| -> Vec<u32> {
            places.iter().map(|&place| labels[place] as u32).collect()
        };

        let mut pieces = Pieces::ask(session, sql, &examples).await?;
        let mut binner = None;
        while let Some(piece) = pieces.next().await? {
            let binner = match &mut binner {
                Some(binner) => binner,
                none => none.insert(Binner::try_new(piece.names.clone(), examples.len(), seed)?),
            };
            for (&place, values) in piece.places.iter().zip(piece.rows()) {
                binner.see(place, values)?;
            }
        }
        let layout = pieces.layout.ok_or_else(lost)?;
        let (binner, n_classes) = (binner.ok_or_else(lost)?, classes.len());
        let binning = session.compute("looking for bins", move || binner.bins(n_classes));
        let mut binning = binning.await??;

        let mut pieces = Pieces::ask(session, sql, &examples).await?;
        while let Some(piece) = pieces.next().await? {
            let labels = labels_of(&piece.places);
            let put = move || {
                let put = binning.put(&piece.places, &piece.values, &labels);
                put.map(|()| binning)
            };
            binning = session.compute("binning examples", put).await??;
        }
        if pieces
            .layout
            .is_none_or(|again| again.observed != layout.observed)
        {
            return Err(lost());
        }
        Ok(Self {
            matrix: FeatureMatrix::laid_out(&layout, Vec::new(), examples, sides, excluded)?,
            examples: binning.examples()?,
        })
    }
}

/// The error of a query that gives other examples when it is asked again.
fn lost() -> Error {
    refused("it gave other rows when it was asked again".to_owned())
}

/// Rows of examples, and where these stand.
struct Piece {
    names: Vec<String>,
    places: Vec<usize>,
    values: Vec<f32>,
}

impl Piece {
    fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.names.len())
    }
}

/// The rows of a feature query, some thousands at a time.
struct Pieces<'a> {
    rows: SendableRecordBatchStream,
    /// In the order of who they are.
    examples: &'a [Example],
    layout: Option<Layout>,
}

impl<'a> Pieces<'a> {
    async fn ask(session: &Session, sql: &str, examples: &'a [Example]) -> Result<Self> {
        let values = [
            query_column::STATISTICS,
            query_column::EPOCHS,
            query_column::FEATURES,
        ];
        Ok(Self {
            rows: rows(session, sql, &values).await?,
            examples,
            layout: None,
        })
    }

    async fn next(&mut self) -> Result<Option<Piece>> {
        let (mut places, mut values) = (Vec::new(), Vec::new());
        while places.len() < EXAMPLES_OF_A_PIECE {
            let Some(batch) = self.rows.try_next().await.map_err(Error::running)? else {
                break;
            };
            self.read(&batch, &mut places, &mut values)?;
        }
        let layout = self.layout.as_ref().filter(|_| !places.is_empty());
        Ok(layout.map(|layout| Piece {
            names: layout.names(),
            places,
            values,
        }))
    }

    fn read(
        &mut self,
        batch: &RecordBatch,
        places: &mut Vec<usize>,
        values: &mut Vec<f32>,
    ) -> Result<()> {
        let query = FeatureQuery::of(batch)?;
        for row in query.identity.included(&mut Excluded::default()) {
            let layout = match &self.layout {
                Some(layout) => layout,
                None => self.layout.insert(Layout::of(&query, row)?),
            };
            layout.append(&query, row, values)?;
            let example = query.identity.example(row);
            let place = self
                .examples
                .binary_search_by(|other| other.who().cmp(&example.who()));
            places.push(place.map_err(|_| lost())?);
        }
        Ok(())
    }
}

/// The examples in the order of who they are, what is left out, and the sides that the examples are on.
async fn who(session: &Session, sql: &str) -> Result<(Vec<Example>, Excluded, Vec<Option<Side>>)> {
    let (mut examples, mut excluded) = (Vec::new(), Excluded::default());
    let mut rows = rows(session, sql, &[]).await?;
    while let Some(batch) = rows.try_next().await.map_err(Error::running)? {
        let identity = Identity::of(&batch)?;
        let included = identity.included(&mut excluded);
        examples.extend(
            included
                .into_iter()
                .map(|row| (identity.example(row), identity.side(row))),
        );
    }
    examples.sort_unstable_by(|(a, _), (b, _)| a.who().cmp(&b.who()));
    for pair in examples.windows(2) {
        if pair[0].0.who() == pair[1].0.who() {
            return Err(refused(format!(
                "it gives {} more than once; where examples are read in pieces, each has one row",
                pair[0].0
            )));
        }
    }
    let (examples, sides) = examples.into_iter().unzip();
    Ok((examples, excluded, sides))
}

/// The rows of a feature query, in any order, with these columns beside those that say who an example is.
async fn rows(session: &Session, sql: &str, beside: &[&str]) -> Result<SendableRecordBatchStream> {
    let frame = session.sql(sql).await?;
    let has = |name: &&str| frame.schema().has_column_with_unqualified_name(name);
    let optional = Identity::OPTIONAL.into_iter().filter(has);
    // What is missing is named by who reads it.
    let needed = Identity::COLUMNS.iter().chain(beside).copied().filter(has);
    let columns: Vec<&str> = needed.chain(optional).collect();
    let (state, plan) = frame.into_parts();
    let frame = DataFrame::new(state, unordered(plan));
    let selected = frame.select_columns(&columns).map_err(Error::running)?;
    selected.execute_stream().await.map_err(Error::running)
}

/// The plan without the order that its rows come in.
fn unordered(plan: LogicalPlan) -> LogicalPlan {
    match plan {
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => Arc::unwrap_or_clone(sort.input),
        plan => plan,
    }
}
