//! A decoded picture.

/// Red, green and blue of every pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    /// In pixels.
    pub(crate) width: usize,
    /// In pixels.
    pub(crate) height: usize,
    /// `[height, width, 3]`, from 0 to `full`.
    pub(crate) pixels: Vec<u8>,
    /// The value of full intensity.
    pub(crate) full: u8,
}
