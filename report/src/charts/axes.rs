//! Axes, guide lines and the line of guessing.

use crate::Estimate;
use crate::drawing::{
    Anchor, Canvas, Point, Rect, SMALL_TEXT_SIZE, Scale, Stroke, Text, is_power, number, palette,
    power, width_of,
};

const TICK_LENGTH: f64 = 3.0;
/// Between a tick and its number.
const TICK_GAP: f64 = 3.0;
/// Room on the left of a plot for numbers and the axis's name.
pub(super) const LEFT: f64 = 40.0;
/// Room below a plot for numbers and the axis's name.
pub(super) const BOTTOM: f64 = 31.0;
/// The same where there are no numbers.
pub(super) const BOTTOM_OF_NAMES: f64 = 27.0;
/// Room above a plot for the end of its highest number, or for its title.
pub(super) const TOP: f64 = 8.0;
pub(super) const TITLE: f64 = 18.0;
/// Room on the right of a plot for the word at the line of guessing.
pub(super) const RIGHT: f64 = 38.0;

/// The vertical axis on the left of `plot`, with guide lines across.
pub(super) fn vertical(canvas: &mut Canvas, plot: Rect, scale: Scale, label: &str) {
    for tick in scale.ticks(4) {
        let y = scale.at(tick);
        let at = |x| Point { x, y };
        canvas.line(at(plot.left), at(plot.right()), Stroke::GUIDE);
        canvas.line(at(plot.left - TICK_LENGTH), at(plot.left), Stroke::AXIS);
        let content = number(tick);
        let text = Text::new(&content)
            .with_size(SMALL_TEXT_SIZE)
            .with_anchor(Anchor::End);
        canvas.text(at(plot.left - TICK_LENGTH - TICK_GAP), text);
    }
    let corner = |y| Point { x: plot.left, y };
    canvas.line(corner(plot.top), corner(plot.bottom()), Stroke::AXIS);
    let text = Text::new(label)
        .with_anchor(Anchor::Middle)
        .with_rotation(-90.0);
    canvas.text(
        Point {
            x: plot.left - LEFT + 8.0,
            y: plot.center().y,
        },
        text,
    );
}

/// The horizontal axis below `plot`, with numbers at `ticks`.
pub(super) fn horizontal(
    canvas: &mut Canvas,
    plot: Rect,
    scale: Scale,
    ticks: &[f64],
    label: &str,
) {
    let powers = scale.is_logarithmic() && ticks.iter().all(|tick| is_power(*tick));
    let mut free_from = f64::NEG_INFINITY;
    for &tick in ticks {
        let x = scale.at(tick);
        let at = |y| Point { x, y };
        canvas.line(
            at(plot.bottom()),
            at(plot.bottom() + TICK_LENGTH),
            Stroke::AXIS,
        );
        let content = if powers { power(tick) } else { number(tick) };
        let half = width_of(&content, SMALL_TEXT_SIZE, false) / 2.0;
        // A number that would touch the one before is left out; its tick stays.
        if x - half >= free_from {
            let text = Text::new(&content)
                .with_size(SMALL_TEXT_SIZE)
                .with_anchor(Anchor::Middle);
            canvas.text(
                at(plot.bottom() + TICK_LENGTH + TICK_GAP + SMALL_TEXT_SIZE / 2.0),
                text,
            );
            free_from = x + half + 3.0;
        }
    }
    baseline(canvas, plot);
    below(canvas, plot, BOTTOM, label);
}

/// The line below `plot`.
pub(super) fn baseline(canvas: &mut Canvas, plot: Rect) {
    let at = |x| Point {
        x,
        y: plot.bottom(),
    };
    canvas.line(at(plot.left), at(plot.right()), Stroke::AXIS);
}

/// The name of what runs from left to right.
pub(super) fn below(canvas: &mut Canvas, plot: Rect, room: f64, label: &str) {
    let text = Text::new(label).with_anchor(Anchor::Middle);
    canvas.text(
        Point {
            x: plot.center().x,
            y: plot.bottom() + room - 6.0,
        },
        text,
    );
}

/// The title above `plot`.
pub(super) fn title(canvas: &mut Canvas, plot: Rect, title: &str) {
    let text = Text::new(title).with_anchor(Anchor::Middle).bold();
    canvas.text(
        Point {
            x: plot.center().x,
            y: plot.top - 10.0,
        },
        text,
    );
}

/// The dashed line of guessing, named at its right end.
pub(super) fn chance(canvas: &mut Canvas, plot: Rect, y: f64) {
    canvas.line(
        Point { x: plot.left, y },
        Point { x: plot.right(), y },
        Stroke::CHANCE,
    );
    let text = Text::new("chance")
        .with_size(SMALL_TEXT_SIZE)
        .with_color(palette::MUTED);
    canvas.text(
        Point {
            x: plot.right() + 4.0,
            y,
        },
        text,
    );
}

/// One standard error to both sides, upright at `x`.
pub(super) fn upright_error(canvas: &mut Canvas, x: f64, estimate: Estimate, scale: Scale) {
    const CAP: f64 = 1.8;
    let Some(error) = estimate.standard_error else {
        return;
    };
    let (low, high) = (
        scale.at(estimate.mean - error),
        scale.at(estimate.mean + error),
    );
    let stroke = Stroke::solid(palette::INK, 0.8);
    canvas.line(Point { x, y: low }, Point { x, y: high }, stroke);
    for y in [low, high] {
        canvas.line(Point { x: x - CAP, y }, Point { x: x + CAP, y }, stroke);
    }
}

/// One standard error to both sides, level at `y`.
pub(super) fn level_error(canvas: &mut Canvas, y: f64, estimate: Estimate, scale: Scale) {
    const CAP: f64 = 1.8;
    let Some(error) = estimate.standard_error else {
        return;
    };
    let (low, high) = (
        scale.at(estimate.mean - error),
        scale.at(estimate.mean + error),
    );
    let stroke = Stroke::solid(palette::INK, 0.8);
    canvas.line(Point { x: low, y }, Point { x: high, y }, stroke);
    for x in [low, high] {
        canvas.line(Point { x, y: y - CAP }, Point { x, y: y + CAP }, stroke);
    }
}
