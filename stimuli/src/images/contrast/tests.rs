use engram_schemas::randomness::generator;

use super::*;

/// One pixel as three planes.
fn pixel(red: f32, green: f32, blue: f32) -> Vec<f32> {
    vec![red, green, blue]
}

fn assert_close(found: &[f32], expected: &[f32]) {
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() < 1e-5, "{found:?} is not {expected:?}");
    }
}

#[test]
fn hues_turn_around_the_circle() {
    let mut red = pixel(1.0, 0.0, 0.0);
    turn_hue(&mut red, 1.0 / 3.0);
    assert_close(&red, &[0.0, 1.0, 0.0]);
    turn_hue(&mut red, 1.0 / 3.0);
    assert_close(&red, &[0.0, 0.0, 1.0]);
    turn_hue(&mut red, 1.0 / 6.0);
    assert_close(&red, &[1.0, 0.0, 1.0]);
    // Python's colorsys: hue .2 further on.
    let mut brown = pixel(0.8, 0.5, 0.2);
    turn_hue(&mut brown, 0.2);
    assert_close(&brown, &[0.38, 0.8, 0.2]);
    let mut grey = pixel(0.3, 0.3, 0.3);
    turn_hue(&mut grey, 0.2);
    assert_close(&grey, &[0.3, 0.3, 0.3]);
}

#[test]
fn brightness_contrast_and_saturation_are_blends() {
    let mut colour = pixel(0.5, 0.2, 0.9);
    mix(&mut colour, 1.5, 0.0);
    assert_close(&colour, &[0.75, 0.3, 1.0]);
    let mut colour = pixel(0.5, 0.25, 1.0);
    let grey = 0.299 * 0.5 + 0.587 * 0.25 + 0.114;
    assert_close(&[mean_luma(&colour)], &[grey]);
    saturate(&mut colour, 0.5);
    assert_close(
        &colour,
        &[0.25 + grey / 2.0, 0.125 + grey / 2.0, 0.5 + grey / 2.0],
    );
    saturate(&mut colour, 0.0);
    assert_close(&colour, &[grey; 3]);
}

#[test]
fn blur_spreads_a_point_as_a_gaussian_and_keeps_even_surfaces() {
    let side = 40;
    let mut values = vec![0.0; 3 * side * side];
    let centre = 20 * side + 20;
    values[centre] = 1.0;
    values[side * side..].fill(0.7);
    blur(side, &mut values, 1.0);
    assert!(
        values[side * side..]
            .iter()
            .all(|value| (value - 0.7).abs() < 1e-6)
    );
    let sum: f32 = values[..side * side].iter().sum();
    assert!((sum - 1.0).abs() < 1e-5);
    // A window of five: weights exp(-d^2 / 2).
    let [one, two] = [(-0.5f32).exp(), (-2.0f32).exp()];
    let total = 1.0 + 2.0 * one + 2.0 * two;
    assert_close(
        &[
            values[centre],
            values[centre + 1],
            values[centre + 2 * side],
        ],
        &[
            1.0 / total / total,
            one / total / total,
            two / total / total,
        ],
    );
    assert_eq!(values[centre + 3], 0.0);
}

#[test]
fn views_are_varied_and_stay_within_bounds() {
    let contrast = Contrast {
        least_area: 0.08,
        strength: 1.0,
        blur: true,
    };
    let original: Vec<f32> = (0..3 * 20 * 20)
        .map(|place| (place % 97) as f32 / 96.0)
        .collect();
    let (mut n_same, mut n_grey) = (0, 0);
    for index in 0..400 {
        let mut values = original.clone();
        contrast.apply(20, &mut values, &mut generator("test", 0, index));
        assert!(
            values
                .iter()
                .all(|value| (-1e-6..=1.0 + 1e-6).contains(value))
        );
        n_same += usize::from(values == original);
        let (reds, rest) = values.split_at(400);
        n_grey += usize::from(reds.iter().zip(rest).all(|(a, b)| (a - b).abs() < 1e-6));
    }
    // Neither jitter nor grey nor blur: .2 * .8 * .5; grey: .2.
    assert!((12..=55).contains(&n_same), "{n_same}");
    assert!((50..=115).contains(&n_grey), "{n_grey}");
}
