//! The study's figures, each drawn from rows of the table `results`.
//!
//! A figure is a file of this folder and a line of [`ALL`]. Those that differ in the measure or the classifier share the file
//! that draws them (`by_measure`, `held_out`, `confusion`, `importances`, `samples`, `portions`). A figure whose
//! rows are not there says which are missing; one with some of its rows shows those.

mod by_measure;
mod confusion;
mod design;
mod figure_2a;
mod figure_2b;
mod figure_2c;
mod figure_3;
mod figure_4a;
mod figure_4b;
mod figure_5;
mod figure_leakage;
mod figure_s1;
mod figure_s2a;
mod figure_s2b;
mod figure_s3;
mod figure_s4;
mod figure_s5;
mod figure_s6;
mod figure_s7;
mod figure_s8;
mod held_out;
mod importances;
mod portions;
mod samples;
mod sheet;

pub use design::FIGURE as DESIGN;

use crate::{Missing, Result, Results, drawing};

/// A drawn figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name, as in [`ALL`]; a good name for a file.
    pub name: String,
    /// What it shows, in a line.
    pub title: String,
    /// What stands below it: what marks mean, and over how many splits.
    pub caption: String,
    /// Its numbers in words, for those who cannot see it.
    pub description: String,
    /// Its width in units of the SVG; a column has 340, a page 700.
    pub width: f64,
    /// The drawing, one SVG element. Its ids begin with the figure's name.
    pub svg: String,
}

impl Figure {
    /// The drawing as a PNG file, `scale` pixels a unit: see [`Figure::width`].
    ///
    /// # Errors
    /// [`Error::Scale`](crate::Error::Scale) when nothing is left at this scale, [`Error::Png`](crate::Error::Png) when it
    /// cannot be encoded.
    pub fn png(&self, scale: f32) -> Result<Vec<u8>> {
        drawing::encode(&self.name, &self.svg, scale)
    }
}

/// Which grid of hyperparameters the results come from; a reduced one is noted in every figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grid {
    /// The study's.
    #[default]
    Full,
    /// The study's, and a smaller one for the Conv1D MLP.
    FullButConv1d,
    /// A smaller one.
    Reduced,
}

impl Grid {
    /// What is less than the study's, in a sentence.
    pub(crate) fn in_words(self) -> Option<&'static str> {
        match self {
            Self::Full => None,
            Self::FullButConv1d => {
                Some("The study's grid of hyperparameters, for the Conv1D MLP a few points of it.")
            }
            Self::Reduced => Some("Reduced grid: fewer hyperparameters than in the study."),
        }
    }
}

/// A figure that can be drawn.
#[derive(Clone, Copy, Debug)]
pub struct FigureKind {
    /// Its name.
    pub name: &'static str,
    /// What it shows, in a line.
    pub title: &'static str,
    draw: fn(&FigureKind, &Results<'_>, Grid) -> std::result::Result<Figure, Missing>,
}

impl FigureKind {
    /// Draws the figure.
    ///
    /// # Errors
    /// [`Missing`] names the rows without which nothing can be drawn.
    pub fn draw(&self, results: &Results<'_>, grid: Grid) -> std::result::Result<Figure, Missing> {
        (self.draw)(self, results, grid)
    }
}

/// Every figure, in the order of the page.
pub const ALL: &[FigureKind] = &[
    figure_2a::FIGURE,
    figure_leakage::FIGURE,
    figure_2b::FIGURE,
    figure_2c::FIGURE,
    figure_3::FIGURE,
    figure_4a::FIGURE,
    figure_4b::FIGURE,
    figure_5::FIGURE,
    figure_s1::FIGURE,
    figure_s2a::FIGURE,
    figure_s2b::FIGURE,
    figure_s3::FIGURE,
    figure_s4::FIGURE,
    figure_s5::FIGURE,
    figure_s6::FIGURE,
    figure_s7::FIGURE,
    figure_s8::FIGURE,
];

/// The figure of this name.
pub fn find(name: &str) -> Option<&'static FigureKind> {
    ALL.iter().find(|kind| kind.name == name)
}

#[cfg(test)]
mod tests;
