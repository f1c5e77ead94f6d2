//! The figures, and those that could not be drawn.

use maud::{Markup, PreEscaped, html};

use crate::drawing::COLUMN;
use crate::figures::{self, Figure};
use crate::{Grid, Results};

pub(super) fn section(results: &Results<'_>, grid: Grid) -> Markup {
    let drawn: Vec<_> = figures::ALL
        .iter()
        .map(|kind| (kind, kind.draw(results, grid)))
        .collect();
    html! {
        div.figures { @for figure in drawn.iter().filter_map(|(_, drawn)| drawn.as_ref().ok()) { (card(figure)) } }
        @if drawn.iter().any(|(_, drawn)| drawn.is_err()) {
            h3 { "Figures that lack rows" }
            ul.lacking {
                @for (kind, drawn) in &drawn {
                    @if let Err(missing) = drawn { li { (kind.title) " — there are no rows of " (missing) } }
                }
            }
        }
    }
}

fn card(figure: &Figure) -> Markup {
    // What is wider than a column would be too small to read beside another, or on a phone: there it scrolls.
    let wide = figure.width > COLUMN;
    let style = format!(
        "min-width:{0}px;max-width:{1}px",
        figure.width,
        figure.width * 1.6
    );
    let style = if wide {
        style
    } else {
        format!("max-width:{}px", figure.width * 1.6)
    };
    html! {
        figure id=(figure.name) class=[wide.then_some("wide")] {
            h3 { (figure.title) }
            div.card tabindex=[wide.then_some("0")] role=[wide.then_some("region")]
                aria-label=[wide.then_some(&figure.title)] {
                div style=(format!("{style};margin:0 auto")) { (PreEscaped(&figure.svg)) }
            }
            figcaption {
                p { (figure.caption) }
                details { summary { "Numbers" } p { (figure.description) } }
            }
        }
    }
}
