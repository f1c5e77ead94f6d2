//! What can go wrong. Rows that a figure or a claim lacks are no errors, see [`Missing`](crate::Missing).

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A row's parameters are no JSON object.
    #[error(
        "the parameters of a row of experiment `{experiment}` are no JSON object: {parameters}"
    )]
    Parameters {
        /// The row's experiment.
        experiment: String,
        /// The text found.
        parameters: String,
    },
    /// A figure's SVG cannot be read back.
    #[error("figure {figure} cannot be read as SVG")]
    Svg {
        /// The figure's name.
        figure: String,
        /// Why.
        source: resvg::usvg::Error,
    },
    /// A figure has no size in pixels at this scale.
    #[error("figure {figure} cannot be drawn at {scale} pixels a unit")]
    Scale {
        /// The figure's name.
        figure: String,
        /// Pixels a unit of the SVG.
        scale: f32,
    },
    /// A figure cannot be encoded.
    #[error("figure {figure} cannot be encoded as PNG: {reason}")]
    Png {
        /// The figure's name.
        figure: String,
        /// The encoder's words.
        reason: String,
    },
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
