//! The minimum of a convex function along a line.

/// Most evaluations, each of which shrinks the bracket or lands on the minimum.
const MAX_EVALUATIONS: usize = 100;

/// How far to go from zero to where the slope is `tolerance` of what it is at zero, or as near to that as rounding allows.
/// `slope_and_curvature` at a distance are those of a convex function that falls at zero. Newton's method within a bracket.
pub(super) fn distance_to_minimum(
    tolerance: f64,
    slope_and_curvature: impl Fn(f64) -> (f64, f64),
) -> f64 {
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut distance = 1.0;
    let (slope_at_zero, _) = slope_and_curvature(0.0);
    for _ in 0..MAX_EVALUATIONS {
        let (slope, curvature) = slope_and_curvature(distance);
        if slope.abs() <= tolerance * slope_at_zero.abs() {
            break;
        }
        if slope > 0.0 {
            high = distance;
        } else {
            low = distance;
        }
        let mut next = distance - slope / curvature;
        if !(low < next && next < high) {
            next = if high.is_finite() {
                0.5 * (low + high)
            } else {
                2.0 * distance
            };
        }
        if next == distance || next == low || next == high {
            break;
        }
        distance = next;
    }
    distance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_minimum_of_parabolas_and_of_what_newtons_method_alone_overshoots() {
        for minimum in [1e-3, 1.0, 700.0] {
            let parabola = |at: f64| (at - minimum, 1.0);
            assert!((distance_to_minimum(1e-13, parabola) - minimum).abs() < 1e-9);
            // The square root of 1 + (x - minimum)^2: flat far away.
            let flat = |at: f64| {
                let root = (1.0 + (at - minimum).powi(2)).sqrt();
                ((at - minimum) / root, root.powi(-3))
            };
            assert!((distance_to_minimum(1e-13, flat) - minimum).abs() < 1e-9);
        }
    }
}
