//! Legends: a line above the plots, broken where it is too long, so that it never covers data.

use plotters::prelude::*;

use super::{Marker, frame};
use crate::drawing::{Area, Outcome, SMALL_TEXT_SIZE, palette, px, text, width_of};

const LINE_HEIGHT: f64 = 12.0;
const SWATCH_WIDTH: f64 = 12.0;
const SWATCH_GAP: f64 = 4.0;
const ITEM_GAP: f64 = 12.0;

/// What stands before an entry's words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Swatch {
    /// A filled square.
    Filled,
    /// A line with a marker.
    Line(Marker),
    /// A plain line.
    Plain,
    /// A dashed line.
    Dashed,
    /// Nothing: words that say what the entries differ by.
    Words,
}

/// An entry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LegendItem {
    pub(crate) label: String,
    pub(crate) color: RGBColor,
    pub(crate) swatch: Swatch,
}

/// The entries of a figure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Legend {
    pub(crate) items: Vec<LegendItem>,
}

impl Legend {
    /// Appends an entry that is not there yet.
    pub(crate) fn add(&mut self, label: impl Into<String>, color: RGBColor, swatch: Swatch) {
        let item = LegendItem {
            label: label.into(),
            color,
            swatch,
        };
        if !self.items.contains(&item) {
            self.items.push(item);
        }
    }

    /// Height in a figure of `width`.
    pub(crate) fn height(&self, width: f64) -> f64 {
        self.places(width)
            .last()
            .map_or(0.0, |(_, y)| y + LINE_HEIGHT)
    }

    /// Whether it is one line that is no longer than `width`.
    pub(crate) fn fits(&self, width: f64) -> bool {
        !self.items.is_empty() && self.height(width) <= LINE_HEIGHT
    }

    /// Draws at the top of `area`.
    pub(crate) fn draw(&self, area: &Area<'_>) -> Outcome {
        let (width, _) = frame::size_of(area);
        for (item, (x, y)) in self.items.iter().zip(self.places(width)) {
            let y = y + LINE_HEIGHT / 2.0;
            let at = |along: f64| (px(x + along), px(y));
            let ends = [at(0.0), at(SWATCH_WIDTH)];
            let line = |width| PathElement::new(ends, frame::line(item.color, width));
            match item.swatch {
                Swatch::Filled => {
                    let corners = [(px(x + 3.0), px(y - 4.0)), (px(x + 11.0), px(y + 4.0))];
                    area.draw(&Rectangle::new(corners, item.color.filled()))?;
                }
                Swatch::Line(marker) => {
                    area.draw(&line(1.4))?;
                    marker.draw(area, at(SWATCH_WIDTH / 2.0), item.color)?;
                }
                Swatch::Plain => area.draw(&line(1.0))?,
                Swatch::Dashed => {
                    for line in frame::dashed(ends[0], ends[1]) {
                        area.draw(&line)?;
                    }
                }
                Swatch::Words => {}
            }
            let style = text(SMALL_TEXT_SIZE, palette::INK);
            area.draw_text(&item.label, &style, at(before(item.swatch)))?;
        }
        Ok(())
    }

    /// Where each entry begins.
    fn places(&self, width: f64) -> Vec<(f64, f64)> {
        let (mut x, mut y) = (0.0, 0.0);
        self.items
            .iter()
            .map(|item| {
                let extent = before(item.swatch) + width_of(&item.label, SMALL_TEXT_SIZE, false);
                if x > 0.0 && x + extent > width {
                    (x, y) = (0.0, y + LINE_HEIGHT);
                }
                let place = (x, y);
                x += extent + ITEM_GAP;
                place
            })
            .collect()
    }
}

fn before(swatch: Swatch) -> f64 {
    match swatch {
        Swatch::Words => 0.0,
        _ => SWATCH_WIDTH + SWATCH_GAP,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_legend_is_broken_within_its_width() {
        let mut legend = Legend::default();
        for i in 0..8 {
            legend.add(format!("a classifier {i}"), BLACK, Swatch::Filled);
        }
        assert!(legend.height(340.0) > LINE_HEIGHT);
        assert_eq!(legend.height(3_400.0), LINE_HEIGHT);
        legend.add("a classifier 0", BLACK, Swatch::Filled);
        assert_eq!(legend.items.len(), 8);
    }
}
