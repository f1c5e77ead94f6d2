//! The course of several values, gathered from rows that are one checkpoint each.
//!
//! `array_agg(x ORDER BY epoch)` for every value says the same, but an ordered aggregate keeps its groups one by one and
//! takes many times longer. Here all values of a checkpoint stay together until a group is complete.

use std::collections::HashMap;
use std::iter::repeat_n;
use std::mem;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Float64Type, Int64Type};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::function::StateFieldsArgs;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::numbers::counts;
use super::single_group::Groups;

/// The fields of the answer.
pub(super) fn returned() -> Fields {
    let epochs = DataType::new_list(DataType::Int64, true);
    let trajectories = DataType::new_list(DataType::new_list(DataType::Float64, true), true);
    Fields::from(vec![
        Field::new("epochs", epochs, true),
        Field::new("trajectories", trajectories, true),
    ])
}

/// Rows that are put from columns into rows at a time: as many as stay in the processor's nearest memory.
const ROWS_OF_BLOCK: usize = 64;

/// The types of an epoch and of the values seen at it, as they are collected.
pub(super) fn coerced(name: &str, arguments: &[DataType]) -> Result<Vec<DataType>> {
    let [epoch, values @ ..] = arguments else {
        return plan_err!("{name} takes an epoch and the values seen at it");
    };
    if !epoch.is_integer() {
        return plan_err!("the epoch of {name} is {epoch}, not an integer");
    }
    if let Some(other) = values.iter().find(|value| !value.is_numeric()) {
        return plan_err!("a value of {name} is {other}, not a number");
    }
    let mut coerced = vec![DataType::Float64; arguments.len()];
    coerced[0] = DataType::Int64;
    Ok(coerced)
}

/// The columns of the state: epochs and values, each a list.
pub(super) fn state_fields(arguments: &StateFieldsArgs) -> Vec<FieldRef> {
    [("epochs", DataType::Int64), ("values", DataType::Float64)]
        .map(|(part, item)| {
            let name = format!("{}[{part}]", arguments.name);
            Arc::new(Field::new(name, DataType::new_list(item, true), true))
        })
        .to_vec()
}

/// What was seen of a group, checkpoint by checkpoint. Of a group that does not count the values of some are missing.
#[derive(Clone, Debug, Default)]
struct Seen {
    epochs: Vec<i64>,
    values: Vec<f64>,
}

/// What was seen of each group.
#[derive(Clone, Debug)]
pub(super) struct Checkpoints {
    name: &'static str,
    n_values: usize,
    groups: Vec<Seen>,
    n_checkpoints: usize,
    /// Which values were finite so far, by the checkpoints of the groups that counted; nothing where all values are wanted.
    finite: Option<HashMap<Vec<i64>, Vec<bool>>>,
}

impl Checkpoints {
    /// Collects the epochs, and beside them so many values.
    pub(super) fn all(name: &'static str, n_values: usize) -> Self {
        Self {
            name,
            n_values,
            groups: Vec::new(),
            n_checkpoints: 0,
            finite: None,
        }
    }

    /// Collects what may be admissible. Before the epochs comes whether a row counts.
    pub(super) fn admissible(name: &'static str, n_values: usize) -> Self {
        Self {
            finite: Some(HashMap::new()),
            ..Self::all(name, n_values)
        }
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<Seen> {
        let groups = emit_to.take_needed(&mut self.groups);
        self.n_checkpoints -= groups.iter().map(|seen| seen.epochs.len()).sum::<usize>();
        groups
    }
}

/// A list column of as many rows as there are lengths.
fn lists(
    lengths: impl IntoIterator<Item = usize>,
    values: ArrayRef,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    if i32::try_from(values.len()).is_err() {
        let n = values.len();
        return exec_err!("{n} values of trajectories are more than an answer of lists can hold");
    }
    let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(item, offsets, values, nulls)?))
}

