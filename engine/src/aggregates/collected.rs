//! Aggregates that need all values of a group at once: an order statistic cannot be known from less.
//!
//! A group's values are observed together by the kernel that the generator observes networks with. The result does not
//! depend on the order in which they came, but for the last digits of sums.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use engram_observables::{Scratch, Statistics, observe_raw};

use super::numbers;
use super::single_group::Groups;
use crate::functions::statistics;

/// What is told of a group.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told {
    /// One statistic.
    One(fn(Statistics) -> f64),
    /// All seven, as a struct.
    All,
}

/// The values of each group.
#[derive(Clone, Debug)]
pub(super) struct Collected {
    told: Told,
    groups: Vec<Vec<f64>>,
    n_reserved: usize,
}

impl Collected {
    pub(super) fn new(told: Told) -> Self {
        Self {
            told,
            groups: Vec::new(),
            n_reserved: 0,
        }
    }

    pub(super) fn state_fields(name: &str) -> Vec<FieldRef> {
        let values = DataType::new_list(DataType::Float64, true);
        vec![Arc::new(Field::new(
            format!("{name}[values]"),
            values,
            true,
        ))]
    }

    fn lists(groups: &[Vec<f64>]) -> ArrayRef {
        let offsets = OffsetBuffer::from_lengths(groups.iter().map(Vec::len));
        let values = Arc::new(Float64Array::from(groups.concat()));
        let item = Arc::new(Field::new_list_field(DataType::Float64, true));
        Arc::new(ListArray::new(item, offsets, values, None))
    }
}

/// Puts a value to a group's and says by how much the room for them grew.
fn push(group: &mut Vec<f64>, values: &[f64]) -> usize {
    let before = group.capacity();
    group.extend_from_slice(values);
    group.capacity() - before
}

impl Groups for Collected {
    fn grow(&mut self, n_groups: usize) {
        self.groups
            .resize(n_groups.max(self.groups.len()), Vec::new());
    }
}

impl GroupsAccumulator for Collected {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        n_groups: usize,
    ) -> Result<()> {
        self.grow(n_groups);
        numbers::for_each(&values[0], groups, filter, |group, value| {
            self.n_reserved += push(&mut self.groups[group], &[value]);
        })
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        groups: &[usize],
        n_groups: usize,
    ) -> Result<()> {
        self.grow(n_groups);
        let lists = states[0].as_list::<i32>();
        let values = lists.values().as_primitive::<Float64Type>().values();
        let offsets = lists.value_offsets();
        for (row, &group) in groups.iter().enumerate() {
            if lists.is_valid(row) {
                let values = &values[offsets[row] as usize..offsets[row + 1] as usize];
                self.n_reserved += push(&mut self.groups[group], values);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let groups = emit_to.take_needed(&mut self.groups);
        self.n_reserved -= groups.iter().map(Vec::capacity).sum::<usize>();
        let mut scratch = Scratch::default();
        let observed = groups
            .iter()
            .map(|group| (!group.is_empty()).then(|| observe_raw(group, &mut scratch)));
        match self.told {
            Told::One(of) => Ok(Arc::new(
                observed
                    .map(|statistics| statistics.map(of))
                    .collect::<Float64Array>(),
            )),
            Told::All => {
                let mut columns: [Vec<f64>; Statistics::COUNT] = Default::default();
                for statistics in observed {
                    let numbers =
                        statistics.map_or([f64::NAN; Statistics::COUNT], Statistics::to_array);
                    for (column, number) in columns.iter_mut().zip(numbers) {
                        column.push(number);
                    }
                }
                let nulls = NullBuffer::from_iter(groups.iter().map(|group| !group.is_empty()));
                Ok(Arc::new(statistics::to_structs(columns, Some(nulls))))
            }
        }
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let groups = emit_to.take_needed(&mut self.groups);
        self.n_reserved -= groups.iter().map(Vec::capacity).sum::<usize>();
        Ok(vec![Self::lists(&groups)])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows: Vec<usize> = (0..values[0].len()).collect();
        let mut lists = vec![Vec::new(); rows.len()];
        numbers::for_each(&values[0], &rows, filter, |row, value| {
            lists[row].push(value)
        })?;
        Ok(vec![Self::lists(&lists)])
    }

    fn size(&self) -> usize {
        self.n_reserved * size_of::<f64>() + self.groups.capacity() * size_of::<Vec<f64>>()
    }
}
