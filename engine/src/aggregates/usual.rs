//! The checkpoints that most trajectories have, and what is known of the trajectories that have them.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type};
use std::sync::Arc;

use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::Accumulator;
use datafusion::logical_expr::function::StateFieldsArgs;

/// What is asked of the usual trajectories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    /// Their checkpoints.
    Epochs,
    /// Which of their values are finite at every checkpoint of each of them.
    Admissible,
}

/// The trajectories of equal checkpoints.
#[derive(Clone, Debug, Default)]
struct Group {
    n: i64,
    /// For each value whether it is finite so far; empty when only checkpoints are asked.
    is_finite: Vec<bool>,
}

/// Trajectories by their checkpoints.
#[derive(Debug)]
pub(super) struct Usual {
    asked: Asked,
    groups: BTreeMap<Vec<i64>, Group>,
}

/// The type of a list of checkpoints.
pub(super) fn epochs_type() -> DataType {
    DataType::new_list(DataType::Int64, true)
}

/// The type of a list of trajectories.
pub(super) fn trajectories_type() -> DataType {
    DataType::new_list(DataType::new_list(DataType::Float64, true), true)
}

/// The type of a list of choices.
pub(super) fn choices_type() -> DataType {
    DataType::new_list(DataType::Boolean, true)
}

impl Usual {
    pub(super) fn new(asked: Asked) -> Self {
        Self {
            asked,
            groups: BTreeMap::new(),
        }
    }

    /// The columns of the state, one row each: checkpoints, counts and choices of every group.
    pub(super) fn state_fields(arguments: &StateFieldsArgs) -> Vec<FieldRef> {
        [
            ("epochs", DataType::new_list(epochs_type(), true)),
            ("counts", DataType::new_list(DataType::Int64, true)),
            ("finite", DataType::new_list(choices_type(), true)),
        ]
        .map(|(part, data_type)| {
            Arc::new(Field::new(
                format!("{}[{part}]", arguments.name),
                data_type,
                true,
            ))
        })
        .to_vec()
    }

    fn add(
        &mut self,
        epochs: &[i64],
        n: i64,
        is_finite: impl ExactSizeIterator<Item = bool>,
    ) -> Result<()> {
        if !self.groups.contains_key(epochs) {
            self.groups.insert(epochs.to_vec(), Group::default());
        }
        let Some(group) = self.groups.get_mut(epochs) else {
            return Ok(());
        };
        if group.n == 0 {
            group.is_finite = is_finite.collect();
        } else if group.is_finite.len() != is_finite.len() {
            return exec_err!(
                "admissible: one row has {} trajectories and another {}",
                group.is_finite.len(),
                is_finite.len()
            );
        } else {
            for (so_far, here) in group.is_finite.iter_mut().zip(is_finite) {
                *so_far &= here;
            }
        }
        group.n += n;
        Ok(())
    }

    /// The checkpoints that most have; of equally many the most checkpoints, and of these the earliest.
    fn most(&self) -> Option<(&Vec<i64>, &Group)> {
        let rank = |epochs: &Vec<i64>, group: &Group| (group.n, epochs.len());
        self.groups.iter().reduce(|most, other| {
            match rank(other.0, other.1) > rank(most.0, most.1) {
                true => other,
                false => most,
            }
        })
    }
}

impl Accumulator for Usual {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let epochs = columns[0].as_list::<i32>();
        for row in (0..epochs.len()).filter(|&row| epochs.is_valid(row)) {
            let at = epochs.value(row);
            let at = at.as_primitive::<Int64Type>().values();
            match columns
                .get(1)
                .map(|trajectories| trajectories.as_list::<i32>())
            {
                None => self.add(at, 1, std::iter::empty())?,
                Some(trajectories) if trajectories.is_null(row) => {}
                Some(trajectories) => {
                    let trajectories = trajectories.value(row);
                    let trajectories = trajectories.as_list::<i32>();
                    let is_finite = (0..trajectories.len()).map(|number| {
                        let values = trajectories.value(number);
                        let values = values.as_primitive::<Float64Type>();
                        // In single precision, as classifiers read them.
                        trajectories.is_valid(number)
                            && values.null_count() == 0
                            && values
                                .values()
                                .iter()
                                .all(|&value| (value as f32).is_finite())
                    });
                    self.add(at, 1, is_finite)?;
                }
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [epochs, counts, finite] = [0, 1, 2].map(|part| states[part].as_list::<i32>());
        for row in 0..epochs.len() {
            let (epochs, counts, finite) =
                (epochs.value(row), counts.value(row), finite.value(row));
            let (epochs, finite) = (epochs.as_list::<i32>(), finite.as_list::<i32>());
            for (group, &n) in counts
                .as_primitive::<Int64Type>()
                .values()
                .iter()
                .enumerate()
            {
                let (epochs, finite) = (epochs.value(group), finite.value(group));
                let finite = finite.as_boolean();
                let is_finite = (0..finite.len()).map(|place| finite.value(place));
                self.add(epochs.as_primitive::<Int64Type>().values(), n, is_finite)?;
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let lengths = |of: fn((&Vec<i64>, &Group)) -> usize| {
            OffsetBuffer::<i32>::from_lengths(self.groups.iter().map(of))
        };
        let epochs: Int64Array = self.groups.keys().flatten().copied().collect();
        let epochs = list(lengths(|(epochs, _)| epochs.len()), Arc::new(epochs));
        let counts: Int64Array = self.groups.values().map(|group| group.n).collect();
        let finite = self.groups.values().flat_map(|group| &group.is_finite);
        let finite: BooleanArray = finite.copied().map(Some).collect();
        let finite = list(
            lengths(|(_, group)| group.is_finite.len()),
            Arc::new(finite),
        );
        Ok([
            Arc::new(epochs) as ArrayRef,
            Arc::new(counts),
            Arc::new(finite),
        ]
        .map(one_list)
        .to_vec())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let most = self.most();
        Ok(match self.asked {
            Asked::Epochs => match most {
                None => ScalarValue::try_new_null(&epochs_type())?,
                Some((epochs, _)) => one_list(Arc::new(Int64Array::from(epochs.clone()))),
            },
            Asked::Admissible => match most {
                None => ScalarValue::try_new_null(&choices_type())?,
                Some((_, group)) => one_list(Arc::new(BooleanArray::from(group.is_finite.clone()))),
            },
        })
    }

    fn size(&self) -> usize {
        let of = |(epochs, group): (&Vec<i64>, &Group)| {
            size_of::<(Vec<i64>, Group)>() + epochs.len() * size_of::<i64>() + group.is_finite.len()
        };
        size_of::<Self>() + self.groups.iter().map(of).sum::<usize>()
    }
}

fn list(offsets: OffsetBuffer<i32>, values: ArrayRef) -> ListArray {
    let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    ListArray::new(item, offsets, values, None)
}

/// A list as one value.
fn one_list(values: ArrayRef) -> ScalarValue {
    let offsets = OffsetBuffer::from_lengths([values.len()]);
    ScalarValue::List(Arc::new(list(offsets, values)))
}
