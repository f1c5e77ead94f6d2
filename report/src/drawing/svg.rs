//! An SVG element from a drawing of plotters.

use maud::html;
use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::*;

use super::{SMALL_TEXT_SIZE, palette, text};

/// A part of a figure.
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Whether something could be drawn.
pub(crate) type Outcome<T = ()> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

/// Pixels of plotters a unit.
const UNIT: f64 = 10.0;

/// Pixels of plotters in `units`.
pub(crate) fn px(units: f64) -> i32 {
    (units * UNIT).round() as i32
}

/// The SVG of what `draw` draws: `name` keeps its ids apart from those of other figures on a page.
pub(crate) fn svg(
    name: &str,
    title: &str,
    description: &str,
    (width, height): (f64, f64),
    draw: impl FnOnce(&Area<'_>) -> Outcome,
) -> String {
    let size = (px(width), px(height));
    let mut drawn = String::new();
    {
        let area =
            SVGBackend::with_string(&mut drawn, (size.0 as u32, size.1 as u32)).into_drawing_area();
        let outcome = area
            .fill(&WHITE)
            .and_then(|()| draw(&area))
            .and_then(|()| area.present());
        // A string takes whatever is written to it, so that nobody should ever read this.
        if let Err(error) = outcome {
            let style = text(SMALL_TEXT_SIZE, palette::INK);
            let _ = area.draw_text(&format!("not drawn: {error}"), &style, (0, size.1 / 2));
        }
    }
    // plotters' own root has no words for those who do not see it, and is ten times as large.
    let body = drawn
        .split_once('>')
        .and_then(|(_, rest)| rest.rsplit_once("</svg>"))
        .map_or("", |(body, _)| body.trim());
    // plotters puts the middle of small letters at a text's place; this puts that of digits and capitals there.
    let body = body.replace(r#"dy="0.5ex""#, r#"dy="0.36em""#);
    let (title_id, description_id) = (format!("{name}-title"), format!("{name}-description"));
    html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height)
            viewBox=(format!("0 0 {} {}", size.0, size.1)) role="img"
            aria-labelledby=(title_id) aria-describedby=(description_id) {
            title id=(title_id) { (title) }
            desc id=(description_id) { (description) }
            (maud::PreEscaped(body))
        }
    }
    .into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_an_element_of_its_size_with_words() {
        let draw =
            |area: &Area<'_>| area.draw_text("a < b", &text(8.0, palette::INK), (px(1.5), px(2.0)));
        let svg = svg("name", "title", "description", (20.0, 10.5), draw);
        for part in [
            r#"width="20" height="10.5" viewBox="0 0 200 105""#,
            r#"<title id="name-title">title</title>"#,
            r#"<desc id="name-description">description</desc>"#,
            r#"<text x="15" y="20""#,
            "a &lt; b",
        ] {
            assert!(svg.contains(part), "{part} is not in {svg}");
        }
        assert_eq!(
            (svg.matches("<svg").count(), svg.matches("</svg>").count()),
            (1, 1)
        );
    }

    #[test]
    fn what_cannot_be_drawn_is_said() {
        let svg = svg("name", "title", "description", (20.0, 10.0), |_| {
            Err(DrawingAreaErrorKind::LayoutError)
        });
        assert!(svg.contains("not drawn"), "{svg}");
    }
}