/// The columns of a group's state: epochs and values, each a list. A group's own memory is given back as it is copied.
fn state(groups: Vec<Seen>) -> Result<Vec<ArrayRef>> {
    let lengths: Vec<(usize, usize)> = groups
        .iter()
        .map(|seen| (seen.epochs.len(), seen.values.len()))
        .collect();
    let total = |of: fn(&(usize, usize)) -> usize| lengths.iter().map(of).sum::<usize>();
    let mut epochs = Vec::with_capacity(total(|length| length.0));
    let mut values = Vec::with_capacity(total(|length| length.1));
    for seen in groups {
        epochs.extend_from_slice(&seen.epochs);
        values.extend_from_slice(&seen.values);
    }
    Ok(vec![
        lists(
            lengths.iter().map(|length| length.0),
            Arc::new(Int64Array::from(epochs)),
            None,
        )?,
        lists(
            lengths.iter().map(|length| length.1),
            Arc::new(Float64Array::from(values)),
            None,
        )?,
    ])
}

impl Groups for Checkpoints {
    fn grow(&mut self, n_groups: usize) {
        self.groups
            .resize_with(n_groups.max(self.groups.len()), Seen::default);
    }
}

impl Checkpoints {
    /// Calls `take` with the group, epoch and values of every row of the columns; with no values for one that does not count.
    fn for_each(
        &self,
        columns: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        mut take: impl FnMut(usize, i64, &[f64]),
    ) -> Result<()> {
        let (counting, columns) = match self.finite {
            None => (None, columns),
            Some(_) => (Some(columns[0].as_boolean()), &columns[1..]),
        };
        let epochs = cast(&columns[0], &DataType::Int64)?;
        let epochs = epochs.as_primitive::<Int64Type>();
        let values = columns[1..]
            .iter()
            .map(|column| Ok(cast(column, &DataType::Float64)?))
            .collect::<Result<Vec<_>>>()?;
        let values: Vec<&Float64Array> = values
            .iter()
            .map(|column| column.as_primitive::<Float64Type>())
            .collect();
        let n_values = values.len();
        let mut block = vec![0.0; ROWS_OF_BLOCK * n_values];
        for first in (0..groups.len()).step_by(ROWS_OF_BLOCK) {
            let rows = first..groups.len().min(first + ROWS_OF_BLOCK);
            for (place, column) in values.iter().enumerate() {
                let cells = block[place..].iter_mut().step_by(n_values);
                for (cell, row) in cells.zip(rows.clone()) {
                    *cell = column.values()[row];
                }
                if column.null_count() > 0 {
                    for row in rows.clone().filter(|&row| column.is_null(row)) {
                        block[(row - first) * n_values + place] = f64::NAN;
                    }
                }
            }
            for row in rows.filter(|&row| counts(filter, row)) {
                if epochs.is_null(row) {
                    return exec_err!("{}: a checkpoint has no epoch", self.name);
                }
                let row_values = match counts(counting, row) {
                    true => &block[(row - first) * n_values..][..n_values],
                    false => &[],
                };
                take(groups[row], epochs.value(row), row_values);
            }
        }
        Ok(())
    }

    /// Which trajectories of a group are given: all, or those that are finite in it and were so in all groups of its
    /// checkpoints before.
    fn given(&mut self, epochs: &[i64], seen: &Seen) -> Vec<bool> {
        let Some(finite) = &mut self.finite else {
            return vec![true; self.n_values];
        };
        if seen.values.len() < epochs.len() * self.n_values {
            return vec![false; self.n_values];
        }
        let of_epochs = finite.entry(epochs.to_vec());
        let finite = of_epochs.or_insert_with(|| vec![true; self.n_values]);
        for values in seen.values.chunks_exact(self.n_values.max(1)) {
            for (is_finite, &value) in finite.iter_mut().zip(values) {
                // In single precision, as classifiers read them.
                *is_finite &= (value as f32).is_finite();
            }
        }
        finite.clone()
    }
}

