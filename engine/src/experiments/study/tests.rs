//! What datasets can show, and what they cannot.

use super::*;
use crate::experiments::facts::Observation;
use crate::queries;

fn digits() -> Facts {
    Facts {
        learning_rules: LearningRule::STUDIED.map(|rule| rule.to_string()).to_vec(),
        tasks: vec!["digits".to_owned()],
        architectures: ["knet4", "knet5"].map(str::to_owned).to_vec(),
        curricula: vec![(32, 0), (64, 0)],
        epochs: (0..=20).collect(),
        conditions: vec![(1.0, 0.0)],
        plain: Observation::default(),
        recorded_units: 0,
    }
}

fn of(name: &str, facts: &Facts) -> Result<Vec<Variant>, NotTestable> {
    Figure::named(name).unwrap().variants(facts)
}

#[test]
fn queries_are_told_how_networks_were_observed_where_they_would_not_guess() {
    let published = Facts {
        plain: Observation {
            definition: "published".to_owned(),
            seed: 3,
        },
        ..digits()
    };
    let usual = of("figure_4a", &digits()).unwrap();
    assert!(!usual[0].parameters.contains_key("definition"));
    for variant in of("figure_4a", &published).unwrap() {
        assert_eq!(variant.parameters["definition"], "published");
        assert_eq!(variant.parameters["observation_seed"], "3");
    }
}

#[test]
fn every_variant_is_a_query_with_these_parameters() {
    let facts = Facts {
        conditions: vec![(0.1, 0.0), (1.0, 0.0)],
        plain: Observation {
            definition: "published".to_owned(),
            seed: 3,
        },
        ..digits()
    };
    let (variants, lacking) = variants(Figure::ALL, &facts);
    assert!(lacking.is_empty(), "{lacking:?}");
    for variant in &variants {
        let query = variant.query().unwrap();
        let bound = variant
            .bound(&query, &super::super::Protocol::default(), 3)
            .unwrap();
        assert!(!bound.contains('$'), "{}: {bound}", variant.title());
    }
    let names: BTreeSet<&str> = variants.iter().map(|variant| variant.experiment).collect();
    let asked = queries::ALL
        .iter()
        .map(|query| query.name)
        .filter(|name| names.contains(name));
    assert_eq!(asked.count(), names.len());
}

#[test]
fn a_variant_is_needed_once() {
    let figures = ["figure_2a", "figure_2c", "figure_s5"].map(|name| Figure::named(name).unwrap());
    let (variants, _) = variants(&figures, &digits());
    assert_eq!(variants.len(), MEASURES.len() * COMPARED.len());
}

#[test]
fn what_is_held_out_leaves_something_to_learn_from() {
    // Two architectures and two curricula; the only task stays.
    let found = of("figure_2b", &digits()).unwrap();
    let held_out: Vec<&Variant> = found
        .iter()
        .filter(|variant| variant.split_by.is_none())
        .collect();
    assert_eq!((found.len(), held_out.len()), (5, 4));
    let lone = Facts {
        architectures: vec!["knet4".to_owned()],
        curricula: vec![(64, 0)],
        ..digits()
    };
    let why = of("figure_2b", &lone).unwrap_err().to_string();
    assert!(why.contains("a second architecture"), "{why}");
}

#[test]
fn samples_fit_into_the_trajectories() {
    let found = of("figure_4a", &digits()).unwrap();
    assert_eq!(found.len(), PERIODS.len() * SAMPLES.len());
    let short = Facts {
        epochs: vec![0, 5, 10],
        ..digits()
    };
    // Two samples 5 or 10 epochs apart, and three samples 5 epochs apart.
    assert_eq!(of("figure_4a", &short).unwrap().len(), 3);
    let uneven = Facts {
        epochs: vec![0, 1, 10],
        ..digits()
    };
    assert!(
        of("figure_4a", &uneven)
            .unwrap_err()
            .to_string()
            .contains("even distances")
    );
}

#[test]
fn what_is_missing_is_said() {
    let why = of("figure_5", &digits()).unwrap_err().to_string();
    assert!(why.contains("engram observe"), "{why}");
    let recorded = Facts {
        recorded_units: 128,
        ..digits()
    };
    assert_eq!(
        of("figure_5", &recorded).unwrap().len(),
        3 * RECORDED_FRACTIONS.len() * RECORDED_NOISES.len()
    );
    let one_rule = Facts {
        learning_rules: vec!["sgdm".to_owned()],
        ..digits()
    };
    assert!(
        of("figure_s1", &one_rule)
            .unwrap_err()
            .to_string()
            .contains("two learning rules")
    );
}
