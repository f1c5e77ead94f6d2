//! `collect_trajectories(epoch, x, ...)`: from rows, one a checkpoint, to the course of each observed value.
//!
//! `array_agg(x ORDER BY epoch)` for every value says the same, but an ordered aggregate keeps its groups one by one and
//! takes many times longer. Here all values of a checkpoint stay together until a group is complete.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Float64Type, Int64Type};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::not_distinct;
use super::numbers::counts;
use super::single_group::{Groups, SingleGroup};
use crate::functions::documentation;

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CollectTrajectories {
    signature: Signature,
}

impl Default for CollectTrajectories {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for CollectTrajectories {
    fn name(&self) -> &str {
        "collect_trajectories"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let [epoch, values @ ..] = arguments else {
            return plan_err!("collect_trajectories takes an epoch and the values seen at it");
        };
        if !epoch.is_integer() {
            return plan_err!("the epoch of collect_trajectories is {epoch}, not an integer");
        }
        if let Some(other) = values.iter().find(|value| !value.is_numeric()) {
            return plan_err!("a value of collect_trajectories is {other}, not a number");
        }
        let mut coerced = vec![DataType::Float64; arguments.len()];
        coerced[0] = DataType::Int64;
        Ok(coerced)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(returned()))
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = arguments.name;
        let list = |part: &str, item: DataType| {
            Arc::new(Field::new(
                format!("{name}[{part}]"),
                DataType::new_list(item, true),
                true,
            ))
        };
        Ok(vec![
            list("epochs", DataType::Int64),
            list("values", DataType::Float64),
        ])
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        not_distinct(&arguments)?;
        let n_values = arguments.exprs.len() - 1;
        Ok(Box::new(SingleGroup::new(Checkpoints::new(n_values))))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        not_distinct(&arguments)?;
        Ok(Box::new(Checkpoints::new(arguments.exprs.len() - 1)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation!(
            "Collects what was seen at each checkpoint to the course of each value: a struct of `epochs`, ascending, and \
             `trajectories`, for each value the list of it at those epochs. NULL values are NaN. An epoch that is NULL, or there \
             twice, is an error.",
            "collect_trajectories(epoch, x, ...)",
            "SELECT run_id, layer, collect_trajectories(epoch, weight_abs_median, activation_raw_norm) AS collected \
             FROM trajectories GROUP BY run_id, layer",
            "epoch" => "When the values were seen.",
            "x" => "The values."
        )
    }
}

fn returned() -> Fields {
    let epochs = DataType::new_list(DataType::Int64, true);
    let trajectories = DataType::new_list(DataType::new_list(DataType::Float64, true), true);
    Fields::from(vec![
        Field::new("epochs", epochs, true),
        Field::new("trajectories", trajectories, true),
    ])
}

/// Rows that are put from columns into rows at a time: as many as stay in the processor's nearest memory.
const ROWS_OF_BLOCK: usize = 64;

/// What was seen of a group, checkpoint by checkpoint.
#[derive(Clone, Debug, Default)]
struct Seen {
    epochs: Vec<i64>,
    values: Vec<f64>,
}

/// What was seen of each group.
#[derive(Clone, Debug)]
struct Checkpoints {
    n_values: usize,
    groups: Vec<Seen>,
    n_checkpoints: usize,
}

impl Checkpoints {
    fn new(n_values: usize) -> Self {
        Self {
            n_values,
            groups: Vec::new(),
            n_checkpoints: 0,
        }
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<Seen> {
        let groups = emit_to.take_needed(&mut self.groups);
        self.n_checkpoints -= groups.iter().map(|seen| seen.epochs.len()).sum::<usize>();
        groups
    }
}

/// A list column of as many rows as there are lengths.
fn lists(lengths: impl IntoIterator<Item = usize>, values: ArrayRef) -> Result<ArrayRef> {
    if i32::try_from(values.len()).is_err() {
        let n = values.len();
        return exec_err!(
            "collect_trajectories: {n} values are more than an answer of lists can hold"
        );
    }
    let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(item, offsets, values, None)?))
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
        )?,
        lists(
            lengths.iter().map(|length| length.1),
            Arc::new(Float64Array::from(values)),
        )?,
    ])
}

/// Calls `take` with the group, epoch and values of every row that counts.
fn for_each(
    columns: &[ArrayRef],
    groups: &[usize],
    filter: Option<&BooleanArray>,
    mut take: impl FnMut(usize, i64, &[f64]),
) -> Result<()> {
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
                return exec_err!("collect_trajectories: a checkpoint has no epoch");
            }
            let row_values = &block[(row - first) * n_values..][..n_values];
            take(groups[row], epochs.value(row), row_values);
        }
    }
    Ok(())
}

impl Groups for Checkpoints {
    fn grow(&mut self, n_groups: usize) {
        self.groups
            .resize_with(n_groups.max(self.groups.len()), Seen::default);
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
        for_each(columns, groups, filter, |group, epoch, values| {
            let seen = &mut self.groups[group];
            seen.epochs.push(epoch);
            seen.values.extend_from_slice(values);
            self.n_checkpoints += 1;
        })
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
        let mut values = Vec::with_capacity(n_checkpoints * self.n_values);
        let mut order = Vec::new();
        // A group's own memory is given back as it is copied.
        for seen in groups {
            order.clear();
            order.extend(0..seen.epochs.len());
            if !seen.epochs.is_sorted() {
                order.sort_unstable_by_key(|&place| seen.epochs[place]);
            }
            let sorted = epochs.len();
            epochs.extend(order.iter().map(|&place| seen.epochs[place]));
            if let Some(twice) = epochs[sorted..].windows(2).find(|pair| pair[0] == pair[1]) {
                return exec_err!("collect_trajectories: epoch {} is there twice", twice[0]);
            }
            for value in 0..self.n_values {
                let of = |&place: &usize| seen.values[place * self.n_values + value];
                values.extend(order.iter().map(of));
            }
        }
        let has_values = NullBuffer::from_iter(lengths.iter().map(|&length| length > 0));
        let each = lengths
            .iter()
            .flat_map(|&length| std::iter::repeat_n(length, self.n_values));
        let trajectories = lists(each, Arc::new(Float64Array::from(values)))?;
        let trajectories = lists(lengths.iter().map(|_| self.n_values), trajectories)?;
        let epochs = lists(lengths, Arc::new(Int64Array::from(epochs)))?;
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
        for_each(columns, &rows, filter, |row, epoch, values| {
            groups[row].epochs.push(epoch);
            groups[row].values.extend_from_slice(values);
        })?;
        state(groups)
    }

    fn size(&self) -> usize {
        // Vectors that grow by doubling hold at most twice what is in them.
        let a_checkpoint = size_of::<i64>() + self.n_values * size_of::<f64>();
        self.groups.capacity() * size_of::<Seen>() + self.n_checkpoints * a_checkpoint * 3 / 2
    }
}
