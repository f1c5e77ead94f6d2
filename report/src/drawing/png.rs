//! From SVG to pixels, in the bundled font.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use super::font;
use crate::{Error, Result};

/// The SVG of `figure` as usvg reads it.
pub(crate) fn parse(figure: &str, svg: &str) -> Result<Tree> {
    let options = Options {
        fontdb: font::database(),
        font_family: font::FAMILY.to_owned(),
        ..Options::default()
    };
    Tree::from_str(svg, &options).map_err(|source| Error::Svg {
        figure: figure.to_owned(),
        source,
    })
}

/// The pixels of `figure`, `scale` of them a unit of the SVG.
pub(crate) fn pixels(figure: &str, svg: &str, scale: f32) -> Result<Pixmap> {
    let tree = parse(figure, svg)?;
    let size = tree.size();
    let mut pixels = Pixmap::new(
        (size.width() * scale).ceil() as u32,
        (size.height() * scale).ceil() as u32,
    )
    .ok_or_else(|| Error::Scale {
        figure: figure.to_owned(),
        scale,
    })?;
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut pixels.as_mut(),
    );
    Ok(pixels)
}

/// `figure` as a PNG file.
pub(crate) fn encode(figure: &str, svg: &str, scale: f32) -> Result<Vec<u8>> {
    pixels(figure, svg, scale)?
        .encode_png()
        .map_err(|error| Error::Png {
            figure: figure.to_owned(),
            reason: error.to_string(),
        })
}
