//! From the bytes of a JPEG or PNG file to a picture.

use std::io::Cursor;

use image::{ImageReader, Limits};

use super::Picture;

/// Longest side that is decoded: more than any photograph has, and less than what a broken header can claim.
const LONGEST_SIDE: u32 = 20_000;

/// Decodes a JPEG or PNG file, whatever its name says. Grey, CMYK and paletted pictures become RGB, transparency is
/// dropped, and 16 bits become 8. The orientation that a camera noted is not applied, as it is not in the usual
/// pipelines.
///
/// # Errors
/// What is wrong with the file, in words. A JPEG that was cut is an error here, although decoders fill the missing part
/// with grey.
pub(crate) fn decode(bytes: &[u8]) -> Result<Picture, String> {
    if bytes.is_empty() {
        return Err("it is empty".to_owned());
    }
    if bytes.starts_with(&[0xff, 0xd8]) && !jpeg_has_its_end(bytes) {
        return Err("it is a JPEG image that was cut before its end".to_owned());
    }
    let mut reader = ImageReader::new(Cursor::new(bytes));
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    reader.limits(limits);
    let reader = reader
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    if reader.format().is_none() {
        return Err("it is neither a JPEG nor a PNG image".to_owned());
    }
    let picture = reader
        .decode()
        .map_err(|error| format!("it cannot be decoded: {error}"))?
        .into_rgb8();
    Ok(Picture {
        width: picture.width() as usize,
        height: picture.height() as usize,
        pixels: picture.into_raw(),
        full: u8::MAX,
    })
}

/// Whether the marker that ends an image follows its data. Segments before the data are stepped over by their lengths,
/// because a thumbnail inside one has an end of its own; what follows the end does not matter.
fn jpeg_has_its_end(bytes: &[u8]) -> bool {
    let mut place = 2;
    let mut in_data = false;
    loop {
        if in_data {
            // In the data, 0xff is followed by 0, or by the number of a restart, or is a marker.
            let Some(step) = bytes[place..].iter().position(|&byte| byte == 0xff) else {
                return false;
            };
            place += step;
        }
        // Any number of 0xff may come before a marker.
        let Some(&[first, marker]) = bytes.get(place..place + 2).and_then(|two| two.as_array())
        else {
            return false;
        };
        if first != 0xff || marker == 0xff {
            place += 1;
            continue;
        }
        place += 2;
        match marker {
            0xd9 => return true,
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            _ => {
                let Some(length) = bytes.get(place..place + 2) else {
                    return false;
                };
                place += usize::from(u16::from_be_bytes([length[0], length[1]]));
                in_data = marker == 0xda;
            }
        }
        if place >= bytes.len() {
            return false;
        }
    }
}

#[cfg(test)]
mod tests;
