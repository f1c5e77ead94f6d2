use arrow::array::Array;
use datafusion::logical_expr::Accumulator;
use proptest::prelude::*;

use super::*;
use crate::aggregates::usual::{Asked, Usual};

const N_VALUES: usize = 3;

/// A group: whether it counts, its checkpoints, and the values seen at each.
#[derive(Clone, Debug)]
struct Group {
    is_counted: bool,
    epochs: Vec<i64>,
    values: Vec<[f64; N_VALUES]>,
}

/// Groups of two kinds of checkpoints, of which few values are not finite; one is too large for single precision.
fn groups() -> impl Strategy<Value = Vec<Group>> {
    let value = prop_oneof![
        12 => -5.0..5.0f64,
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(1e300)],
    ];
    let values = proptest::collection::vec([value.clone(), value.clone(), value], 3);
    let group = (0..5u8, 0..4u8, values).prop_map(|(counts, checkpoints, values)| {
        let epochs = if checkpoints > 0 {
            vec![5, 0, 10]
        } else {
            vec![0, 20]
        };
        Group {
            is_counted: counts > 0,
            values: values[..epochs.len()].to_vec(),
            epochs,
        }
    });
    proptest::collection::vec(group, 1..12)
}

/// What an accumulator gives of the groups. `at_a_time` come out at once, and every other one went through a state.
fn collected(
    mut new: impl FnMut() -> Checkpoints,
    groups: &[Group],
    at_a_time: usize,
) -> StructArray {
    let mut all = new();
    for (number, group) in groups.iter().enumerate() {
        let mut columns: Vec<ArrayRef> = Vec::new();
        if all.finite.is_some() {
            let counts = vec![group.is_counted; group.epochs.len()];
            columns.push(Arc::new(BooleanArray::from(counts)));
        }
        columns.push(Arc::new(Int64Array::from(group.epochs.clone())));
        for value in 0..N_VALUES {
            let values = group.values.iter().map(|values| values[value]);
            columns.push(Arc::new(Float64Array::from_iter_values(values)));
        }
        let rows = vec![number; group.epochs.len()];
        if number % 2 == 0 {
            all.update_batch(&columns, &rows, None, number + 1).unwrap();
        } else {
            let states = new().convert_to_state(&columns, None).unwrap();
            all.merge_batch(&states, &rows, number + 1).unwrap();
        }
    }
    let mut answers = Vec::new();
    let mut left = groups.len();
    while left > 0 {
        let n = at_a_time.min(left);
        answers.push(all.evaluate(EmitTo::First(n)).unwrap());
        left -= n;
    }
    let answers: Vec<&dyn Array> = answers.iter().map(|answer| &**answer).collect();
    let whole = arrow::compute::concat(&answers).unwrap();
    whole.as_struct().clone()
}

fn all() -> Checkpoints {
    Checkpoints::all("all", N_VALUES)
}

fn admissible() -> Checkpoints {
    Checkpoints::admissible("admissible", N_VALUES)
}

/// A value's trajectory in a group, if it is given.
fn trajectory(of: &StructArray, group: usize, value: usize) -> Option<Vec<f64>> {
    let trajectories = of.column(1).as_list::<i32>().value(group);
    let trajectories = trajectories.as_list::<i32>();
    let numbers = |list: ArrayRef| list.as_primitive::<Float64Type>().values().to_vec();
    trajectories
        .is_valid(value)
        .then(|| numbers(trajectories.value(value)))
}

/// What is admissible in the groups that count.
fn is_admissible(of: &StructArray, groups: &[Group]) -> Vec<bool> {
    let counted = BooleanArray::from_iter(groups.iter().map(|group| Some(group.is_counted)));
    let counted = arrow::compute::filter(of, &counted).unwrap();
    let columns = counted.as_struct().columns().to_vec();
    let mut usual = Usual::new(Asked::Admissible);
    usual.update_batch(&columns).unwrap();
    let choices = usual.evaluate().unwrap().to_array().unwrap();
    let choices = choices.as_list::<i32>();
    match choices.is_valid(0) {
        false => Vec::new(),
        true => choices.value(0).as_boolean().iter().flatten().collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_left_out_is_inadmissible(groups in groups(), at_a_time in 1..5usize) {
        let (whole, part) = (collected(all, &groups, 4), collected(admissible, &groups, at_a_time));
        prop_assert_eq!(whole.column(0), part.column(0));
        let chosen = is_admissible(&whole, &groups);
        prop_assert_eq!(&chosen, &is_admissible(&part, &groups));
        let is_finite = |trajectory: Option<Vec<f64>>| {
            trajectory.is_some_and(|values| values.iter().all(|&value| (value as f32).is_finite()))
        };
        for (number, group) in groups.iter().enumerate() {
            for value in 0..N_VALUES {
                let (expected, given) = (trajectory(&whole, number, value), trajectory(&part, number, value));
                let is_of_finite = |(other, alike): (usize, &Group)| {
                    !alike.is_counted || alike.epochs != group.epochs || is_finite(trajectory(&whole, other, value))
                };
                if !group.is_counted || !is_finite(expected.clone()) {
                    prop_assert_eq!(given, None);
                } else if groups.iter().enumerate().all(is_of_finite) {
                    prop_assert_eq!(given, expected);
                } else {
                    prop_assert!(given.is_none() || given == expected);
                }
            }
        }
    }

    /// However many groups are collected, of what is not finite in the first no more than its place is kept.
    #[test]
    fn later_groups_take_no_room_for_it(n_groups in 2..40usize) {
        let group = |values| Group { is_counted: true, epochs: vec![0], values: vec![values] };
        let mut groups = vec![group([1.0, f64::NAN, 2.0])];
        groups.extend(std::iter::repeat_n(group([1.0, 3.0, 2.0]), n_groups));
        let part = collected(admissible, &groups, groups.len());
        let values = part.column(1).as_list::<i32>().values().as_list::<i32>().values().len();
        prop_assert_eq!(values, 2 * groups.len());
    }
}
