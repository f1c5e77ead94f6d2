//! What plots share: axes, guide lines, a title, the line of guessing, error bars.

use plotters::coord::cartesian::Cartesian2d;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::Axis;
use crate::Estimate;
use crate::drawing::{Area, Outcome, SMALL_TEXT_SIZE, TEXT_SIZE, palette, px, text};

/// Room on the left of a plot for numbers and the axis's name.
pub(super) const LEFT: f64 = 36.0;
/// Room below a plot for numbers and the axis's name.
pub(super) const BOTTOM: f64 = 29.0;
/// Room on the right of a plot for the word at the line of guessing.
pub(super) const RIGHT: f64 = 38.0;
/// From an axis to the end of a tick; plotters puts the word as far behind it.
const TICK: f64 = 3.0;

/// A chart of plotters within its axes.
pub(super) type Plot<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Axis, Axis>>;

/// Which ticks have guide lines.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Guides {
    Level,
    Upright,
    /// None, and no axes either.
    Bare,
}

/// A plot before it has marks.
pub(super) struct Frame<'f> {
    pub(super) title: Option<&'f str>,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) x_label: &'f str,
    pub(super) y_label: &'f str,
    pub(super) left: f64,
    pub(super) bottom: f64,
    pub(super) right: f64,
    pub(super) guides: Guides,
    /// Size of the words below.
    pub(super) x_text_size: f64,
}

/// Room above a plot for the end of its highest number, or for its title.
pub(super) fn top(title: Option<&str>) -> f64 {
    if title.is_some() { 18.0 } else { 8.0 }
}

/// Width and height of `area`.
pub(super) fn size_of(area: &Area<'_>) -> (f64, f64) {
    let (width, height) = area.dim_in_pixel();
    let unit = f64::from(px(1.0));
    (f64::from(width) / unit, f64::from(height) / unit)
}

impl Frame<'_> {
    /// Draws it, and gives what marks are drawn on.
    pub(super) fn draw<'a>(self, area: &Area<'a>) -> Outcome<Plot<'a>> {
        let mut plot = ChartBuilder::on(area)
            .margin_top(px(top(self.title)))
            .margin_right(px(self.right))
            .x_label_area_size(px(self.bottom))
            .y_label_area_size(px(self.left))
            .build_cartesian_2d(self.x, self.y)?;
        let axes = match self.guides {
            Guides::Bare => TRANSPARENT.into(),
            _ => line(palette::INK, 0.7),
        };
        let mut mesh = plot.configure_mesh();
        mesh.axis_style(axes)
            .bold_line_style(line(palette::GUIDE, 0.6))
            .light_line_style(TRANSPARENT)
            .set_all_tick_mark_size(px(TICK))
            .x_label_style(text(self.x_text_size, palette::INK))
            .y_label_style(text(SMALL_TEXT_SIZE, palette::INK))
            .axis_desc_style(text(TEXT_SIZE, palette::INK));
        // plotters would write a name without letters.
        if !self.x_label.is_empty() {
            mesh.x_desc(self.x_label);
        }
        if !self.y_label.is_empty() {
            mesh.y_desc(self.y_label);
        }
        if self.guides != Guides::Level {
            mesh.disable_y_mesh();
        }
        if self.guides != Guides::Upright {
            mesh.disable_x_mesh();
        }
        mesh.draw()?;
        if let Some(title) = self.title {
            let plotting = plot.plotting_area().strip_coord_spec();
            self::title(&plotting, title, size_of(&plotting).0 / 2.0, -10.0)?;
        }
        Ok(plot)
    }
}

/// A plot's title with its middle at a place of `area`.
pub(super) fn title(area: &Area<'_>, title: &str, x: f64, y: f64) -> Outcome {
    let style = bold(centered(TEXT_SIZE, palette::INK));
    area.draw_text(title, &style, (px(x), px(y)))
}

/// The same style in bold.
pub(super) fn bold(style: TextStyle<'static>) -> TextStyle<'static> {
    let font = style.font.style(FontStyle::Bold);
    TextStyle { font, ..style }
}

/// The style of a text with its middle at its place.
pub(super) fn centered(size: f64, color: RGBColor) -> TextStyle<'static> {
    text(size, color).pos(Pos::new(HPos::Center, VPos::Center))
}

/// The style of a line.
pub(super) fn line(color: RGBColor, width: f64) -> ShapeStyle {
    color.stroke_width(px(width) as u32)
}

/// A dashed line: that of guessing.
pub(super) fn dashed<C: Clone>(
    from: C,
    to: C,
) -> DashedLineSeries<std::array::IntoIter<C, 2>, i32> {
    DashedLineSeries::new([from, to], px(3.0), px(2.0), line(palette::INK, 0.8))
}

/// The dashed line of guessing, named at its right end.
pub(super) fn chance(plot: &mut Plot<'_>, accuracy: f64) -> Outcome {
    let (from, to) = (plot.x_range().start, plot.x_range().end);
    plot.draw_series(dashed((from, accuracy), (to, accuracy)))?;
    let style = text(SMALL_TEXT_SIZE, palette::MUTED);
    let word = EmptyElement::at((to, accuracy)) + Text::new("chance", (px(4.0), 0), style);
    plot.plotting_area().draw(&word)
}

/// One standard error to both sides of `estimate`, upright at `x`.
pub(super) fn upright_error(plot: &Plot<'_>, x: f64, estimate: Estimate) -> Outcome {
    let Some((low, high)) = ends(estimate) else {
        return Ok(());
    };
    let bar = ErrorBar::new_vertical(x, low, estimate.mean, high, bar_style(), CAPS);
    plot.plotting_area().draw(&bar)
}

/// One standard error to both sides of `estimate`, level at `y`.
pub(super) fn level_error(plot: &Plot<'_>, y: f64, estimate: Estimate) -> Outcome {
    let Some((low, high)) = ends(estimate) else {
        return Ok(());
    };
    let bar = ErrorBar::new_horizontal(y, low, estimate.mean, high, bar_style(), CAPS);
    plot.plotting_area().draw(&bar)
}

/// Width of an error bar's ends, and of the point that plotters puts at its middle, in pixels of plotters.
const CAPS: u32 = 24;

fn bar_style() -> ShapeStyle {
    line(palette::INK, 0.8).filled()
}

fn ends(estimate: Estimate) -> Option<(f64, f64)> {
    let error = estimate.standard_error?;
    Some((estimate.mean - error, estimate.mean + error))
}
