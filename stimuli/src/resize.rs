//! Images of another size, by linear interpolation.

/// `image` `[height, width]` brought to another size, pixels being areas: the centre of an output pixel falls where it
/// does in the input, and lies between the centres of the nearest input pixels. Enlarging only smooths; a much smaller
/// image leaves pixels out, as a bilinear resize without antialiasing does.
pub(crate) fn bilinear(image: &[f32], from: [usize; 2], to: [usize; 2]) -> Vec<f32> {
    if from == to {
        return image.to_vec();
    }
    let places = |from: usize, to: usize| -> Vec<(usize, usize, f32)> {
        (0..to)
            .map(|place| {
                let centre = (place as f32 + 0.5) * from as f32 / to as f32 - 0.5;
                let centre = centre.clamp(0.0, (from - 1) as f32);
                let before = centre as usize;
                (before, (before + 1).min(from - 1), centre - before as f32)
            })
            .collect()
    };
    let (rows, columns) = (places(from[0], to[0]), places(from[1], to[1]));
    let mut resized = Vec::with_capacity(to[0] * to[1]);
    for &(above, below, down) in &rows {
        let row = |row: usize| &image[row * from[1]..(row + 1) * from[1]];
        let (above, below) = (row(above), row(below));
        resized.extend(columns.iter().map(|&(left, right, along)| {
            let upper = above[left] + (above[right] - above[left]) * along;
            let lower = below[left] + (below[right] - below[left]) * along;
            upper + (lower - upper) * down
        }));
    }
    resized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centres_stay_where_they_are() {
        let image = [0.0, 4.0, 8.0, 12.0];
        assert_eq!(bilinear(&image, [2, 2], [2, 2]), image);
        assert_eq!(bilinear(&image, [2, 2], [1, 1]), [6.0]);
        assert_eq!(bilinear(&[0.0, 4.0], [1, 2], [1, 4]), [0.0, 1.0, 3.0, 4.0]);
    }
}
