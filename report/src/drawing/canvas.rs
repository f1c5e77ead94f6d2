//! A canvas: shapes and texts that become one SVG element.

use std::fmt::Write as _;

use maud::html;

use super::{FAMILY, TEXT_SIZE, palette};

/// A place on the canvas, from the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// An upright rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Rect {
    pub(crate) fn right(self) -> f64 {
        self.left + self.width
    }

    pub(crate) fn bottom(self) -> f64 {
        self.top + self.height
    }

    pub(crate) fn center(self) -> Point {
        Point {
            x: self.left + self.width / 2.0,
            y: self.top + self.height / 2.0,
        }
    }

    /// What is left when each side moves inwards.
    pub(crate) fn inset(self, left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self {
            left: self.left + left,
            top: self.top + top,
            width: (self.width - left - right).max(1.0),
            height: (self.height - top - bottom).max(1.0),
        }
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stroke {
    pub(crate) color: &'static str,
    pub(crate) width: f64,
    pub(crate) dashes: Option<&'static str>,
}

impl Stroke {
    pub(crate) const AXIS: Self = Self::solid(palette::INK, 0.7);
    pub(crate) const GUIDE: Self = Self::solid(palette::GUIDE, 0.6);
    /// The line of guessing.
    pub(crate) const CHANCE: Self = Self {
        color: palette::INK,
        width: 0.8,
        dashes: Some("3 2"),
    };

    pub(crate) const fn solid(color: &'static str, width: f64) -> Self {
        Self {
            color,
            width,
            dashes: None,
        }
    }
}

/// What marks a point, so that series differ by more than colour.
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
}

/// On which side of its place a text stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text whose middle height is at its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    pub(crate) content: &'a str,
    pub(crate) size: f64,
    pub(crate) anchor: Anchor,
    pub(crate) bold: bool,
    pub(crate) color: &'a str,
    /// Degrees, clockwise.
    pub(crate) rotation: f64,
}

impl<'a> Text<'a> {
    pub(crate) const fn new(content: &'a str) -> Self {
        Self {
            content,
            size: TEXT_SIZE,
            anchor: Anchor::Start,
            bold: false,
            color: palette::INK,
            rotation: 0.0,
        }
    }

    pub(crate) const fn with_size(self, size: f64) -> Self {
        Self { size, ..self }
    }

    pub(crate) const fn with_anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(crate) const fn with_color(self, color: &'a str) -> Self {
        Self { color, ..self }
    }

    pub(crate) const fn with_rotation(self, rotation: f64) -> Self {
        Self { rotation, ..self }
    }

    pub(crate) const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }
}

/// What has been drawn so far.
#[derive(Debug)]
pub(crate) struct Canvas {
    width: f64,
    height: f64,
    body: String,
}

impl Canvas {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            body: String::new(),
        }
    }

    /// The whole canvas.
    pub(crate) fn area(&self) -> Rect {
        Rect {
            left: 0.0,
            top: 0.0,
            width: self.width,
            height: self.height,
        }
    }

    pub(crate) fn rect(&mut self, rect: Rect, fill: &str) {
        self.push(format_args!(
            r#"<rect x="{:.2}" y="{:.2}" width="{:.2}" height="{:.2}" fill="{fill}"/>"#,
            rect.left,
            rect.top,
            rect.width.max(0.0),
            rect.height.max(0.0)
        ));
    }

    pub(crate) fn line(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.path(&[from, to], stroke);
    }

    pub(crate) fn path(&mut self, points: &[Point], stroke: Stroke) {
        let mut line = String::new();
        for (i, point) in points.iter().enumerate() {
            let command = if i == 0 { 'M' } else { 'L' };
            // Writing to a string cannot fail.
            let _ = write!(line, "{command}{:.2} {:.2}", point.x, point.y);
        }
        let dashes = stroke.dashes.map_or_else(String::new, |dashes| {
            format!(r#" stroke-dasharray="{dashes}""#)
        });
        self.push(format_args!(
            r#"<path d="{line}" fill="none" stroke="{}" stroke-width="{}"{dashes}/>"#,
            stroke.color, stroke.width
        ));
    }

    /// A marker with a white rim, so that markers on top of each other stay apart.
    pub(crate) fn marker(&mut self, marker: Marker, at: Point, radius: f64, fill: &str) {
        let Point { x, y } = at;
        let style = format!(r##"fill="{fill}" stroke="#FFFFFF" stroke-width="0.6""##);
        match marker {
            Marker::Circle => self.push(format_args!(
                r#"<circle cx="{x:.2}" cy="{y:.2}" r="{radius}" {style}/>"#
            )),
            Marker::Square => {
                let r = radius * 0.9;
                self.push(format_args!(
                    r#"<rect x="{:.2}" y="{:.2}" width="{:.2}" height="{:.2}" {style}/>"#,
                    x - r,
                    y - r,
                    2.0 * r,
                    2.0 * r
                ));
            }
            Marker::Triangle | Marker::Wedge => {
                let r = radius * if marker == Marker::Wedge { -1.2 } else { 1.2 };
                self.push(format_args!(
                    r#"<path d="M{x:.2} {:.2}L{:.2} {:.2}L{:.2} {:.2}Z" {style}/>"#,
                    y - r,
                    x + r * 0.95,
                    y + r * 0.7,
                    x - r * 0.95,
                    y + r * 0.7
                ));
            }
            Marker::Diamond => {
                let r = radius * 1.25;
                self.push(format_args!(
                    r#"<path d="M{x:.2} {:.2}L{:.2} {y:.2}L{x:.2} {:.2}L{:.2} {y:.2}Z" {style}/>"#,
                    y - r,
                    x + r,
                    y + r,
                    x - r
                ));
            }
        }
    }

    pub(crate) fn text(&mut self, at: Point, text: Text<'_>) {
        // Half the height of capital letters below the middle.
        let shift = text.size * 0.36;
        let anchor = match text.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let transform = (text.rotation != 0.0)
            .then(|| format!("rotate({} {:.2} {:.2})", text.rotation, at.x, at.y));
        let element = html! {
            text x=(format!("{:.2}", at.x)) y=(format!("{:.2}", at.y + shift)) font-size=(text.size)
                text-anchor=(anchor) font-weight=[text.bold.then_some("700")] fill=(text.color)
                transform=[transform] { (text.content) }
        };
        self.push(format_args!("{}", element.into_string()));
    }

    /// The SVG: `name` keeps its ids apart from those of other figures on a page.
    pub(crate) fn finish(self, name: &str, title: &str, description: &str) -> String {
        let (title_id, description_id) = (format!("{name}-title"), format!("{name}-description"));
        html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(self.width) height=(self.height)
                viewBox=(format!("0 0 {} {}", self.width, self.height)) role="img"
                aria-labelledby=(title_id) aria-describedby=(description_id)
                font-family=(format!("'{FAMILY}', Verdana, sans-serif")) {
                title id=(title_id) { (title) }
                desc id=(description_id) { (description) }
                rect width=(self.width) height=(self.height) fill="#FFFFFF" {}
                (maud::PreEscaped(self.body))
            }
        }
        .into_string()
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.body.write_fmt(element);
    }
}
