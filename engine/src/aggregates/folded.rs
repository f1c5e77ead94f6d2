//! Aggregates that keep a few numbers a group, whatever the number of its values.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::numbers;
use super::single_group::Groups;

/// What is known of some values, as `N` numbers of which the first counts them.
pub(super) trait Fold<const N: usize>:
    Copy + Default + Debug + Send + Sync + 'static
{
    /// Takes one more value in.
    fn push(&mut self, value: f64);
    /// What is known of the values of both.
    fn merge(self, other: Self) -> Self;
    /// The numbers.
    fn to_array(self) -> [f64; N];
    /// The reverse.
    fn from_array(numbers: [f64; N]) -> Self;
    /// The aggregate of at least one value.
    fn result(self) -> f64;
}

/// A fold for each group.
#[derive(Clone, Debug)]
pub(super) struct Folded<F, const N: usize>(Vec<F>);

impl<F: Fold<N>, const N: usize> Folded<F, N> {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn state_fields(name: &str) -> Vec<FieldRef> {
        let field = |number| Field::new(format!("{name}[{number}]"), DataType::Float64, true);
        (0..N).map(|number| Arc::new(field(number))).collect()
    }

    fn columns(folds: impl Iterator<Item = F> + Clone) -> Vec<ArrayRef> {
        let column = |number: usize| -> ArrayRef {
            let numbers = folds.clone().map(|fold| fold.to_array()[number]);
            Arc::new(Float64Array::from_iter_values(numbers))
        };
        (0..N).map(column).collect()
    }
}

impl<F: Fold<N>, const N: usize> Groups for Folded<F, N> {
    fn grow(&mut self, n_groups: usize) {
        self.0.resize(n_groups.max(self.0.len()), F::default());
    }
}

impl<F: Fold<N>, const N: usize> GroupsAccumulator for Folded<F, N> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        n_groups: usize,
    ) -> Result<()> {
        self.grow(n_groups);
        numbers::for_each(&values[0], groups, filter, |group, value| {
            self.0[group].push(value);
        })
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        groups: &[usize],
        n_groups: usize,
    ) -> Result<()> {
        self.grow(n_groups);
        let states: Vec<&Float64Array> = states
            .iter()
            .map(|state| state.as_primitive::<Float64Type>())
            .collect();
        for (row, &group) in groups.iter().enumerate() {
            let other = F::from_array(std::array::from_fn(|number| states[number].value(row)));
            self.0[group] = self.0[group].merge(other);
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let folds = emit_to.take_needed(&mut self.0);
        let result = |fold: &F| (fold.to_array()[0] > 0.0).then(|| fold.result());
        Ok(Arc::new(folds.iter().map(result).collect::<Float64Array>()))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let folds = emit_to.take_needed(&mut self.0);
        Ok(Self::columns(folds.iter().copied()))
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let mut folds = vec![F::default(); values[0].len()];
        let rows: Vec<usize> = (0..folds.len()).collect();
        numbers::for_each(&values[0], &rows, filter, |row, value| {
            folds[row].push(value)
        })?;
        Ok(Self::columns(folds.iter().copied()))
    }

    fn size(&self) -> usize {
        self.0.capacity() * size_of::<F>()
    }
}