impl GroupsAccumulator for Checkpoints {
    fn update_batch(
        &mut self,
        columns: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        n_groups: usize,
    ) -> Result<()> {
        self.grow(n_groups);
        let mut all = mem::take(&mut self.groups);
        let mut n_checkpoints = 0;
        let taken = self.for_each(columns, groups, filter, |group, epoch, values| {
            let seen = &mut all[group];
            seen.epochs.push(epoch);
            seen.values.extend_from_slice(values);
            n_checkpoints += 1;
        });
        self.groups = all;
        self.n_checkpoints += n_checkpoints;
        taken
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        groups: &[usize],
        n_groups: usize,
    ) -> Result<()> {
        self.grow(n_groups);
        let [epochs, values] = [states[0].as_list::<i32>(), states[1].as_list::<i32>()];
        let (epoch_offsets, value_offsets) = (epochs.value_offsets(), values.value_offsets());
        let epochs = epochs.values().as_primitive::<Int64Type>().values();
        let values = values.values().as_primitive::<Float64Type>().values();
        let range = |offsets: &[i32], row: usize| offsets[row] as usize..offsets[row + 1] as usize;
        for (row, &group) in groups.iter().enumerate() {
            let epochs = &epochs[range(epoch_offsets, row)];
            let seen = &mut self.groups[group];
            seen.epochs.extend_from_slice(epochs);
            seen.values
                .extend_from_slice(&values[range(value_offsets, row)]);
            self.n_checkpoints += epochs.len();
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let groups = self.take(emit_to);
        let lengths: Vec<usize> = groups.iter().map(|seen| seen.epochs.len()).collect();
        let n_checkpoints = lengths.iter().sum::<usize>();
        let mut epochs = Vec::with_capacity(n_checkpoints);
        let mut given = Vec::with_capacity(groups.len() * self.n_values);
        let mut orders = Vec::with_capacity(groups.len());
        for seen in &groups {
            let mut order: Vec<usize> = (0..seen.epochs.len()).collect();
            if !seen.epochs.is_sorted() {
                order.sort_unstable_by_key(|&place| seen.epochs[place]);
            }
            let sorted = epochs.len();
            epochs.extend(order.iter().map(|&place| seen.epochs[place]));
            if let Some(twice) = epochs[sorted..].windows(2).find(|pair| pair[0] == pair[1]) {
                return exec_err!("{}: epoch {} is there twice", self.name, twice[0]);
            }
            given.extend(self.given(&epochs[sorted..], seen));
            orders.push(order);
        }
        let of_each = || {
            let each = lengths
                .iter()
                .flat_map(|&length| repeat_n(length, self.n_values));
            each.zip(&given)
                .map(|(length, &is_given)| if is_given { length } else { 0 })
        };
        let mut values = Vec::with_capacity(of_each().sum());
        // A group's own memory is given back as it is copied.
        for (group, (seen, order)) in groups.into_iter().zip(orders).enumerate() {
            let given = &given[group * self.n_values..][..self.n_values];
            for (value, _) in given.iter().enumerate().filter(|&(_, &is_given)| is_given) {
                let of = |&place: &usize| seen.values[place * self.n_values + value];
                values.extend(order.iter().map(of));
            }
        }
        let has_values = NullBuffer::from_iter(lengths.iter().map(|&length| length > 0));
        let trajectories = Arc::new(Float64Array::from(values));
        let is_given = self.finite.is_some().then(|| NullBuffer::from(&given[..]));
        let trajectories = lists(of_each(), trajectories, is_given)?;
        let trajectories = lists(lengths.iter().map(|_| self.n_values), trajectories, None)?;
        let epochs = lists(lengths, Arc::new(Int64Array::from(epochs)), None)?;
        Ok(Arc::new(StructArray::new(
            returned(),
            vec![epochs, trajectories],
            Some(has_values),
        )))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        state(self.take(emit_to))
    }

    fn convert_to_state(
        &self,
        columns: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows: Vec<usize> = (0..columns[0].len()).collect();
        let mut groups = vec![Seen::default(); rows.len()];
        self.for_each(columns, &rows, filter, |row, epoch, values| {
            groups[row].epochs.push(epoch);
            groups[row].values.extend_from_slice(values);
        })?;
        state(groups)
    }

    fn size(&self) -> usize {
        // Vectors that grow by doubling hold at most twice what is in them.
        let a_checkpoint = size_of::<i64>() + self.n_values * size_of::<f64>();
        let n_finite = self.finite.as_ref().map_or(0, HashMap::len);
        self.groups.capacity() * size_of::<Seen>()
            + self.n_checkpoints * a_checkpoint * 3 / 2
            + n_finite * (size_of::<(Vec<i64>, Vec<bool>)>() + self.n_values)
    }
}

#[cfg(test)]
mod tests;
