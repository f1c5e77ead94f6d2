//! What becomes of checkpoints: rows of `trajectories` and of `recordings`.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float32Type, Float64Type, Int64Type};

use super::*;
use crate::observe::recordings;
use crate::trajectory::Trajectory;
use crate::write::to_parquet;

fn floats(batch: &RecordBatch, name: &str) -> Vec<Option<f64>> {
    let column = batch.column_by_name(name).unwrap();
    column.as_primitive::<Float64Type>().iter().collect()
}

fn texts(batch: &RecordBatch, name: &str) -> Vec<String> {
    let column = batch.column_by_name(name).unwrap();
    let texts = column.as_string::<i32>().iter();
    texts.map(|text| text.unwrap().to_owned()).collect()
}

#[test]
fn every_condition_has_its_rows_in_one_file() {
    let conditions = [
        ObservationCondition::default(),
        published(),
        condition(0.5, 0.1, 7),
    ];
    let run = planned(observation(&conditions));
    let network = network(Signal::Feedback);
    let observer = observer(&conditions);
    let mut trajectory = Trajectory::new(&run, &network);
    let first = seen(&observer, &network, 0, 8);
    let mut second = seen(&observer, &network, 1, 8);
    second.angles = (0..4)
        .map(|layer| (Some(90.0 - f64::from(layer)), (layer > 0).then_some(45.0)))
        .collect();
    let last = second.layers[3][2];
    trajectory.push(0, 0, first);
    trajectory.push(1, 20, second);
    let batch = trajectory.to_batch().unwrap();
    assert_eq!(batch.num_rows(), 3 * 4 * 2);
    let repeated = |values: [&str; 3]| -> Vec<String> {
        values
            .iter()
            .flat_map(|value| vec![(*value).to_owned(); 8])
            .collect()
    };
    assert_eq!(
        texts(&batch, "definition"),
        repeated(["standard", "published", "standard"])
    );
    let some = |values: [f64; 3]| -> Vec<Option<f64>> {
        values
            .iter()
            .flat_map(|value| vec![Some(*value); 8])
            .collect()
    };
    assert_eq!(floats(&batch, "unit_fraction"), some([1.0, 1.0, 0.5]));
    assert_eq!(floats(&batch, "noise_stddev"), some([0.0, 0.0, 0.1]));
    let seeds = batch.column_by_name("observation_seed").unwrap();
    assert_eq!(seeds.as_primitive::<Int64Type>().value(23), 7);
    assert_eq!(
        floats(&batch, "activation_raw_norm")[23],
        Some(last[column("activation_raw_norm")])
    );
    let feedback = floats(&batch, "feedback_angle");
    assert_eq!(feedback[..4], [None, Some(90.0), None, Some(89.0)]);
    assert_eq!(feedback[..8], feedback[16..]);
    assert_eq!(
        floats(&batch, "gradient_angle")[..4],
        [None, None, None, Some(45.0)]
    );
    assert_eq!(
        to_parquet(&trajectory).unwrap(),
        to_parquet(&trajectory).unwrap()
    );
    assert!(recordings::to_parquet(&trajectory).unwrap().is_none());
}

#[test]
fn another_observation_of_a_run_has_a_file_of_its_own() {
    let run = planned(Observation::default());
    let network = network(Signal::Forward);
    assert_eq!(Trajectory::new(&run, &network).file(), run.file());
    let other = Trajectory::observed(&run, &network, observation(&[published()]));
    assert_eq!(other.file().run_id, run.run_id);
    assert_eq!(other.file().observation_id.unwrap().len(), 10);
    let third = Trajectory::observed(&run, &network, observation(&[condition(0.5, 0.0, 0)]));
    assert_ne!(third.file(), other.file());
    assert_eq!(other.configuration().observation.conditions, [published()]);
    assert_eq!(other.run.run_id, run.run_id);
}

fn recorded(limit: usize) -> (Network, Trajectory, Checkpoint) {
    let observation = Observation {
        recorded_units: Some(limit),
        ..observation(&[condition(1.0, 0.0, 5)])
    };
    let network = network(Signal::Forward);
    let run = planned(observation.clone());
    let mut observer = Observer::new(&observation);
    observer.kept_bytes = 3 << 20;
    let mut trajectory = Trajectory::new(&run, &network);
    for epoch in 0..2 {
        trajectory.push(epoch, 9 * epoch, seen(&observer, &network, epoch, 25));
    }
    let first = trajectory.checkpoints()[0].2.clone();
    (network, trajectory, first)
}

