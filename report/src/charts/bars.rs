//! Grouped bars: an estimate for each of a few things in each of a few groups.

use super::axes;
use crate::Estimate;
use crate::drawing::{Anchor, Canvas, Point, Rect, SMALL_TEXT_SIZE, Scale, Text, width_of};

/// A bar.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) color: &'static str,
    pub(crate) estimate: Estimate,
}

/// Bars beside each other, with a name below.
#[derive(Clone, Debug)]
pub(crate) struct BarGroup {
    pub(crate) label: String,
    pub(crate) bars: Vec<Bar>,
}

/// The chart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bars<'a> {
    pub(crate) title: Option<&'a str>,
    pub(crate) groups: &'a [BarGroup],
    pub(crate) y_label: &'a str,
    pub(crate) chance: Option<f64>,
}

impl Bars<'_> {
    /// Draws into `area`, from 0 to 1.
    pub(crate) fn draw(&self, canvas: &mut Canvas, area: Rect) {
        const GROUP_GAP: f64 = 1.0;
        let top = if self.title.is_some() {
            axes::TITLE
        } else {
            axes::TOP
        };
        let plot = area.inset(axes::LEFT, top, axes::RIGHT, 22.0);
        let scale = Scale::linear((0.0, 1.0), (plot.bottom(), plot.top));
        axes::vertical(canvas, plot, scale, self.y_label);
        if let Some(title) = self.title {
            axes::title(canvas, plot, title);
        }
        let n_bars: usize = self.groups.iter().map(|group| group.bars.len()).sum();
        let n_slots = n_bars as f64 + GROUP_GAP * self.groups.len() as f64;
        let slot = plot.width / n_slots.max(1.0);
        let mut left = plot.left + slot * GROUP_GAP / 2.0;
        for group in self.groups {
            let extent = slot * group.bars.len() as f64;
            for (i, bar) in group.bars.iter().enumerate() {
                let top = scale.at(bar.estimate.mean);
                let bar_left = left + slot * i as f64;
                let rect = Rect {
                    left: bar_left + slot * 0.06,
                    top,
                    width: slot * 0.88,
                    height: plot.bottom() - top,
                };
                canvas.rect(rect, bar.color);
                axes::upright_error(canvas, bar_left + slot / 2.0, bar.estimate, scale);
            }
            let at = Point {
                x: left + extent / 2.0,
                y: plot.bottom() + 11.0,
            };
            let room = extent + slot * GROUP_GAP - 4.0;
            let width = width_of(&group.label, SMALL_TEXT_SIZE, false);
            let size = SMALL_TEXT_SIZE * (room / width).clamp(0.75, 1.0);
            canvas.text(
                at,
                Text::new(&group.label)
                    .with_size(size)
                    .with_anchor(Anchor::Middle),
            );
            left += extent + slot * GROUP_GAP;
        }
        axes::baseline(canvas, plot);
        if let Some(chance) = self.chance {
            axes::chance(canvas, plot, scale.at(chance));
        }
    }
}
