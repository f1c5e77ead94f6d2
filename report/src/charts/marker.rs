//! What marks a point, so that series differ by more than colour.

use plotters::prelude::*;

use crate::drawing::{Outcome, px};

/// A marker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Wedge,
}

impl Marker {
    /// The marker of the series at `index`.
    pub(crate) fn of_series(index: usize) -> Self {
        [
            Self::Circle,
            Self::Square,
            Self::Triangle,
            Self::Diamond,
            Self::Wedge,
        ][index % 5]
    }

    /// Draws it at a place, with a white rim behind it, so that markers on top of each other stay apart.
    pub(super) fn draw<C: CoordTranslate>(
        self,
        area: &DrawingArea<SVGBackend<'_>, C>,
        place: C::From,
        color: RGBColor,
    ) -> Outcome
    where
        C::From: Clone,
    {
        for (radius, color) in [(3.2, WHITE), (2.5, color)] {
            let style = color.filled();
            let r = px(radius);
            let place = EmptyElement::at(place.clone());
            match self {
                Self::Circle => area.draw(&(place + Circle::new((0, 0), r, style)))?,
                Self::Square => {
                    let r = px(radius * 0.9);
                    area.draw(&(place + Rectangle::new([(-r, -r), (r, r)], style)))?;
                }
                Self::Triangle => {
                    let r = px(radius * 1.3);
                    area.draw(&(place + TriangleMarker::new((0, 0), r, style)))?;
                }
                Self::Diamond => {
                    let r = px(radius * 1.25);
                    let corners = [(0, -r), (r, 0), (0, r), (-r, 0)];
                    area.draw(&(place + Polygon::new(corners, style)))?;
                }
                Self::Wedge => {
                    let corners = [(-r, -r), (r, -r), (0, r)];
                    area.draw(&(place + Polygon::new(corners, style)))?;
                }
            }
        }
        Ok(())
    }
}
