//! The bundled font: the letters that figures need of DejaVu Sans, regular and bold.
//!
//! Without it a text would be as wide as whatever font a reader's machine has, and would be missing from a PNG.

use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, RGBColor, TextStyle};
use resvg::usvg::fontdb::Database;
use skrifa::MetadataProvider as _;
use skrifa::instance::{LocationRef, Size};

use super::px;

/// The font's name.
pub(super) const FAMILY: &str = "DejaVu Sans";

/// The font, and what stands in for it where a drawing is without its page.
const FAMILIES: &str = "DejaVu Sans, Verdana, sans-serif";

const REGULAR: &[u8] = include_bytes!("../../fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/DejaVuSans-Bold.ttf");

/// Width of a letter that the font lacks, in shares of the size.
const UNKNOWN_WIDTH: f64 = 0.6;

/// The font for those who turn SVG into pixels.
pub(super) fn database() -> Arc<Database> {
    static DATABASE: LazyLock<Arc<Database>> = LazyLock::new(|| {
        let mut database = Database::new();
        database.load_font_data(REGULAR.to_vec());
        database.load_font_data(BOLD.to_vec());
        database.set_sans_serif_family(FAMILY);
        Arc::new(database)
    });
    Arc::clone(&DATABASE)
}

/// Style rules that give a page the font.
pub(crate) fn faces_css() -> String {
    [(REGULAR, "400"), (BOLD, "700")]
        .map(|(data, weight)| {
            format!(
                "@font-face{{font-family:'{FAMILY}';font-weight:{weight};src:url(data:font/ttf;base64,{}) format('truetype')}}",
                STANDARD.encode(data)
            )
        })
        .concat()
}

/// The style of a text from its place to the right, its middle height at its place.
pub(crate) fn text(size: f64, color: RGBColor) -> TextStyle<'static> {
    // plotters' size is that of a line; it divides by this for the size of the letters.
    const LINE: f64 = 1.24;
    let family = FontFamily::Name(FAMILIES);
    FontDesc::new(family, f64::from(px(size)) * LINE, FontStyle::Normal)
        .color(&color)
        .pos(Pos::new(HPos::Left, VPos::Center))
}

/// Width of `content` at `size`.
pub(crate) fn width_of(content: &str, size: f64, bold: bool) -> f64 {
    let data = if bold { BOLD } else { REGULAR };
    let Ok(font) = skrifa::FontRef::new(data) else {
        return content.chars().count() as f64 * UNKNOWN_WIDTH * size;
    };
    let letters = font.charmap();
    let metrics = font.glyph_metrics(Size::new(size as f32), LocationRef::default());
    content
        .chars()
        .map(|letter| {
            letters
                .map(letter)
                .and_then(|glyph| metrics.advance_width(glyph))
                .map_or(UNKNOWN_WIDTH * size, f64::from)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_wide_as_its_letters() {
        let wide = width_of("MMMM", 10.0, false);
        let narrow = width_of("iiii", 10.0, false);
        assert!((wide - 34.5).abs() < 0.1, "{wide}");
        assert!((narrow - 11.1).abs() < 0.1, "{narrow}");
        assert!(width_of("MMMM", 10.0, true) > wide);
    }

    #[test]
    fn the_font_has_every_letter_that_figures_use() {
        let font = skrifa::FontRef::new(REGULAR).unwrap();
        for letter in "abcXYZ 0123456789%±–—−×·≤≥≈.,;:()[]|'’/→²⁰¹³⁴⁵⁶⁷⁸⁹⁻".chars()
        {
            assert!(font.charmap().map(letter).is_some(), "{letter}");
        }
    }
}
