//! An aggregate without GROUP BY as one with a single group, so that each is written once.

use std::fmt::Debug;

use arrow::array::ArrayRef;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

/// A groups accumulator that can hold groups before it has seen their rows.
pub(super) trait Groups: GroupsAccumulator + Clone + Debug + Sync {
    /// Makes room for groups that have no values yet.
    fn grow(&mut self, n_groups: usize);
}

/// What a groups accumulator says of one group.
#[derive(Debug)]
pub(super) struct SingleGroup<A>(A);

impl<A: Groups> SingleGroup<A> {
    pub(super) fn new(mut groups: A) -> Self {
        groups.grow(1);
        Self(groups)
    }

    fn first(columns: &[ArrayRef]) -> Vec<usize> {
        vec![0; columns.first().map_or(0, |column| column.len())]
    }
}

impl<A: Groups> Accumulator for SingleGroup<A> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.update_batch(values, &Self::first(values), None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.merge_batch(states, &Self::first(states), 1)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let states = self.0.clone().state(EmitTo::All)?;
        states
            .iter()
            .map(|state| ScalarValue::try_from_array(state, 0))
            .collect()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        // A window's frame grows after it was evaluated, so that what was seen must stay.
        ScalarValue::try_from_array(&self.0.clone().evaluate(EmitTo::All)?, 0)
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}
