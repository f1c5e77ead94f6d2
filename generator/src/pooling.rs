//! Pools of 3x3 windows at stride 2.

use tch::Tensor;

/// Maxima, with ceil(length / 2) positions: windows reach beyond the border, the odd position after.
pub(crate) fn max_pool_same(x: &Tensor) -> Tensor {
    let (padding, ceil_mode) = same(x);
    x.max_pool2d([3, 3], [2, 2], padding, [1, 1], ceil_mode)
}

/// Means over those positions of a window that lie inside the image, with ceil(length / 2) positions.
pub(crate) fn average_pool_same(x: &Tensor) -> Tensor {
    let (padding, ceil_mode) = same(x);
    x.avg_pool2d([3, 3], [2, 2], padding, ceil_mode, false, None)
}

/// Maxima of the windows that lie inside the image.
pub(crate) fn max_pool_valid(x: &Tensor) -> Tensor {
    x.max_pool2d([3, 3], [2, 2], [0, 0], [1, 1], false)
}

/// Padding and rounding by which there are ceil(length / 2) positions, with the odd padding after: an even length gets
/// one position beyond the end, an odd one gets one on either side.
fn same(x: &Tensor) -> ([i64; 2], bool) {
    let side = x.size()[3];
    if side % 2 == 0 {
        ([0, 0], true)
    } else {
        ([1, 1], false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(side: i64) -> Tensor {
        Tensor::arange(side * side, (tch::Kind::Float, tch::Device::Cpu)).view([1, 1, side, side])
    }

    #[test]
    fn pools_halve_with_the_odd_padding_after() {
        let pooled: Vec<f32> = Vec::try_from(max_pool_same(&image(4)).view([-1])).unwrap();
        assert_eq!(pooled, [10.0, 11.0, 14.0, 15.0]);
        // The last window of the second row holds 10, 11, 14, 15 and nothing beyond the border.
        let pooled: Vec<f32> = Vec::try_from(average_pool_same(&image(4)).view([-1])).unwrap();
        assert_eq!(pooled, [5.0, 6.5, 11.0, 12.5]);
        let pooled: Vec<f32> = Vec::try_from(average_pool_same(&image(3)).view([-1])).unwrap();
        assert_eq!(pooled, [2.0, 3.0, 5.0, 6.0]);
        assert_eq!(max_pool_same(&image(1)).size(), [1, 1, 1, 1]);
        let pooled: Vec<f32> = Vec::try_from(max_pool_valid(&image(6)).view([-1])).unwrap();
        assert_eq!(pooled, [14.0, 16.0, 26.0, 28.0]);
    }
}
