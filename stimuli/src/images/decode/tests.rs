use super::*;
use crate::fixtures::{jpeg, photograph, png};

fn close(picture: &Picture, place: usize, colour: [u8; 3]) {
    let found = &picture.pixels[place * 3..][..3];
    let near = found.iter().zip(colour).all(|(&a, b)| a.abs_diff(b) <= 4);
    assert!(near, "{found:?} is not {colour:?}");
}

#[test]
fn grey_cmyk_and_png_become_rgb() {
    let original = photograph(20, 10, [40, 90, 160]);
    let rgb = decode(&jpeg(&original)).unwrap();
    assert_eq!((rgb.width, rgb.height, rgb.pixels.len()), (20, 10, 600));
    close(&rgb, 0, [40, 90, 160]);

    let grey = image::DynamicImage::ImageLuma8(original.to_luma8());
    let grey = decode(&jpeg(&grey)).unwrap();
    assert_eq!(grey.pixels.len(), 600);
    assert!(
        grey.pixels
            .chunks(3)
            .all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2])
    );

    let exact = decode(&png(&original)).unwrap();
    assert_eq!(exact.pixels, original.to_rgb8().into_raw());
    let with_alpha = image::DynamicImage::ImageRgba8(original.to_rgba8());
    assert_eq!(decode(&png(&with_alpha)).unwrap(), exact);
    let deep = image::DynamicImage::ImageRgb16(original.to_rgb16());
    assert_eq!(decode(&png(&deep)).unwrap(), exact);

    let cmyk = decode(include_bytes!("../../../fixtures/cmyk.jpg")).unwrap();
    assert_eq!((cmyk.width, cmyk.height), (16, 16));
    close(&cmyk, 35, [255, 0, 0]);
}

#[test]
fn every_cut_of_a_jpeg_is_noticed() {
    let noisy = image::RgbImage::from_fn(64, 48, |x, y| {
        image::Rgb([(x * y * 7) as u8, (x * 31 + y) as u8, (y * 53) as u8])
    });
    let whole = jpeg(&image::DynamicImage::ImageRgb8(noisy));
    assert!(decode(&whole).is_ok());
    for length in 0..whole.len() {
        assert!(
            decode(&whole[..length]).is_err(),
            "{length} bytes of {} are an image",
            whole.len()
        );
    }
    let cut = decode(&whole[..whole.len() / 2]).unwrap_err();
    assert!(cut.contains("cut before its end"), "{cut}");
    // Some cameras write on after the end.
    let padded = [whole.as_slice(), &[0; 100]].concat();
    assert!(decode(&padded).is_ok());
}

#[test]
fn a_thumbnails_end_is_not_the_images() {
    let whole = jpeg(&photograph(32, 32, [1, 2, 3]));
    let thumbnail = jpeg(&photograph(8, 8, [9, 9, 9]));
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xe2];
    bytes.extend((thumbnail.len() as u16 + 2).to_be_bytes());
    bytes.extend(&thumbnail);
    bytes.extend(&whole[2..]);
    assert_eq!(decode(&bytes).unwrap().width, 32);
    assert!(
        decode(&bytes[..bytes.len() - 40])
            .unwrap_err()
            .contains("cut")
    );
}

#[test]
fn other_files_are_refused() {
    let picture = png(&photograph(32, 32, [1, 2, 3]));
    assert!(decode(&picture[..picture.len() / 2]).is_err());
    assert!(decode(b"").unwrap_err().contains("empty"));
    let text = decode(b"<html>404 not found</html>").unwrap_err();
    assert!(text.contains("neither a JPEG nor a PNG"), "{text}");
}
