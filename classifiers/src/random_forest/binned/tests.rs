use super::*;
use crate::random_forest::tests::{Blobs, N_CLASSES, blobs, settings};
use crate::{MaxFeatures, Model, RandomForestSettings};

/// Bins the examples in an order, so many at a time, of a sample of at most `most`.
fn binned(data: &Blobs, order: &[usize], at_once: usize, most: usize) -> BinnedExamples {
    binning(data, order, at_once, most).examples().unwrap()
}

fn binning(data: &Blobs, order: &[usize], at_once: usize, most: usize) -> Binning {
    let n_features = data.names.len();
    let row = |place: usize| &data.features[place * n_features..(place + 1) * n_features];
    let mut binner = Binner::sampling(data.names.clone(), data.labels.len(), 5, most).unwrap();
    for &place in order {
        binner.see(place, row(place)).unwrap();
    }
    let mut examples = binner.bins(N_CLASSES).unwrap();
    for places in order.chunks(at_once) {
        let features: Vec<f32> = places
            .iter()
            .flat_map(|&place| row(place).to_vec())
            .collect();
        let labels: Vec<u32> = places.iter().map(|&place| data.labels[place]).collect();
        examples.put(places, &features, &labels).unwrap();
    }
    examples
}

#[test]
fn where_all_are_sampled_the_trees_are_those_of_the_numbers() {
    let data = blobs(3000, 1);
    let order: Vec<usize> = (0..3000).collect();
    for max_features in MaxFeatures::ALL {
        let forest = RandomForestSettings {
            n_trees: 7,
            max_features,
            ..RandomForestSettings::default()
        };
        let forest = forest.check().unwrap();
        let expected = forest.fit_forest(&data.examples(), 9);
        let streamed = forest
            .fit_binned(&binned(&data, &order, 100, 3000), &order, 9)
            .unwrap();
        let probabilities = |forest: &Forest| forest.predict_probabilities(&data.features).unwrap();
        assert_eq!(probabilities(&streamed), probabilities(&expected));
        assert_eq!(
            streamed.feature_importances(),
            expected.feature_importances()
        );
        let (of_bins, of_numbers) = (
            streamed.out_of_bag_accuracy().unwrap(),
            expected.out_of_bag_accuracy().unwrap(),
        );
        assert!(
            (of_bins - of_numbers).abs() < 0.01,
            "{of_bins} {of_numbers}"
        );
    }
}

#[test]
fn neither_order_nor_threads_make_a_difference() {
    let data = blobs(2000, 2);
    let forward: Vec<usize> = (0..2000).collect();
    let shuffled: Vec<usize> = (0..2000).map(|n| n * 1217 % 2000).collect();
    let forest = |order: &[usize], at_once, n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads);
        let grow = || settings(9).fit_binned(&binned(&data, order, at_once, 500), &forward, 3);
        pool.build().unwrap().install(grow).unwrap()
    };
    let expected = forest(&forward, 2000, 1);
    assert_eq!(forest(&shuffled, 77, 3), expected);
    assert_eq!(forest(&forward, 1, 2), expected);
}

#[test]
fn a_sample_does_nearly_as_well() {
    let (data, other) = (blobs(8000, 3), blobs(8000, 3));
    let order: Vec<usize> = (0..8000).collect();
    let accuracy = |forest: &Forest| {
        let probabilities = forest.predict_probabilities(&other.features).unwrap();
        let right = probabilities.chunks(N_CLASSES).zip(&other.labels);
        right
            .filter(|(row, label)| most_probable(row) == **label)
            .count() as f64
            / 8000.0
    };
    let of_all = accuracy(&settings(30).fit_forest(&data.examples(), 1));
    let sampled = settings(30).fit_binned(&binned(&data, &order, 500, 1000), &order, 1);
    let of_sample = accuracy(&sampled.unwrap());
    assert!((of_all - of_sample).abs() < 0.01, "{of_all} {of_sample}");
}

#[test]
fn missing_and_wrong_examples_are_refused() {
    let data = blobs(100, 4);
    let order: Vec<usize> = (0..100).collect();
    let names = || data.names.clone();
    assert!(Binner::try_new(names(), 0, 0).is_err());
    let mut binner = Binner::try_new(names(), 2, 0).unwrap();
    assert!(binner.see(0, &[1.0]).is_err());
    assert!(binner.see(0, &[f32::NAN; 9]).is_err());
    for _ in 0..2 {
        binner.see(0, &[0.0; 9]).unwrap();
    }
    assert!(binner.bins(N_CLASSES).is_err(), "the other was not seen");
    let mut examples = binning(&data, &order, 10, 100);
    assert!(examples.put(&[0], &[0.0; 9], &[0]).is_err(), "it is taken");
    let few = Binning {
        n_put: 99,
        ..binning(&data, &order, 10, 100)
    };
    assert!(few.examples().is_err());
    let exact = RandomForestSettings {
        thresholds: Thresholds::Exact,
        ..RandomForestSettings::default()
    };
    let examples = examples.examples().unwrap();
    let exact = exact.check().unwrap();
    assert!(exact.fit_binned(&examples, &order, 0).is_err());
    let other = Forest::of_trees(Vec::new(), Vec::new(), N_CLASSES, None);
    assert!(other.predict_binned(&examples, &order).is_err());
}

#[test]
fn a_split_of_binned_examples_is_that_of_the_numbers() {
    let data = blobs(3000, 7);
    let order: Vec<usize> = (0..3000).collect();
    let (test, train): (Vec<usize>, Vec<usize>) = order.iter().partition(|row| *row % 4 == 1);
    let forest = settings(40);
    let numbers = data.examples();
    let expected = forest.fit_rows(&forest.columns(&numbers), &numbers, &train, 2);
    let examples = binned(&data, &order, 70, 3000);
    let found = forest.fit_binned(&examples, &train, 2).unwrap();
    assert_eq!(found.feature_importances(), expected.feature_importances());
    let n_features = data.names.len();
    // What a tree was grown on lies on the same side of every threshold as its bin; what it has not seen, nearly always.
    for rows in [train, test] {
        let features: Vec<f32> = rows
            .iter()
            .flat_map(|&row| &data.features[row * n_features..(row + 1) * n_features])
            .copied()
            .collect();
        let of_numbers = expected.predict_probabilities(&features).unwrap();
        let of_bins = found.predict_binned(&examples, &rows).unwrap();
        let differences = of_numbers.iter().zip(&of_bins).map(|(a, b)| (a - b).abs());
        let mean = differences.sum::<f32>() / of_bins.len() as f32;
        assert!(mean < 0.005, "{mean}");
    }
}
