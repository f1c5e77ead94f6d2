use engram_schemas::randomness::generator;

use super::*;

#[test]
fn the_middle_is_224_of_256() {
    let region = validation([500, 375]);
    let expected = Region {
        left: 250.0 - 375.0 * 0.4375,
        top: 375.0 * 0.0625,
        width: 375.0 * 0.875,
        height: 375.0 * 0.875,
    };
    assert_eq!(region, expected);
    let all = whole([8, 8]);
    assert_eq!(
        (all.left, all.top, all.width, all.height),
        (0.0, 0.0, 8.0, 8.0)
    );
}

#[test]
fn random_regions_lie_within_and_reach_their_bounds() {
    let size = [500, 375];
    let random = &mut generator("test", 0, 0);
    let inside = |region: Region| {
        region.left >= 0.0
            && region.top >= 0.0
            && region.left + region.width <= 500.0 + 1e-9
            && region.top + region.height <= 375.0 + 1e-9
    };
    let mut sides = Vec::new();
    let mut areas = Vec::new();
    for _ in 0..2000 {
        let region = random_scale(size, random);
        assert!(inside(region) && region.width == region.height);
        sides.push(region.width);
        let region = random_area(size, 0.08, random);
        assert!(inside(region));
        let ratio = region.width / region.height;
        assert!((0.749..1.334).contains(&ratio), "{ratio}");
        areas.push(region.width * region.height / (500.0 * 375.0));
    }
    let bounds = |values: &[f64]| {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        (least, values.iter().copied().fold(0.0, f64::max))
    };
    let (least, largest) = bounds(&sides);
    assert!((175.0..176.0).contains(&least), "{least}");
    assert!((327.0..328.2).contains(&largest), "{largest}");
    let (least, largest) = bounds(&areas);
    assert!((0.08..0.09).contains(&least), "{least}");
    assert!((0.9..=1.0).contains(&largest), "{largest}");
}

#[test]
fn a_picture_that_no_shape_fits_is_cut_in_the_middle() {
    let random = &mut generator("test", 0, 1);
    let region = random_area([1000, 10], 0.9, random);
    assert_eq!(
        (region.left, region.width, region.height),
        (495.0, 10.0, 10.0)
    );
}