#[test]
fn recorded_units_are_a_fixed_sample_in_random_order() {
    let (network, trajectory, seen) = recorded(40);
    assert_eq!(seen.recordings, trajectory.checkpoints()[1].2.recordings);
    let (_, _, fewer) = recorded(15);
    let records = records(&network, 25);
    assert_eq!(seen.recordings.len(), 3 * network.layers.len());
    for (recording, fewer) in seen.recordings.iter().zip(&fewer.recordings) {
        let (layer, record) = (&network.layers[recording.layer], &records[recording.layer]);
        let (purpose, all, n_rows) = match recording.measure {
            Measure::Weight => (chosen::WEIGHTS, layer.kernel.view([1, -1]), 1),
            Measure::Activation => (chosen::UNITS, record.output.flatten(1, -1), 25),
            Measure::ActivityChange => {
                let ones = Tensor::ones_like(&record.output.narrow(0, 0, 1));
                (
                    chosen::INPUTS,
                    gradient(layer, record, &ones).flatten(1, -1),
                    25,
                )
            }
        };
        let n = all.size()[1] as usize;
        assert_eq!((recording.n_candidates, recording.n_units), (n, n.min(40)));
        assert_eq!(recording.values.len(), n_rows * recording.n_units);
        let order = draw::order(purpose, 5, recording.layer, n, recording.n_units);
        let expected = values(&all.index_select(1, &draw::indices(&order, Device::Cpu)));
        let scale = match recording.measure {
            Measure::ActivityChange => record.output.numel() as f32 / 25.0,
            _ => 1.0,
        };
        for (found, expected) in recording.values.iter().zip(expected) {
            let difference = (found * scale - expected).abs();
            assert!(
                difference <= 1e-4 * (1.0 + expected.abs()),
                "{found} {expected}"
            );
        }
        // The first of many are a choice of few.
        let rows = recording.values.chunks(recording.n_units);
        for (row, fewer) in rows.zip(fewer.values.chunks(fewer.n_units)) {
            assert_eq!(row[..fewer.len()], *fewer);
        }
    }
}

/// With all inputs recorded, the recorded gradients add up to the activity change.
#[test]
fn recorded_gradients_add_up_to_the_activity_change() {
    let (network, _, seen) = recorded(usize::MAX);
    for recording in &seen.recordings {
        if recording.measure == Measure::ActivityChange {
            let sum: f64 = recording.values.iter().map(|&value| f64::from(value)).sum();
            let expected = seen.layers[recording.layer][0][column("activity_change_raw_mean")];
            let name = &network.layers[recording.layer].spec.name;
            assert_close(sum / 25.0, expected, 1e-4, name);
        }
    }
}

#[test]
fn recordings_are_rows_of_their_table() {
    let (_, trajectory, seen) = recorded(6);
    let batch = recordings::to_batch(&trajectory, 1).unwrap();
    assert_eq!(batch.schema(), engram_schemas::recordings::file_schema());
    assert_eq!(batch.num_rows(), 4 * (1 + 25 + 25));
    assert_eq!(texts(&batch, "measure")[0], "weight");
    let stimulus = batch.column_by_name("stimulus").unwrap();
    let stimulus = stimulus.as_primitive::<Int64Type>();
    assert!(stimulus.is_null(0));
    assert_eq!(
        [stimulus.value(1), stimulus.value(25), stimulus.value(26)],
        [0, 24, 0]
    );
    let lists = batch.column_by_name("values").unwrap().as_list::<i32>();
    let third = lists.value(3);
    let third = third.as_primitive::<Float32Type>().values();
    assert_eq!(third[..], seen.recordings[1].values[12..18]);
    let bytes = recordings::to_parquet(&trajectory).unwrap().unwrap();
    assert_eq!(
        bytes,
        recordings::to_parquet(&recorded(6).1).unwrap().unwrap()
    );
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes);
    let reader = reader.unwrap();
    assert_eq!(reader.metadata().num_row_groups(), 2);
    let rows: usize = reader
        .build()
        .unwrap()
        .map(|batch| batch.unwrap().num_rows())
        .sum();
    assert_eq!(rows, 2 * batch.num_rows());
}
