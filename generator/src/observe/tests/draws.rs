//! Choices and noise.

use super::*;

#[test]
fn a_fraction_is_rounded_up_but_not_by_a_rounding_error() {
    for (fraction, n, expected) in [
        (1.0, 10, 10),
        (0.1, 10, 1),
        (0.07, 100, 7),
        (0.071, 100, 8),
        (1e-9, 10, 1),
        (0.3, 10, 3),
        (0.5, 7, 4),
        (0.999, 3, 3),
        (0.5, 0, 0),
    ] {
        assert_eq!(draw::n_chosen(fraction, n), expected, "{fraction} of {n}");
    }
}

#[test]
fn a_beginning_of_the_order_is_the_order_of_a_smaller_choice() {
    let long = draw::order(chosen::UNITS, 4, 2, 1000, 600);
    for n_chosen in [0, 1, 17, 600] {
        let short = draw::order(chosen::UNITS, 4, 2, 1000, n_chosen);
        assert_eq!(short, long[..n_chosen]);
    }
    let sorted = draw::ascending(&long, 1000);
    assert!(sorted.is_sorted() && sorted.len() == 600);
    assert_ne!(long, sorted);
    for other in [
        draw::order(chosen::OUTPUTS, 4, 2, 1000, 600),
        draw::order(chosen::UNITS, 5, 2, 1000, 600),
        draw::order(chosen::UNITS, 4, 3, 1000, 600),
    ] {
        assert_ne!(other, long);
    }
}

/// Every unit is chosen equally often, within five standard deviations.
#[test]
fn choices_are_uniform() {
    let (n, n_chosen, n_seeds) = (20, 5, 4000);
    let mut counts = vec![0.0; n];
    for seed in 0..n_seeds {
        for unit in draw::order(chosen::UNITS, seed, 0, n, n_chosen) {
            counts[unit as usize] += 1.0;
        }
    }
    let share = n_chosen as f64 / n as f64;
    let expected = n_seeds as f64 * share;
    let deviation = (expected * (1.0 - share)).sqrt();
    for count in counts {
        assert!(
            (count - expected).abs() < 5.0 * deviation,
            "{count} {expected}"
        );
    }
}

#[test]
fn electrodes_stay_in_place_and_noise_does_not() {
    let network = network(Signal::Forward);
    let quiet = observer(&[condition(0.1, 0.0, 8)]);
    let [early, late] = [0, 50].map(|epoch| bits(&seen(&quiet, &network, epoch, 10)));
    assert_eq!(early, late);
    let noisy = observer(&[condition(0.1, 0.1, 8)]);
    let (early, late) = (
        seen(&noisy, &network, 0, 10),
        seen(&noisy, &network, 50, 10),
    );
    for (early, late) in early.layers.iter().zip(&late.layers) {
        for name in [
            "weight_raw_mean",
            "activation_raw_mean",
            "activity_change_raw_mean",
        ] {
            assert_ne!(early[0][column(name)], late[0][column(name)], "{name}");
        }
    }
    assert_eq!(bits(&early), bits(&seen(&noisy, &network, 0, 10)));
}

#[test]
fn noise_has_its_standard_deviation() {
    let network = network(Signal::Forward);
    let conditions = [
        condition(1.0, 0.0, 0),
        condition(1.0, 0.5, 0),
        condition(0.5, 0.5, 1),
    ];
    let found = seen(&observer(&conditions), &network, 1, 40);
    // The layers with thousands of units and weights.
    for layer in &found.layers[..3] {
        for name in ["activation_raw_var", "weight_raw_var"] {
            let [quiet, noisy, sampled] = [0, 1, 2].map(|place| layer[place][column(name)]);
            assert!(
                (noisy - quiet - 0.25).abs() < 0.03,
                "{name}: {quiet} {noisy}"
            );
            assert!(
                (sampled - quiet - 0.25).abs() < 0.05,
                "{name}: {quiet} {sampled}"
            );
        }
    }
}

#[test]
fn moments_have_generators_of_their_own() {
    let first = |layer, epoch, stimulus, purpose, seed| {
        let moment = Moment {
            layer,
            epoch,
            stimulus,
        };
        draw::normal(&mut moment.noise(purpose, seed)).to_bits()
    };
    let all = [
        first(0, 0, 0, noise::UNITS, 0),
        first(1, 0, 0, noise::UNITS, 0),
        first(0, 1, 0, noise::UNITS, 0),
        first(0, 0, 1, noise::UNITS, 0),
        first(0, 0, 0, noise::INPUTS, 0),
        first(0, 0, 0, noise::UNITS, 1),
        first(4095, (1 << 20) - 1, u32::MAX as usize, noise::UNITS, 0),
    ];
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}

/// Conditions that see the same are computed once, and each gets its own result back.
#[test]
fn conditions_share_what_they_see() {
    let conditions = [
        condition(0.5, 0.0, 2),
        condition(1.0, 0.0, 1),
        condition(1.0, 0.0, 2),
        condition(0.5, 0.1, 1),
        ObservationCondition {
            definition: Definition::Published,
            ..condition(0.5, 0.0, 2)
        },
    ];
    let views = Views::new(&conditions);
    assert_eq!((views.views.len(), views.samples.len()), (3, 2));
    assert_eq!(views.of_condition[1], views.of_condition[2]);
    assert_eq!(views.of_condition[0], views.of_condition[4]);
    let network = network(Signal::Forward);
    let together = seen(&observer(&conditions), &network, 0, 6);
    for (place, condition) in conditions.iter().enumerate() {
        let alone = seen(&observer(&[*condition]), &network, 0, 6);
        for (together, alone) in together.layers.iter().zip(&alone.layers) {
            let [together, alone] = [together[place], alone[0]].map(|all| all.map(f64::to_bits));
            assert_eq!(together, alone, "{condition:?}");
        }
    }
}
