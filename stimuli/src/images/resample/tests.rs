use super::*;

fn picture(width: usize, height: usize, value: impl Fn(usize, usize) -> u8) -> Picture {
    Picture {
        width,
        height,
        pixels: (0..width * height)
            .flat_map(|place| {
                let value = value(place % width, place / width);
                [value, value / 2, 255 - value]
            })
            .collect(),
        full: 255,
    }
}

#[test]
fn the_same_size_is_the_same_picture() {
    let picture = picture(7, 7, |x, y| (x * 30 + y * 5) as u8);
    let whole = Region {
        left: 0.0,
        top: 0.0,
        width: 7.0,
        height: 7.0,
    };
    let mut values = vec![0.0; 3 * 49];
    resample(&picture, whole, 7, &mut values);
    for (place, pixel) in picture.pixels.chunks(3).enumerate() {
        for channel in 0..3 {
            assert_eq!(
                values[channel * 49 + place],
                f32::from(pixel[channel]) / 255.0
            );
        }
    }
}

#[test]
fn a_ramp_stays_a_ramp_wherever_it_is_cut() {
    let picture = picture(100, 80, |x, _| 2 * x as u8);
    for (left, width) in [(10.3, 60.0), (20.0, 8.5)] {
        let region = Region {
            left,
            top: 5.5,
            width,
            height: 50.0,
        };
        let mut values = vec![0.0; 3 * 100];
        resample(&picture, region, 10, &mut values);
        for (place, value) in values[..100].iter().enumerate() {
            let centre = left + (place % 10) as f64 * width / 10.0 + width / 20.0;
            let expected = 2.0 * (centre - 0.5) / 255.0;
            assert!(
                (f64::from(*value) - expected).abs() < 1e-3,
                "{value} {expected}"
            );
        }
    }
}

#[test]
fn making_smaller_takes_every_pixel_into_account() {
    // A fine pattern becomes its mean, where sampling would see black or white.
    let picture = picture(64, 64, |x, y| 254 * ((x + y) % 2) as u8);
    let whole = Region {
        left: 0.0,
        top: 0.0,
        width: 64.0,
        height: 64.0,
    };
    let mut values = vec![0.0; 3 * 16];
    resample(&picture, whole, 4, &mut values);
    for value in &values[..16] {
        assert!((value - 127.0 / 255.0).abs() < 2e-3, "{value}");
    }
}
